//! The library against real sockets: whole rings, small ones, peers that misbehave, and the end.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use kio_rs::{
    Config, DriverKind, Error, Ops, Runtime, TaskRun, TimedOut, sleep, spawn_local, timeout,
};
use socket2::SockRef;
use support::{assert_echo, configurations, connect, run, start};

#[test]
fn a_connection_that_falls_silent_between_its_bytes_goes_on() {
    for config in support::drivers() {
        let (runtime, address) = start(&config, 1);
        let mut stream = connect(address);
        for _ in 0..2 {
            assert_echo(&mut stream, b"some bytes");
            // Long enough for its receive to be submitted anew.
            thread::sleep(Duration::from_millis(2200));
        }
        assert_echo(&mut stream, b"more bytes");
        drop(stream);
        runtime.stop().unwrap();
    }
}

#[test]
fn a_receive_that_gave_bytes_and_fell_silent_is_submitted_anew_once() {
    let (runtime, address) = start(&Config::default(), 1);
    let sqes = || runtime.counters()[0].sqes.get();
    let mut stream = connect(address);
    assert_echo(&mut stream, b"some bytes");
    let at_first = sqes();
    let mut comes_to_rest = (0..10).filter_map(|_| {
        let before = sqes();
        thread::sleep(Duration::from_millis(2500));
        (sqes() == before).then(|| before - at_first)
    });
    let made = comes_to_rest.next().expect("nothing more is submitted");
    // A cancel, a receive and two ticks; the first tick or the echo may have been submitted late.
    assert!((4..=6).contains(&made), "{made} entries");
    drop(stream);
    runtime.stop().unwrap();
}

#[test]
fn every_kind_of_ring_carries_more_than_any_buffer_holds() {
    let bytes: Vec<u8> = (0..4_000_000_u32).map(|i| (i / 7) as u8).collect();
    for config in configurations() {
        let (runtime, address) = start(&config, 1);
        let bytes = if config.buffer_bytes < 4096 {
            &bytes[..100_000]
        } else {
            &bytes
        };
        assert_echo(&mut connect(address), bytes);
        runtime.stop().unwrap();
    }
}

#[test]
fn many_connections_at_once_on_every_kind_of_ring() {
    for config in configurations() {
        let (runtime, address) = start(&config, 2);
        let mut streams: Vec<_> = (0..200).map(|_| connect(address)).collect();
        for round in 0..3 {
            for (i, stream) in streams.iter_mut().enumerate() {
                write!(stream, "{round} {i:4}").unwrap();
            }
            for (i, stream) in streams.iter_mut().enumerate() {
                let mut back = [0; 6];
                stream.read_exact(&mut back).unwrap();
                assert_eq!(back, *format!("{round} {i:4}").as_bytes());
            }
        }
        drop(streams);
        let counters = runtime.counters();
        runtime.stop().unwrap();
        let sum = |count: fn(&kio_rs::WorkerCounters) -> u64| {
            counters
                .iter()
                .map(|worker| count(&worker.snapshot()))
                .sum::<u64>()
        };
        assert_eq!((sum(|c| c.accepts), sum(|c| c.closes)), (200, 200));
        if config.buffers == 2 && config.driver == DriverKind::Uring {
            assert!(
                sum(|c| c.buffers_exhausted) > 0,
                "two buffers were enough for 200 connections"
            );
        }
    }
}

/// Sends until the server takes no more, without ever reading.
fn flood(stream: &mut std::net::TcpStream) -> usize {
    stream.set_nonblocking(true).unwrap();
    let mut sent = 0;
    let mut refused = 0;
    while refused < 50 {
        match stream.write(&[b'x'; 65_536]) {
            Ok(length) => (sent, refused) = (sent + length, 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                refused += 1;
                thread::sleep(Duration::from_millis(2));
            }
            Err(error) => panic!("{error}"),
        }
    }
    sent
}

#[test]
fn a_peer_that_never_reads_does_not_stop_the_others_and_loses_nothing() {
    let config = Config {
        buffers: 16,
        ..Config::default()
    };
    let (runtime, address) = start(&config, 1);
    let mut greedy: Vec<_> = (0..8).map(|_| connect(address)).collect();
    let sent: Vec<usize> = greedy.iter_mut().map(flood).collect();
    assert_echo(&mut connect(address), b"still served");
    for (stream, sent) in greedy.iter_mut().zip(sent) {
        stream.set_nonblocking(false).unwrap();
        let mut back = vec![0; sent];
        stream.read_exact(&mut back).unwrap();
        assert!(back.iter().all(|&byte| byte == b'x'));
    }
    runtime.stop().unwrap();
}

#[test]
fn resets_at_any_moment_end_one_connection_only() {
    for config in configurations() {
        let (runtime, address) = start(&config, 1);
        for i in 0..50 {
            let mut stream = connect(address);
            SockRef::from(&stream)
                .set_linger(Some(Duration::ZERO))
                .unwrap();
            if i % 2 == 0 {
                stream.write_all(&[b'y'; 10_000]).unwrap();
            }
        }
        assert_echo(&mut connect(address), b"still served");
        runtime.stop().unwrap();
    }
}

#[test]
fn a_panic_in_a_task_ends_that_connection_only() {
    let (runtime, address) = start(&Config::default(), 1);
    let mut doomed = connect(address);
    doomed.write_all(b"panic").unwrap();
    assert_eq!(doomed.read(&mut [0; 1]).unwrap(), 0);
    assert_echo(&mut connect(address), b"still served");
    let counters = runtime.counters();
    runtime.stop().unwrap();
    assert_eq!(counters[0].snapshot().errors, 1);
}

#[test]
fn stopping_frees_what_is_idle_and_what_is_stuck() {
    for config in configurations() {
        let (runtime, address) = start(&config, 2);
        let idle: Vec<_> = (0..20).map(|_| connect(address)).collect();
        let mut stuck = connect(address);
        flood(&mut stuck);
        let counters = runtime.counters();
        runtime.stop().unwrap();
        let count: u64 = counters.iter().map(|worker| worker.snapshot().closes).sum();
        assert!(count > 0, "{count} closed");
        for mut stream in idle {
            match stream.read(&mut [0; 1]) {
                Ok(0) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
                other => panic!("an idle connection was left open: {other:?}"),
            }
        }
    }
}

#[test]
fn sleeps_end_in_the_order_of_their_lengths() {
    run(&Config::default(), || async {
        let (said, heard) = mpsc::channel();
        for length_ms in [40, 5, 20] {
            let said = said.clone();
            spawn_local(async move {
                sleep(Duration::from_millis(length_ms)).await;
                said.send(length_ms).unwrap();
            });
        }
        drop(said);
        sleep(Duration::from_millis(60)).await;
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [5, 20, 40]);
    });
}

#[test]
fn a_timeout_drops_what_was_too_slow_and_gives_what_was_not() {
    run(&Config::default(), || async {
        let never = std::future::pending::<()>();
        assert_eq!(
            timeout(Duration::from_millis(5), never).await,
            Err(TimedOut)
        );
        assert_eq!(timeout(Duration::from_secs(3600), async { 7 }).await, Ok(7));
    });
}

#[test]
fn another_thread_wakes_a_task() {
    run(&Config::default(), || async {
        let mut helper = None;
        let mut woken = false;
        poll_fn(|context| {
            if std::mem::replace(&mut woken, true) {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            helper = Some(thread::spawn(move || waker.wake()));
            Poll::Pending
        })
        .await;
        helper.unwrap().join().unwrap();
    });
}

#[test]
fn tasks_that_wake_each_other_for_ever_do_not_hold_up_the_ring() {
    run(&Config::default(), || async {
        spawn_local(poll_fn(|context| {
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
        sleep(Duration::from_millis(1)).await;
    });
}

#[test]
fn what_contradicts_itself_or_is_not_there_is_refused_by_name() {
    let refusal = |config: &Config| Runtime::start(config, 1, |_, _| async {}).err().unwrap();
    let contradiction = Config {
        task_run: TaskRun::Deferred,
        single_issuer: false,
        ..Config::default()
    };
    assert!(
        matches!(refusal(&contradiction), Error::Config(text) if text.contains("SINGLE_ISSUER"))
    );
    let odd = Config {
        buffers: 3,
        ops: Ops::Multishot,
        ..Config::default()
    };
    assert!(matches!(refusal(&odd), Error::Config(text) if text.contains("power of two")));
    let no_cpu = Config {
        cpus: vec![4000],
        ..Config::default()
    };
    assert!(matches!(
        refusal(&no_cpu),
        Error::NoSuchCpu { cpu: 4000, .. }
    ));
}

#[test]
fn a_connection_that_is_always_ready_does_not_hold_up_the_others_or_the_end() {
    for driver in [DriverKind::Uring, DriverKind::Epoll] {
        let config = Config {
            driver,
            buffer_bytes: 64,
            ..Config::default()
        };
        let (runtime, address) = start(&config, 1);
        let done = std::sync::atomic::AtomicBool::new(false);
        // Before its thread runs, which a busy machine may do only when the others have been served.
        let mut busy = connect(address);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut reader = busy.try_clone().unwrap();
                scope.spawn(move || while reader.read(&mut [0; 65_536]).is_ok_and(|n| n > 0) {});
                let mut alive = true;
                while alive && !done.load(std::sync::atomic::Ordering::Relaxed) {
                    alive = busy.write(&[b'z'; 65_536]).is_ok();
                }
            });
            for _ in 0..20 {
                assert_echo(&mut connect(address), b"served in between");
            }
            runtime.stop().unwrap();
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }
}
