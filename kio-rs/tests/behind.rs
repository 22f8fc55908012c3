//! Bytes that are sent behind: they arrive whole and in order while the connection goes on, and what
//! goes wrong with them is told.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream as StdStream};
use std::pin::pin;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use kio_rs::{TcpStream, sleep, spawn_local, timeout};
use nix::sys::socket::{setsockopt, sockopt};
use support::{configurations, drivers, serve_one};

/// More than the sockets' buffers hold, so that it is taken in parts.
const BYTES: usize = 16 << 20;

/// No two pages of it are alike, so that bytes which are left out or sent twice show.
fn long() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=250).collect::<Vec<u8>>().repeat(BYTES / 251 + 1);
    bytes.truncate(BYTES);
    bytes
}

async fn word(stream: &mut TcpStream, expected: &[u8]) {
    let mut word = Vec::new();
    while word.len() < expected.len() {
        word.extend_from_slice(&stream.recv().await.unwrap());
    }
    assert_eq!(word, expected);
}

#[test]
fn a_task_that_only_receives_sends_on_what_went_in_part() {
    for config in configurations() {
        let client = |mut stream: StdStream| {
            stream.write_all(b"go").unwrap();
            let mut bytes = vec![0; BYTES];
            stream.read_exact(&mut bytes).unwrap();
            assert!(bytes == long(), "it differs");
            stream.write_all(b"done").unwrap();
        };
        serve_one(&config, client, |mut stream, _listener| async move {
            word(&mut stream, b"go").await;
            stream.send_behind(long()).await.unwrap();
            word(&mut stream, b"done").await;
            assert!(stream.recv().await.unwrap().is_empty());
        })
        .unwrap();
    }
}

#[test]
fn what_is_sent_by_whichever_call_arrives_in_order() {
    for config in configurations() {
        let client = |mut stream: StdStream| {
            // The end of this side is no reason to leave the answers.
            stream.shutdown(Shutdown::Write).unwrap();
            let mut all = Vec::new();
            stream.read_to_end(&mut all).unwrap();
            assert!(
                all == [&long()[..], b"b", &long(), b"d", b"e"].concat(),
                "{} bytes",
                all.len()
            );
        };
        serve_one(&config, client, |mut stream, _listener| async move {
            assert!(stream.recv().await.unwrap().is_empty());
            stream.send_behind(long()).await.unwrap();
            stream.send_all(&b"b"[..]).await.unwrap();
            stream.send_behind(long()).await.unwrap();
            stream.send_behind(&b""[..]).await.unwrap();
            stream.send_behind(&b"d"[..]).await.unwrap();
            stream.flush().await.unwrap();
            stream.send_behind(&b"e"[..]).await.unwrap();
            stream.shutdown(Shutdown::Write).await.unwrap();
        })
        .unwrap();
    }
}

#[test]
fn a_peer_that_resets_is_told_of_once() {
    for config in configurations() {
        let client = |mut stream: StdStream| {
            stream.read_exact(&mut [0; 1000]).unwrap();
            let at_once = libc::linger {
                l_onoff: 1,
                l_linger: 0,
            };
            setsockopt(&stream, sockopt::Linger, &at_once).unwrap();
        };
        serve_one(&config, client, |mut stream, _listener| async move {
            stream.send_behind(long()).await.unwrap();
            let kind = stream.recv().await.err().unwrap().kind();
            let gone = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
            assert!(gone.contains(&kind), "{kind:?}");
            // By the send, by the receive, or by each.
            if let Err(error) = stream.flush().await {
                assert!(gone.contains(&error.kind()), "{error}");
            }
            stream.flush().await.unwrap();
        })
        .unwrap();
    }
}

#[test]
fn a_connection_that_is_dropped_sends_no_freed_bytes() {
    for config in configurations() {
        let (dropped, is_dropped) = mpsc::channel();
        let client = |mut stream: StdStream| {
            is_dropped.recv_timeout(Duration::from_secs(20)).unwrap();
            let mut all = Vec::new();
            // It may end with a reset.
            _ = stream.read_to_end(&mut all);
            assert!(all == long()[..all.len()], "it differs");
        };
        serve_one(&config, client, move |mut stream, _listener| {
            let dropped = dropped.clone();
            async move {
                stream.send_behind(long()).await.unwrap();
                // The rest is submitted again and again until it waits for the peer to make room.
                for _ in 0..20 {
                    _ = timeout(Duration::from_millis(1), stream.recv()).await;
                }
                assert!(!stream.is_flushed());
                drop(stream);
                // The memory is in use again.
                let other = vec![0xff_u8; BYTES];
                dropped.send(()).unwrap();
                sleep(Duration::from_millis(5)).await;
                drop(other);
            }
        })
        .unwrap();
    }
}

#[test]
fn a_send_that_goes_well_wakes_nobody() {
    for config in drivers() {
        let client = |mut stream: StdStream| {
            for _ in 0..100 {
                // Sent, so that its completion is there or under way.
                stream.read_exact(&mut [0; 4]).unwrap();
                stream.write_all(b"next").unwrap();
            }
        };
        serve_one(&config, client, |mut stream, _listener| async move {
            for _ in 0..100 {
                stream.send_behind(&b"word"[..]).await.unwrap();
                let polls = Cell::new(0);
                {
                    let mut receive = pin!(stream.recv());
                    let received = poll_fn(|context| {
                        polls.set(polls.get() + 1);
                        receive.as_mut().poll(context)
                    });
                    assert_eq!(&*received.await.unwrap(), b"next");
                }
                assert!(polls.get() <= 2, "once in vain, once with the bytes");
            }
        })
        .unwrap();
    }
}

#[test]
fn a_task_that_only_sends_behind_holds_up_no_other() {
    for config in drivers() {
        let client = |mut stream: StdStream| {
            // As fast as it is sent, until the other task has ended it.
            let mut bytes = [0; 1 << 16];
            while stream.read(&mut bytes).unwrap() > 0 {}
        };
        serve_one(&config, client, |mut stream, _listener| async move {
            let other_ran = Rc::new(Cell::new(false));
            let other = Rc::clone(&other_ran);
            spawn_local(async move { other.set(true) });
            while !other_ran.get() {
                stream.send_behind(&b"x"[..]).await.unwrap();
            }
            stream.flush().await.unwrap();
        })
        .unwrap();
    }
}
