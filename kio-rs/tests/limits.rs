//! The server's limits: how long a peer may take, and how many there may be.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use conformance::server::Server;
use hello_http::HELLO;
use server_kit::WorkerCounters;

const SERVER: &str = env!("CARGO_BIN_EXE_kio-rs");
const DRIVERS: [&[&str]; 3] = [
    &[],
    &["--ops", "one-shot", "--descriptors", "process"],
    &["--driver", "epoll"],
];
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A server with one worker.
fn serve(driver: &[&str], flags: &[&str]) -> Server {
    Server::spawn(SERVER, &[&["--workers", "1"], driver, flags].concat()).unwrap()
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.start.address).unwrap();
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).unwrap();
    stream
}

fn ask(stream: &mut TcpStream) {
    stream.write_all(REQUEST).unwrap();
    let mut answer = [0; HELLO.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, HELLO);
}

/// Waits until the server closes, which it does in order and without another byte.
fn assert_closed(stream: &mut TcpStream) {
    match stream.read(&mut [0; 64]) {
        Ok(0) => {}
        other => panic!("expected the end of the connection: {other:?}"),
    }
}

fn stop(server: Server) -> WorkerCounters {
    let (status, last) = server.stop().unwrap();
    assert!(status.success());
    last.workers[0]
}

#[test]
fn idle_connections_are_closed_in_order() {
    for driver in DRIVERS {
        let server = serve(driver, &["--idle-timeout-s", "1"]);
        let begun = Instant::now();
        let mut silent = connect(&server);
        let mut asked = connect(&server);
        ask(&mut asked);
        let mut has_a_body = connect(&server);
        has_a_body
            .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nnot 9")
            .unwrap();
        for stream in [&mut silent, &mut asked, &mut has_a_body] {
            assert_closed(stream);
        }
        assert!(begun.elapsed() > Duration::from_millis(900), "too early");
        assert_eq!(stop(server).errors, 0, "an idle peer does nothing wrong");
    }
}

#[test]
fn who_asks_now_and_then_is_not_idle() {
    for driver in DRIVERS {
        let server = serve(driver, &["--idle-timeout-s", "60", "--head-timeout-s", "1"]);
        let mut stream = connect(&server);
        for _ in 0..5 {
            ask(&mut stream);
            // Longer than a head may take, all together.
            thread::sleep(Duration::from_millis(500));
        }
        ask(&mut stream);
        assert_eq!(stop(server).requests, 6);
    }
}

/// Sends the bytes once, then one more time after time, until the server ends the connection.
fn drip(slow: &mut TcpStream, first: &[u8]) -> Duration {
    let begun = Instant::now();
    slow.write_all(first).unwrap();
    let ended = (0..600).find_map(|_| {
        let sent = slow.write_all(b"G");
        let patience = Some(Duration::from_millis(50));
        slow.set_read_timeout(patience).unwrap();
        match (sent, slow.read(&mut [0; 64])) {
            (Ok(()), Err(error)) if error.kind() == ErrorKind::WouldBlock => None,
            (Ok(()), Ok(length @ 1..)) => panic!("{length} bytes instead of the end"),
            _ => Some(begun.elapsed()),
        }
    });
    ended.expect("the server ends what takes for ever")
}

#[test]
fn a_head_that_drips_is_ended_however_often_a_byte_comes() {
    for driver in DRIVERS {
        let server = serve(driver, &["--idle-timeout-s", "60", "--head-timeout-s", "1"]);
        let mut slow = connect(&server);
        ask(&mut slow);
        let ended = drip(&mut slow, b"G");
        assert!(ended > Duration::from_millis(900), "after {ended:?}");
        // Others are served as before, and pipelined heads each have a time of their own.
        ask(&mut connect(&server));
        assert_eq!(stop(server).errors, 1, "a head that never ends is an error");
    }
}

#[test]
fn a_body_that_drips_is_ended_whether_its_length_is_known_or_not() {
    for driver in DRIVERS {
        let server = serve(driver, &["--body-timeout-s", "1"]);
        for framing in [
            "Content-Length: 100000\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n186A0\r\n",
        ] {
            let mut slow = connect(&server);
            ask(&mut slow);
            let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}");
            let ended = drip(&mut slow, head.as_bytes());
            assert!(ended > Duration::from_millis(900), "after {ended:?}");
        }
        ask(&mut connect(&server));
        assert_eq!(stop(server).errors, 2, "a body that never ends is an error");
    }
}

/// Asks time after time, cut after so many bytes: the end of each comes with the start of the next.
fn ask_by_parts(flags: &[&str], request: &[u8], cut: usize) {
    let server = serve(&[], flags);
    let mut stream = connect(&server);
    let (start, rest) = request.split_at(cut);
    stream.write_all(start).unwrap();
    for _ in 0..11 {
        thread::sleep(Duration::from_millis(500));
        stream.write_all(&[rest, start].concat()).unwrap();
        let mut answer = [0; HELLO.len()];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, HELLO);
    }
    assert_eq!(stop(server).errors, 0);
}

#[test]
fn bodies_that_come_in_time_are_answered_although_all_of_them_take_longer() {
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nnine byte";
    let flags = ["--head-timeout-s", "5", "--body-timeout-s", "5"];
    ask_by_parts(&flags, request, request.len() - 4);
}

#[test]
fn heads_that_come_in_time_are_answered_although_all_of_them_take_longer() {
    ask_by_parts(&["--head-timeout-s", "5"], REQUEST, 10);
}

/// The time is for what a peer sends; what it is sent it may take as slowly as it likes.
#[test]
fn who_takes_long_to_read_is_waited_for() {
    const BODY: usize = 1 << 20;
    const ASKED: usize = 32;
    for driver in DRIVERS {
        for limit in ["--idle-timeout-s", "--head-timeout-s"] {
            let body = BODY.to_string();
            let server = serve(driver, &["--body-bytes", &body, limit, "2"]);
            let mut stream = connect(&server);
            // More than the sockets hold, and the start of one more.
            let (start, rest) = REQUEST.split_at(10);
            let asked = [&REQUEST.repeat(ASKED), start].concat();
            stream.write_all(&asked).unwrap();
            thread::sleep(Duration::from_secs(5));
            let mut length = 0;
            let mut bytes = vec![0; BODY];
            while length < ASKED * BODY {
                let read = stream.read(&mut bytes).unwrap();
                assert!(
                    read > 0,
                    "it ended after {length} bytes: {driver:?} {limit}"
                );
                length += read;
            }
            stream.write_all(rest).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            length += stream.read_to_end(&mut bytes).unwrap();
            assert!(length > (ASKED + 1) * BODY, "the last is answered");
            drop(stream);
            assert_eq!(stop(server).errors, 0);
        }
    }
}

#[test]
fn without_flags_nobody_is_hurried_and_a_worker_to_whom_nothing_comes_sleeps() {
    for driver in DRIVERS {
        let mut server = serve(driver, &[]);
        let mut stream = connect(&server);
        ask(&mut stream);
        let entries = |server: &mut Server| server.counters().unwrap().workers[0].kernel_entries;
        // The answer's completion may yet have to be taken, and for two seconds it is looked for an
        // end that the kernel has not told of.
        let mut falls_asleep = (0..20).filter_map(|_| {
            let before = entries(&mut server);
            thread::sleep(Duration::from_millis(1500));
            (entries(&mut server) == before).then_some(before)
        });
        let before = falls_asleep.next().expect("the worker falls asleep");
        thread::sleep(Duration::from_millis(2500));
        assert_eq!(entries(&mut server), before, "the worker slept all along");
        ask(&mut stream);
        stop(server);
    }
}

#[test]
fn the_cap_is_on_the_start_line_and_kept() {
    for driver in DRIVERS {
        let mut server = serve(driver, &["--max-connections", "2"]);
        let features = &server.start.features;
        assert!(features.contains(&"max-connections=2".to_owned()));
        assert!(!features.contains(&"multishot-accept".to_owned()));
        let mut served: Vec<_> = (0..2).map(|_| connect(&server)).collect();
        served.iter_mut().for_each(ask);
        let mut third = connect(&server);
        third.write_all(REQUEST).unwrap();
        served.iter_mut().for_each(ask);
        assert_eq!(server.counters().unwrap().workers[0].accepts, 2);
        served.pop();
        let mut answer = [0; HELLO.len()];
        third.read_exact(&mut answer).unwrap();
        assert_eq!((stop(server).accepts, answer.as_slice()), (3, HELLO));
    }
}
