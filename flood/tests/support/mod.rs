//! Servers that answer, and servers that do not.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use flood::Settings;

pub const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";

/// Requests that each connection has sent, in the order of the connections.
pub type Seen = Arc<Mutex<Vec<u64>>>;

/// A server that hands every answer to `answer`: the connection, its number, and the number of the
/// request on it, both from 0. It closes when that says so.
pub fn serve(
    answer: impl Fn(&mut TcpStream, usize, u64) -> bool + Send + Sync + 'static,
) -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (answer, seen) = (Arc::new(answer), Seen::default());
    let all = Arc::clone(&seen);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            all.lock().unwrap().push(0);
            let (all, answer, mut stream) =
                (Arc::clone(&all), Arc::clone(&answer), stream.unwrap());
            thread::spawn(move || {
                while read_request(&mut stream) {
                    let request = {
                        let count = &mut all.lock().unwrap()[number];
                        *count += 1;
                        *count - 1
                    };
                    if !answer(&mut stream, number, request) {
                        return;
                    }
                }
            });
        }
    });
    (address, seen)
}

/// Byte by byte, which is slow and simple; false at the end of the connection.
fn read_request(stream: &mut TcpStream) -> bool {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => text.push(byte[0]),
            _ => return false,
        }
    }
    assert!(text.starts_with(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:"));
    true
}

/// The right answer.
pub fn hello(stream: &mut TcpStream) -> bool {
    stream.write_all(HELLO).is_ok()
}

/// A run that ends when it is stopped, or has nothing left to load; not by its window.
pub fn settings(address: SocketAddr, connections: usize) -> Settings {
    Settings {
        address,
        connections,
        idle: 0,
        pipeline: 1,
        rate_per_s: None,
        requests_per_connection: None,
        sources: 1,
        duration: Duration::from_secs(3600),
        threads: 1,
        cpus: Vec::new(),
        timeout: Duration::from_secs(60),
    }
}
