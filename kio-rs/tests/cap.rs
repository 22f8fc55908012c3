//! A worker has no more connections than it may, and serves the others later.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::cell::Cell;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener as StdListener, TcpStream as StdStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use kio_rs::{Config, Error, Ops, Runtime, TcpListener, is_stopping, spawn_local, timeout};
use support::{assert_echo, configurations, connect, echo, start};

const CAP: usize = 4;

fn capped() -> impl Iterator<Item = Config> {
    configurations().into_iter().map(|config| Config {
        max_connections: Some(CAP as u32),
        ..config
    })
}

/// An echo server with as many listeners on its one worker, and the most connections it ever had.
fn start_counting(
    config: &Config,
    listeners: usize,
) -> (Runtime, Vec<StdListener>, Arc<AtomicUsize>) {
    let sockets: Vec<_> = (0..listeners)
        .map(|_| StdListener::bind("127.0.0.1:0").unwrap())
        .collect();
    let most = Arc::new(AtomicUsize::new(0));
    let clones: Vec<_> = sockets.iter().map(|s| s.try_clone().unwrap()).collect();
    let (most_of_worker, clones) = (Arc::clone(&most), Arc::new(clones));
    let runtime = Runtime::start(config, 1, move |_, _| {
        let (most, clones) = (Arc::clone(&most_of_worker), Arc::clone(&clones));
        async move {
            let open = Rc::new(Cell::new(0));
            for socket in clones.iter() {
                let mut listener = TcpListener::from_std(socket.try_clone().unwrap()).unwrap();
                let (open, most) = (Rc::clone(&open), Arc::clone(&most));
                spawn_local(async move {
                    while let Ok(stream) = listener.accept().await {
                        open.set(open.get() + 1);
                        most.fetch_max(open.get(), Ordering::Relaxed);
                        let open = Rc::clone(&open);
                        spawn_local(async move {
                            echo(stream).await;
                            open.set(open.get() - 1);
                        });
                    }
                });
            }
        }
    });
    (runtime.unwrap(), sockets, most)
}

/// True when the server has answered within a moment.
fn is_served(stream: &mut StdStream) -> bool {
    stream
        .set_read_timeout(Some(Duration::from_millis(1)))
        .unwrap();
    match stream.read(&mut [0; 5]) {
        Ok(5) => true,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        other => panic!("a connection was not held back but ended: {other:?}"),
    }
}

#[test]
fn clients_beyond_the_cap_wait_for_others_to_leave() {
    for listeners in [1, 3] {
        for config in capped() {
            let (runtime, sockets, most) = start_counting(&config, listeners);
            let addresses: Vec<_> = sockets.iter().map(|s| s.local_addr().unwrap()).collect();
            let addresses = addresses.iter().cycle().take(5 * CAP);
            let mut waiting: Vec<_> = addresses.map(|&address| connect(address)).collect();
            for stream in &mut waiting {
                stream.write_all(b"hello").unwrap();
            }
            // Whoever is served leaves, which makes room for another.
            while !waiting.is_empty() {
                waiting.retain_mut(|stream| !is_served(stream));
            }
            let counters = runtime.counters();
            runtime.stop().unwrap();
            let counts = counters[0].snapshot();
            assert_eq!((counts.accepts, counts.closes), (20, 20), "{config:?}");
            assert_eq!(counts.errors, 0);
            let most = most.load(Ordering::Relaxed);
            assert!((1..=CAP).contains(&most), "{most} at once: {config:?}");
        }
    }
}

#[test]
fn at_the_cap_the_others_are_served_as_before_and_stopping_ends_all() {
    for config in capped() {
        let (runtime, address) = start(&config, 1);
        let mut served: Vec<_> = (0..CAP).map(|_| connect(address)).collect();
        for stream in &mut served {
            assert_echo(stream, b"hello");
        }
        let mut waiting: Vec<_> = (0..CAP).map(|_| connect(address)).collect();
        for stream in &mut waiting {
            stream.write_all(b"hello").unwrap();
        }
        for stream in &mut served {
            assert_echo(stream, b"again");
        }
        assert!(!waiting.iter_mut().any(is_served));
        let counters = runtime.counters();
        assert_eq!(counters[0].snapshot().accepts, CAP as u64);
        runtime.stop().unwrap();
    }
}

/// A multishot accept that is under way when places run short is stopped, and what it has taken by
/// then is served when there is room.
#[test]
fn multishot_accepts_stop_near_the_cap() {
    const CAP: u32 = 5_150;
    server_kit::raise_open_file_limit().unwrap();
    let config = Config {
        max_connections: Some(CAP),
        ops: Ops::Multishot,
        ..Config::default()
    };
    match config.multishot_accept() {
        Ok(multishot) => assert!(multishot),
        // The machine allows too few open files.
        Err(Error::Config(_)) => return,
        Err(error) => panic!("{error}"),
    }
    let (runtime, address) = start(&config, 1);
    let mut streams: Vec<_> = (0..60).map(|_| connect(address)).collect();
    for stream in &mut streams {
        assert_echo(stream, b"hello");
    }
    let counters = runtime.counters();
    runtime.stop().unwrap();
    assert_eq!(counters[0].snapshot().accepts, 60);
}

#[test]
fn an_accept_that_waits_for_room_can_be_dropped_and_taken_up_again() {
    for config in capped() {
        let socket = StdListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let runtime = Runtime::start(&config, 1, move |_, _| {
            let socket = socket.try_clone().unwrap();
            async move {
                let mut listener = TcpListener::from_std(socket).unwrap();
                let mut streams = Vec::new();
                for _ in 0..CAP {
                    streams.push(listener.accept().await.unwrap());
                }
                let full = timeout(Duration::from_millis(5), listener.accept()).await;
                assert!(full.is_err());
                drop(streams);
                while !is_stopping() {
                    if let Ok(stream) = listener.accept().await {
                        spawn_local(echo(stream));
                    }
                }
            }
        })
        .unwrap();
        let first: Vec<_> = (0..CAP).map(|_| connect(address)).collect();
        let mut last = connect(address);
        assert_echo(&mut last, b"hello");
        drop(first);
        // A panic on the worker's thread would be counted.
        let counters = runtime.counters();
        runtime.stop().unwrap();
        assert_eq!(counters[0].snapshot().errors, 0);
    }
}

#[test]
fn clients_that_come_and_go_at_once_never_exceed_the_cap() {
    for config in support::drivers() {
        let config = Config {
            max_connections: Some(CAP as u32),
            ..config
        };
        let (runtime, sockets, most) = start_counting(&config, 1);
        let address = sockets[0].local_addr().unwrap();
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        assert_echo(&mut connect(address), b"hello");
                    }
                });
            }
        });
        runtime.stop().unwrap();
        let most = most.load(Ordering::Relaxed);
        assert!(most <= CAP, "{most} at once");
    }
}

#[test]
fn a_full_worker_leaves_a_shared_listener_to_the_other() {
    for config in capped() {
        let socket = StdListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let shared = Arc::new(socket);
        let runtime = Runtime::start(&config, 2, move |_, _| {
            let socket = shared.try_clone().unwrap();
            async move {
                let mut listener = TcpListener::from_std(socket).unwrap();
                while let Ok(stream) = listener.accept().await {
                    spawn_local(echo(stream));
                }
            }
        })
        .unwrap();
        // As many as both may have, one after the other, all held open.
        let mut clients = Vec::new();
        for _ in 0..2 * CAP {
            let mut client = connect(address);
            assert_echo(&mut client, b"hello");
            clients.push(client);
        }
        drop(clients);
        runtime.stop().unwrap();
    }
}
