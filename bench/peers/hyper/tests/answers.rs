//! What must be answered, byte by byte, where hyper's own parser has no say: what it sends on a
//! closing connection is hyper's own order of headers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use conformance::server::{Server, assert_passes};

const SERVER: &str = env!("CARGO_BIN_EXE_peer-hyper");
const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";

#[test]
fn answers_are_the_same_bytes() {
    for case in [
        "one-request",
        "pipelined-1000",
        "head-method",
        "half-closed-client",
        "connections-2000",
    ] {
        assert_passes(SERVER, &["--workers", "2"], case);
    }
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.start.address).unwrap();
    stream.set_nodelay(true).unwrap();
    // Only ever reached when the server does not answer.
    let patience = Some(Duration::from_secs(60));
    stream.set_read_timeout(patience).unwrap();
    stream
}

#[test]
fn a_split_request_is_answered() {
    let server = Server::spawn(SERVER, &["--workers", "1"]).unwrap();
    let mut stream = connect(&server);
    for piece in b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".chunks(7) {
        stream.write_all(piece).unwrap();
        // So that each piece is likely to be a read of its own.
        sleep(Duration::from_millis(1));
    }
    let mut answer = vec![0; HELLO.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, HELLO);
}

#[test]
fn a_close_that_is_asked_for_is_given() {
    let mut server = Server::spawn(SERVER, &["--workers", "1"]).unwrap();
    let mut stream = connect(&server);
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
