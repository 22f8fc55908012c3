//! Connections that do not stay, and those from several addresses.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use flood::{Settings, Stop, Tally};
use support::{HELLO, serve, settings};

const BYE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, World!";

/// Where each connection came from, and whether each of its requests was its last.
type Seen = Arc<Mutex<Vec<(IpAddr, Vec<bool>)>>>;

/// Answers, and closes when it is asked to.
fn closing_server() -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, seen) = (listener.local_addr().unwrap(), Seen::default());
    let all = Arc::clone(&seen);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let stream = stream.unwrap();
            let from = stream.peer_addr().unwrap().ip();
            all.lock().unwrap().push((from, Vec::new()));
            let all = Arc::clone(&all);
            thread::spawn(move || talk(stream, |last| all.lock().unwrap()[number].1.push(last)));
        }
    });
    (address, seen)
}

fn talk(mut stream: TcpStream, mut note: impl FnMut(bool)) {
    let mut text = Vec::new();
    let mut chunk = [0; 512];
    while let Ok(n @ 1..) = stream.read(&mut chunk) {
        text.extend_from_slice(&chunk[..n]);
        if !text.ends_with(b"\r\n\r\n") {
            continue;
        }
        let last = text.windows(17).any(|part| part == b"Connection: close");
        note(last);
        text.clear();
        if stream.write_all(if last { BYE } else { HELLO }).is_err() || last {
            return;
        }
    }
}

fn load(settings: &Settings) -> Tally {
    let stop = Stop::new().unwrap();
    let finished = flood::run(settings, &stop, || Ok(())).unwrap();
    finished.report().tally.clone()
}

fn errors(tally: &Tally) -> u64 {
    tally.errors_connect
        + tally.errors_read
        + tally.errors_write
        + tally.errors_status
        + tally.errors_timeout
}

#[test]
fn a_connection_ends_after_its_requests_and_another_takes_its_place() {
    for (requests, threads) in [(1, 1), (3, 2)] {
        let (address, seen) = closing_server();
        let tally = load(&Settings {
            requests_per_connection: Some(requests),
            duration: Duration::from_secs(1),
            threads,
            ..settings(address, 4)
        });
        assert_eq!((errors(&tally), tally.connections_left), (0, 4));
        let seen = seen.lock().unwrap();
        assert!(seen.len() > 20, "{} connections", seen.len());
        // The first two connections also told the answers; the last ones may not have come so far.
        let mut complete = 0;
        for (_, lasts) in &seen[5..] {
            let expected: Vec<bool> = (1..=requests).map(|n| n == requests).collect();
            assert!(expected.starts_with(lasts), "{lasts:?}");
            complete += u64::from(*lasts == expected);
        }
        assert!(complete + 8 >= seen.len() as u64 - 5);
        let per_connection = u64::from(requests);
        assert!(tally.requests >= complete * per_connection);
        let least = tally.requests * HELLO.len() as u64;
        assert!(tally.bytes > least && tally.bytes <= tally.requests * BYE.len() as u64);
    }
}

#[test]
fn a_server_that_closes_before_it_is_asked_to_is_an_error() {
    let (address, _) = serve(|stream, connection, request| {
        let answered = stream.write_all(HELLO).is_ok();
        // The second connection is the one that asks for the last answer.
        answered && connection != 1 && request < 2
    });
    let tally = load(&Settings {
        requests_per_connection: Some(100),
        ..settings(address, 1)
    });
    assert_eq!((tally.errors_read, tally.connections_left), (1, 0));
}

#[test]
fn connections_come_from_each_address_in_turn() {
    let (address, seen) = closing_server();
    let tally = load(&Settings {
        sources: 3,
        duration: Duration::from_secs(1),
        ..settings(address, 9)
    });
    assert_eq!(errors(&tally), 0);
    let from: Vec<IpAddr> = seen.lock().unwrap().iter().map(|(from, _)| *from).collect();
    let addresses: BTreeSet<String> = from.iter().map(ToString::to_string).collect();
    assert_eq!(
        addresses.into_iter().collect::<Vec<_>>(),
        ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    );
    assert_eq!(from.len(), 9);
}

#[test]
fn several_addresses_are_refused_where_there_is_one() {
    let stop = Stop::new().unwrap();
    let elsewhere = Settings {
        sources: 2,
        ..settings("192.0.2.1:80".parse().unwrap(), 1)
    };
    let message = flood::run(&elsewhere, &stop, || Ok(())).unwrap_err();
    assert!(message.to_string().contains("--sources 2"), "{message}");
}
