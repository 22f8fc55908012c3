//! Connections that the library makes, their two halves, and what they know of themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener as StdListener};
use std::time::Duration;

use kio_rs::{Config, RecvHalf, Runtime, SendHalf, TcpListener, TcpStream, spawn_local, timeout};
use support::{
    assert_echo, configurations, drivers, echo, run, serve_one, serve_one_until_stopped,
};

/// Nobody listens there: bound, so that nobody else gets it, and not listening.
fn closed_port() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any.into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// A listener whose accept queue is full: further connections are neither made nor refused.
fn full_listener() -> (socket2::Socket, Vec<std::net::TcpStream>, SocketAddr) {
    let (socket, address) = closed_port();
    socket.listen(0).unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) =
        std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200))
    {
        waiting.push(stream);
    }
    (socket, waiting, address)
}

async fn ask(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    for word in [b"one", b"two"] {
        stream.send_all(word.to_vec()).await.unwrap();
        assert_eq!(&*stream.recv().await.unwrap(), word);
    }
    stream.shutdown(Shutdown::Write).await.unwrap();
    assert!(stream.recv().await.unwrap().is_empty());
}

#[test]
fn connects_to_its_own_listener_beside_accepted_sockets_of_any_kind() {
    for config in configurations() {
        run(&config, || async {
            for any in ["127.0.0.1:0", "[::1]:0"] {
                let Ok(socket) = StdListener::bind(any) else {
                    // A machine without IPv6.
                    continue;
                };
                let mut listener = TcpListener::from_std(socket).unwrap();
                let address = listener.local_addr().unwrap();
                spawn_local(async move {
                    for _ in 0..3 {
                        spawn_local(echo(listener.accept().await.unwrap()));
                    }
                });
                for _ in 0..3 {
                    ask(address).await;
                }
            }
        });
    }
}

#[test]
fn a_refused_connection_is_an_error_and_leaves_nothing_behind() {
    for config in configurations() {
        run(&config, || async {
            let (_held, address) = closed_port();
            for _ in 0..5 {
                let error = TcpStream::connect(address).await.err().unwrap();
                assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            }
            let unreachable = SocketAddr::from(([255, 255, 255, 255], 9));
            assert!(TcpStream::connect(unreachable).await.is_err());
        });
    }
}

#[test]
fn an_attempt_that_takes_too_long_is_given_up_in_any_state() {
    for config in configurations() {
        let (_listener, _waiting, address) = full_listener();
        run(&config, move || async move {
            for wait_ms in [0, 1, 20] {
                let attempt = TcpStream::connect(address);
                let attempt = timeout(Duration::from_millis(wait_ms), attempt).await;
                assert!(attempt.is_err(), "a full queue took a connection");
            }
            // The numbers that they had are used anew.
            let mut listener =
                TcpListener::from_std(StdListener::bind("127.0.0.1:0").unwrap()).unwrap();
            let address = listener.local_addr().unwrap();
            spawn_local(async move { echo(listener.accept().await.unwrap()).await });
            ask(address).await;
        });
    }
}

#[test]
fn stopping_ends_an_attempt() {
    for config in drivers() {
        let (_listener, _waiting, address) = full_listener();
        let client = |mut stream: std::net::TcpStream| {
            stream.read_exact(&mut [0; 1]).unwrap();
        };
        serve_one_until_stopped(&config, client, move |mut stream, _listener| async move {
            stream.send_all(vec![b'x']).await.unwrap();
            drop(TcpStream::connect(address).await);
        })
        .unwrap();
    }
}

#[test]
fn a_stream_knows_its_addresses_unless_it_is_direct() {
    for config in configurations() {
        let direct = config.direct_descriptors();
        run(&config, move || async move {
            let mut listener =
                TcpListener::from_std(StdListener::bind("127.0.0.1:0").unwrap()).unwrap();
            let address = listener.local_addr().unwrap();
            let made = TcpStream::connect(address).await.unwrap();
            let accepted = listener.accept().await.unwrap();
            assert_eq!(made.peer_addr().unwrap(), address);
            made.set_nodelay(true).unwrap();
            if direct {
                let error = accepted.peer_addr().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unsupported);
                assert!(
                    error.to_string().contains("Descriptors::Process"),
                    "{error}"
                );
                assert!(accepted.set_nodelay(true).is_err());
            } else {
                assert_eq!(accepted.local_addr().unwrap(), address);
                assert_eq!(accepted.peer_addr().unwrap(), made.local_addr().unwrap());
                accepted.set_nodelay(true).unwrap();
            }
        });
    }
}

async fn copy(from: &mut RecvHalf, to: &mut SendHalf) {
    loop {
        let bytes = from.recv().await.unwrap().to_vec();
        if bytes.is_empty() {
            return;
        }
        to.send_all(bytes).await.unwrap();
    }
}

#[test]
fn halves_work_at_the_same_time_and_close_only_together() {
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|i| (i / 5) as u8).collect();
    for config in configurations() {
        let bytes = &bytes[..if config.buffer_bytes < 4096 {
            50_000
        } else {
            bytes.len()
        }];
        let client = |mut stream: std::net::TcpStream| {
            assert_echo(&mut stream, bytes);
            stream.shutdown(Shutdown::Write).unwrap();
            let mut last = Vec::new();
            stream.read_to_end(&mut last).unwrap();
            assert_eq!(last, b"bye");
        };
        serve_one(&config, client, |mut stream, _listener| async move {
            let (recv, send) = stream.halves();
            copy(recv, send).await;
            let (recv, mut send) = stream.into_split();
            drop(recv);
            send.send_all(&b"bye"[..]).await.unwrap();
        })
        .unwrap();
    }
}

#[test]
fn a_half_that_is_dropped_while_it_waits_leaves_the_other_whole() {
    for config in configurations() {
        let client = |mut stream: std::net::TcpStream| {
            let mut back = Vec::new();
            stream.read_to_end(&mut back).unwrap();
            assert_eq!(back, b"still here");
        };
        serve_one(&config, client, |stream, _listener| async move {
            let (mut recv, mut send) = stream.into_split();
            assert!(timeout(Duration::ZERO, recv.recv()).await.is_err());
            drop(recv);
            send.send_all(&b"still here"[..]).await.unwrap();
        })
        .unwrap();
    }
}

#[test]
fn a_connection_outlives_the_half_that_sends() {
    for config in drivers() {
        let client = |mut stream: std::net::TcpStream| {
            stream.write_all(b"read me").unwrap();
            assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0, "it closes in order");
        };
        serve_one(&config, client, |stream, _listener| async move {
            let (mut recv, send) = stream.into_split();
            drop(send);
            assert_eq!(&*recv.recv().await.unwrap(), b"read me");
        })
        .unwrap();
    }
}

#[test]
fn connections_of_one_s_own_are_none_of_the_accepted() {
    for config in drivers() {
        let socket = StdListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let config = Config {
            max_connections: Some(1),
            ..config
        };
        let runtime = Runtime::start(&config, 1, move |_, _| async move {
            let many = [
                TcpStream::connect(address).await,
                TcpStream::connect(address).await,
            ];
            assert!(many.iter().all(Result::is_ok));
        })
        .unwrap();
        let counters = runtime.counters();
        runtime.join().unwrap();
        let counts = counters[0].snapshot();
        assert_eq!((counts.accepts, counts.closes), (0, 0));
    }
}
