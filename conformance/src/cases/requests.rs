//! Requests without bodies.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::Duration;

use super::{GET, HELLO};
use crate::client::Client;
use crate::failure::Failure;

const BODY: &[u8] = b"Hello, World!";
const HEAD: &[u8] = b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const HEAD_ONLY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n";

pub(crate) fn one_request(server: SocketAddr) -> Result<(), Failure> {
    let mut client = Client::connect(server)?;
    client.send(GET);
    client.receive(HELLO)?;
    client.finish()
}

/// Returns the length of the answer.
pub(crate) fn one_request_of(
    server: SocketAddr,
    body_bytes: Option<u32>,
) -> Result<usize, Failure> {
    let body = body(body_bytes);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let answer = [head.as_bytes(), &body].concat();
    let mut client = Client::connect(server)?;
    client.send(GET);
    client.receive(&answer)?;
    client.finish().map(|()| answer.len())
}

/// Returns the length of the answer.
pub(crate) fn one_request_like(
    server: SocketAddr,
    body_bytes: Option<u32>,
) -> Result<usize, Failure> {
    let mut client = Client::connect(server)?;
    client.send(GET);
    client.receive_like(200, &body(body_bytes))
}

/// `Hello, World!` over and over, of that length; once without one.
fn body(bytes: Option<u32>) -> Vec<u8> {
    let length = bytes.map_or(BODY.len(), |bytes| bytes as usize);
    BODY.iter().copied().cycle().take(length).collect()
}

pub(crate) fn pipelined_1000(server: SocketAddr) -> Result<(), Failure> {
    let mut client = Client::connect(server)?;
    client.exchange(&GET.repeat(1000), &HELLO.repeat(1000))?;
    client.finish()
}

pub(crate) fn byte_at_a_time(server: SocketAddr) -> Result<(), Failure> {
    let post = b"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nabc\r\n";
    let mut client = Client::connect(server)?;
    for request in [GET, post, GET] {
        let (last, before) = request.split_last().unwrap_or((&0, &[]));
        for byte in before {
            client.send(&[*byte]);
            // So that each byte is likely to be a read of its own.
            sleep(Duration::from_millis(1));
        }
        client.expect_silence()?;
        client.send(&[*last]);
        client.receive(HELLO)?;
    }
    client.finish()
}

pub(crate) fn head_method(server: SocketAddr) -> Result<(), Failure> {
    let mut client = Client::connect(server)?;
    client.send(HEAD);
    client.receive(HEAD_ONLY)?;
    client.send(&[GET, HEAD].concat());
    client.receive(&[HELLO, HEAD_ONLY].concat())?;
    client.finish()
}
