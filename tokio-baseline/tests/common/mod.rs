//! What the tests share.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use conformance::server::Server;
use server_kit::{CountersLine, WorkerCounters};

pub const SERVER: &str = env!("CARGO_BIN_EXE_tokio-baseline");
pub const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
pub const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";

/// The flags of every arm.
pub const ARMS: [&[&str]; 6] = [
    &["--workers", "2"],
    &["--workers", "2", "--no-parse"],
    &["--workers", "2", "--accept", "per-worker"],
    &[
        "--workers",
        "2",
        "--accept",
        "per-worker",
        "--runtime",
        "per-core",
    ],
    &["--workers", "2", "--buffer", "worker"],
    &[
        "--workers",
        "2",
        "--accept",
        "per-worker",
        "--runtime",
        "per-core",
        "--buffer",
        "worker",
    ],
];

#[track_caller]
pub fn start(args: &[&str]) -> Server {
    Server::spawn(SERVER, args).unwrap_or_else(|error| panic!("{args:?}: {error:#}"))
}

/// A connection that does not wait for ever.
#[track_caller]
pub fn connect(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).expect("the server listens");
    let set = stream.set_read_timeout(Some(Duration::from_secs(30)));
    set.expect("a time-out is no strange wish");
    stream
}

#[track_caller]
pub fn ask(stream: &mut TcpStream) {
    stream.write_all(GET).expect("the connection is open");
    let mut answer = [0; HELLO.len()];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(answer, HELLO);
}

/// All workers' counts together.
pub fn sum(line: &CountersLine, count: impl Fn(&WorkerCounters) -> u64) -> u64 {
    line.workers.iter().map(count).sum()
}
