//! Reads that end anywhere.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::Duration;

use super::{CONTINUE, GET, HELLO, HELLO_CLOSE};
use crate::client::Client;
use crate::failure::Failure;

const HEAD: &[u8] = b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const HEAD_ONLY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n";

/// Heads, bodies and what is before and after them, each with its answer.
const PIPELINE: [(&[u8], &[u8]); 6] = [
    (GET, HELLO),
    (
        b"\r\nPOST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nGET /\n",
        HELLO,
    ),
    (HEAD, HEAD_ONLY),
    (
        b"PUT / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n\
          6;a=\"b\"\r\n\r\n0\r\n\r\r\n0\r\nTrailer: value\r\n\r\n",
        HELLO,
    ),
    (GET, HELLO),
    (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        HELLO_CLOSE,
    ),
];

/// Cuts the pipeline in two at each of its bytes. What is complete is answered before the rest is sent,
/// which also makes sure that the rest is a read of its own.
pub(crate) fn pipeline_cut_anywhere(server: SocketAddr) -> Result<(), Failure> {
    let requests = PIPELINE.map(|(request, _)| request).concat();
    for cut in 1..requests.len() {
        let complete = complete_before(cut);
        let answers = |range: &[(&[u8], &[u8])]| {
            let answers: Vec<&[u8]> = range.iter().map(|(_, answer)| *answer).collect();
            answers.concat()
        };
        let mut client = Client::connect(server)?;
        client.send(&requests[..cut]);
        client.receive(&answers(&PIPELINE[..complete]))?;
        // Without an answer to wait for, the pieces are only likely to be two reads.
        sleep(Duration::from_millis(1));
        client.send(&requests[cut..]);
        client.receive(&answers(&PIPELINE[complete..]))?;
        client.expect_close()?;
    }
    Ok(())
}

/// How many requests end in so many bytes.
fn complete_before(bytes: usize) -> usize {
    let ends = PIPELINE.iter().scan(0, |end, (request, _)| {
        *end += request.len();
        Some(*end)
    });
    ends.take_while(|end| *end <= bytes).count()
}

/// A byte after the other, at once: the kernel hands over as many as have come.
pub(crate) fn bytes_in_a_row(server: SocketAddr) -> Result<(), Failure> {
    let mut client = Client::connect(server)?;
    for (request, answer) in &PIPELINE {
        for byte in *request {
            client.send(&[*byte]);
        }
        client.receive(answer)?;
    }
    client.expect_close()?;

    let mut client = Client::connect(server)?;
    let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    for byte in head.as_bytes() {
        client.send(&[*byte]);
    }
    client.receive(CONTINUE)?;
    for byte in b"abc" {
        client.send(&[*byte]);
    }
    client.receive(HELLO)?;
    client.finish()
}
