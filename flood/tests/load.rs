//! Loads on servers of a few lines.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod support;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flood::{Settings, Stop, Tally};
use support::{HELLO, hello, serve, settings};

fn load(settings: &Settings) -> Tally {
    let stop = Stop::new().unwrap();
    let finished = flood::run(settings, &stop, || Ok(())).unwrap();
    finished.report().tally.clone()
}

fn errors(tally: &Tally) -> [u64; 5] {
    [
        tally.errors_connect,
        tally.errors_read,
        tally.errors_write,
        tally.errors_status,
        tally.errors_timeout,
    ]
}

/// Loads a server on 7 connections. It stops the run after so many answers, once each of them has had
/// one. What was counted, and the requests that each connection has sent.
fn load_until(answers: u64, change: impl Fn(&mut Settings)) -> (Tally, Vec<u64>) {
    let stop = Arc::new(Stop::new().unwrap());
    let answered = Mutex::new((0, BTreeSet::new()));
    let asker = Arc::clone(&stop);
    let (address, seen) = serve(move |stream, connection, _| {
        let mut answered = answered.lock().unwrap();
        answered.0 += 1;
        answered.1.insert(connection);
        if answered.0 >= answers && answered.1.len() == 7 {
            asker.ask().unwrap();
        }
        drop(answered);
        hello(stream)
    });
    let mut settings = settings(address, 7);
    change(&mut settings);
    let finished = flood::run(&settings, &stop, || Ok(())).unwrap();
    let tally = finished.report().tally.clone();
    let seen = seen.lock().unwrap().clone();
    (tally, seen)
}

#[test]
fn every_answer_is_counted_and_every_batch_timed() {
    for (threads, pipeline) in [(1, 1), (1, 16), (3, 1), (7, 4)] {
        let (tally, seen) = load_until(2000, |settings| {
            settings.threads = threads;
            settings.pipeline = pipeline;
        });
        assert_eq!(errors(&tally), [0; 5]);
        assert_eq!((seen.len(), tally.connections_left), (7, 7));
        // The first request told the answer and is not counted.
        let sent = seen.iter().sum::<u64>() - 1;
        let in_flight = 7 * pipeline as u64;
        assert!(
            tally.requests <= sent && sent <= tally.requests + in_flight,
            "{sent} sent, {} counted",
            tally.requests
        );
        assert_eq!(tally.bytes, tally.requests * HELLO.len() as u64);
        let timed = tally.latencies_us.len() * pipeline as u64;
        assert!(timed <= tally.requests && tally.requests <= timed + in_flight);
        assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    }
}

#[test]
fn nothing_is_sent_on_idle_connections_which_come_first() {
    let (tally, seen) = load_until(100, |settings| settings.idle = 5);
    assert_eq!(errors(&tally), [0; 5]);
    assert_eq!(seen.len(), 12);
    assert!(seen[..5].iter().all(|count| *count == 0), "{seen:?}");
    assert!(seen[5..].iter().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn other_bytes_are_a_status_error_of_their_connection() {
    // Right twice, then wrong in its last byte only.
    let (address, _) = serve(|stream, _, request| {
        let mut answer = HELLO.to_vec();
        if request >= 2 {
            *answer.last_mut().unwrap() = b'?';
        }
        stream.write_all(&answer).is_ok()
    });
    let tally = load(&settings(address, 4));
    assert_eq!(errors(&tally), [0, 0, 0, 4, 0]);
    // Two right ones a connection, but for the one that was asked first.
    assert_eq!((tally.requests, tally.connections_left), (7, 0));
}

#[test]
fn an_answer_too_many_is_a_status_error() {
    let (address, _) = serve(|stream, _, request| {
        let answers = if request == 3 { 2 } else { 1 };
        stream.write_all(&HELLO.repeat(answers)).is_ok()
    });
    let tally = load(&settings(address, 2));
    assert_eq!(errors(&tally)[3], 2);
}

#[test]
fn a_connection_that_the_server_closes_is_a_read_error() {
    let (address, _) = serve(|stream, _, request| request < 3 && hello(stream));
    let tally = load(&settings(address, 4));
    let [connect, read, write, status, timeout] = errors(&tally);
    assert_eq!((read + write, connect + status + timeout), (4, 0));
    assert_eq!(tally.requests, 11);
}

#[test]
fn an_idle_connection_that_the_server_closes_is_a_read_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        // The idle one is closed before the active one is answered.
        drop(listener.accept().unwrap());
        let (mut stream, _) = listener.accept().unwrap();
        hello(&mut stream);
    });
    let settings = Settings {
        idle: 1,
        ..settings(address, 1)
    };
    assert_eq!(errors(&load(&settings))[1..3].iter().sum::<u64>(), 2);
}

#[test]
fn answers_that_never_come_are_time_outs_at_the_end_of_the_window() {
    let (address, _) = serve(|stream, _, request| request > 0 || hello(stream));
    let settings = Settings {
        duration: Duration::from_millis(2500),
        timeout: Duration::from_secs(2),
        ..settings(address, 3)
    };
    let tally = load(&settings);
    // The connection that was asked first waits for its second answer, the others have had one.
    assert_eq!(errors(&tally), [0, 0, 0, 0, 3]);
    assert_eq!((tally.requests, tally.connections_left), (2, 3));
    assert!(tally.ended.duration_since(tally.began) >= settings.duration);
}

#[test]
fn what_cannot_be_loaded_is_refused_with_its_cause() {
    let refused = |settings: &Settings, part: &str| {
        let stop = Stop::new().unwrap();
        let message = format!("{:#}", flood::run(settings, &stop, || Ok(())).unwrap_err());
        assert!(message.contains(part), "{message}");
    };
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    refused(&settings(address, 1), "is a server listening there?");
    refused(
        &Settings {
            threads: 2,
            ..settings(address, 1)
        },
        "lower --threads",
    );
    refused(&settings(address, 100_000_000), "ulimit -Hn");
    let (address, _) = serve(|stream, _, _| {
        stream
            .write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
            .is_ok()
    });
    refused(&settings(address, 1), "`HTTP/1.1 503 Busy`");
    let (address, _) = serve(|_, _, _| false);
    refused(&settings(address, 1), "closed the connection");
}
