//! What the cases send and expect.

pub(crate) mod closing;
pub(crate) mod connections;
pub(crate) mod framing;
pub(crate) mod heads;
pub(crate) mod refusals;
pub(crate) mod requests;
pub(crate) mod slow_clients;
pub(crate) mod splits;

use std::net::SocketAddr;

use crate::client::Client;
use crate::failure::Failure;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
pub(crate) const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
const HELLO_CLOSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, World!";
const HELLO_KEEP_ALIVE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: keep-alive\r\n\r\nHello, World!";

/// A plain request with one more field, or several.
fn get_with(field: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: localhost\r\n{field}\r\n\r\n")
}

/// Each request, on a connection of its own, must get the answer, and the plain one after it its own.
fn accept_each<T: AsRef<[u8]>>(
    server: SocketAddr,
    requests: impl IntoIterator<Item = T>,
    answer: &[u8],
) -> Result<(), Failure> {
    for request in requests {
        let mut client = Client::connect(server)?;
        client.exchange(&[request.as_ref(), GET].concat(), &[answer, HELLO].concat())?;
        client.finish()?;
    }
    Ok(())
}

/// Each request, on a connection of its own, must be refused with the status, and the plain one after
/// it not be answered.
fn refuse_each<T: AsRef<[u8]>>(
    server: SocketAddr,
    requests: impl IntoIterator<Item = T>,
    status: u16,
) -> Result<(), Failure> {
    for request in requests {
        let bytes = [request.as_ref(), GET].concat();
        Client::connect(server)?.expect_refusal(&bytes, b"", status)?;
    }
    Ok(())
}

/// The request must get the answer, and the plain one after it none.
fn answers_and_closes(server: SocketAddr, request: &str, answer: &[u8]) -> Result<(), Failure> {
    let mut client = Client::connect(server)?;
    client.exchange(&[request.as_bytes(), GET].concat(), answer)?;
    client.expect_close()
}
