//! Futures and sockets that go away early, are forgotten or leaked: nothing else notices.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener as StdListener};
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use kio_rs::{TcpListener, sleep, timeout};
use support::{assert_echo, configurations, connect, serve_one};

#[test]
fn a_send_whose_future_was_forgotten_is_not_taken_for_the_next() {
    for config in configurations() {
        let client = |mut stream: std::net::TcpStream| {
            let mut all = Vec::new();
            stream.read_to_end(&mut all).unwrap();
            assert_eq!(all, [vec![b'a'; 1000], vec![b'b'; 1000]].concat());
        };
        serve_one(&config, client, |mut stream, _listener| async move {
            let mut first = Box::pin(stream.send_all(vec![b'a'; 1000]));
            poll_fn(|context| {
                _ = first.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
            std::mem::forget(first);
            // Its completion comes before the next send is asked for.
            sleep(Duration::from_millis(20)).await;
            stream.send_all(vec![b'b'; 1000]).await.unwrap();
        })
        .unwrap();
    }
}

#[test]
fn futures_dropped_at_any_moment_leave_the_others_whole() {
    for config in configurations() {
        let client = |mut stream: std::net::TcpStream| {
            stream.write_all(b"hello").unwrap();
            let mut back = [0; 5];
            stream.read_exact(&mut back).unwrap();
            assert_eq!(&back, b"hello");
        };
        serve_one(&config, client, |mut stream, mut listener| async move {
            // Dropped while in flight, over and over: nothing that arrives is lost.
            let mut bytes = Vec::new();
            while bytes.len() < 5 {
                if let Ok(chunk) = timeout(Duration::from_micros(50), stream.recv()).await {
                    bytes.extend_from_slice(&chunk.unwrap());
                }
                assert!(timeout(Duration::ZERO, listener.accept()).await.is_err());
            }
            stream.send_all(bytes).await.unwrap();
            drop(timeout(Duration::ZERO, stream.shutdown(Shutdown::Both)).await);
        })
        .unwrap();
    }
}

#[test]
fn a_listener_that_is_dropped_leaves_nothing_behind() {
    for config in configurations() {
        let client = |mut stream: std::net::TcpStream| {
            let mut word = [0; 2];
            stream.read_exact(&mut word).unwrap();
            let other = SocketAddr::from(([127, 0, 0, 1], u16::from_le_bytes(word)));
            assert_echo(&mut connect(other), b"by another listener");
        };
        serve_one(&config, client, |mut stream, mut listener| async move {
            // It waits, is dropped, and its number is taken by the next.
            assert!(
                timeout(Duration::from_millis(5), listener.accept())
                    .await
                    .is_err()
            );
            drop(listener);
            let other = StdListener::bind("127.0.0.1:0").unwrap();
            let port = other.local_addr().unwrap().port();
            let mut other = TcpListener::from_std(other).unwrap();
            stream.send_all(port.to_le_bytes().to_vec()).await.unwrap();
            drop(stream);
            support::echo(other.accept().await.unwrap()).await;
        })
        .unwrap();
    }
}

#[test]
fn stopping_ends_although_a_connection_was_leaked() {
    for config in configurations() {
        let (leaked, is_leaked) = mpsc::channel();
        let client = |mut stream: std::net::TcpStream| {
            stream.write_all(b"x").unwrap();
            is_leaked.recv_timeout(Duration::from_secs(20)).unwrap();
        };
        serve_one(&config, client, move |mut stream, _listener| {
            let leaked = leaked.clone();
            async move {
                assert_eq!(&*stream.recv().await.unwrap(), b"x");
                // In flight, for ever.
                assert!(timeout(Duration::ZERO, stream.recv()).await.is_err());
                std::mem::forget(stream);
                leaked.send(()).unwrap();
            }
        })
        .unwrap();
    }
}
