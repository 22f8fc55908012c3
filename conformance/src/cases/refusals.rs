//! Requests that must be refused. The next request begins nobody knows where, so the server
//! closes.

use std::net::SocketAddr;

use super::{GET, HELLO};
use crate::client::Client;
use crate::failure::Failure;

const LONGEST_HEAD: usize = 8192;

pub(crate) fn malformed_400(server: SocketAddr) -> Result<(), Failure> {
    let malformed: [&[u8]; 6] = [
        b"not a request\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: five\r\n\r\nabcde",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\
          Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ];
    for request in malformed {
        Client::connect(server)?.expect_refusal(request, b"", 400)?;
    }
    let after_another = [GET, malformed[0], GET].concat();
    Client::connect(server)?.expect_refusal(&after_another, HELLO, 400)
}

pub(crate) fn head_too_large_431(server: SocketAddr) -> Result<(), Failure> {
    let mut client = Client::connect(server)?;
    client.exchange(&head(LONGEST_HEAD), HELLO)?;
    client.finish()?;
    // The long one is still being sent when the answer comes, which the client must get to read.
    for bytes in [LONGEST_HEAD + 1, 1 << 16] {
        Client::connect(server)?.expect_refusal(&head(bytes), b"", 431)?;
    }
    Ok(())
}

/// A request with a head of so many bytes.
fn head(bytes: usize) -> Vec<u8> {
    let mut head = b"GET / HTTP/1.1\r\nHost: localhost\r\nPadding: ".to_vec();
    head.resize(bytes - 4, b'x');
    head.extend(b"\r\n\r\n");
    head
}
