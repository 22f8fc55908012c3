//! What must be answered, byte by byte, where hyper's own parser has no say: what it sends on a
//! closing connection is hyper's own order of headers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use conformance::server::{Server, assert_passes};

const SERVER: &str = env!("CARGO_BIN_EXE_peer-hyper");

#[test]
fn answers_are_the_same_bytes() {
    for case in [
        "one-request",
        "pipelined-1000",
        "byte-at-a-time",
        "head-method",
        "body-1-mib",
        "chunked-body",
        "half-closed-client",
        "close-while-another-waits",
        "connections-2000",
    ] {
        assert_passes(SERVER, &["--workers", "2"], case);
    }
}

#[test]
fn a_close_that_is_asked_for_is_given() {
    let mut server = Server::spawn(SERVER, &["--workers", "1"]).unwrap();
    let mut stream = TcpStream::connect(server.start.address).unwrap();
    // Only ever reached when the server does not answer.
    let patience = Some(Duration::from_secs(60));
    stream.set_read_timeout(patience).unwrap();
    let closing = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(closing).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nHello, World!"), "{answer}");
    let counters = server.counters().unwrap();
    assert_eq!(counters.workers[0].requests, 1);
}

#[test]
fn what_hyper_cannot_do_is_refused() {
    let error = Server::spawn(SERVER, &["--no-parse"]).unwrap_err();
    assert!(error.to_string().contains("the server ended"), "{error}");
}
