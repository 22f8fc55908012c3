//! What the tests share.
#![allow(dead_code, reason = "each test binary uses a part")]

use hello_http::{Connection, HELLO, Mode};

pub const HELLO_CLOSE: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, World!";
pub const HELLO_KEEP_ALIVE: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: keep-alive\r\n\r\nHello, World!";
pub const HEAD_ONLY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n";
pub const HEAD_CLOSE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n";
pub const HEAD_KEEP_ALIVE: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: keep-alive\r\n\r\n";
pub const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
pub const BAD_REQUEST: &str =
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
pub const NOT_IMPLEMENTED: &str =
    "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
pub const TOO_LARGE: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// All that a connection answered to several reads.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub bytes: String,
    pub requests: u32,
    pub close: bool,
}

pub fn total<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> Total {
    let mut connection = Connection::new(Mode::Parse);
    let mut total = Total::default();
    for read in reads {
        let batch = connection.feed(read);
        total.bytes += &String::from_utf8_lossy(&batch.bytes);
        total.requests += batch.requests;
        assert!(
            batch.close || !total.close,
            "a closed connection opened again"
        );
        total.close = batch.close;
    }
    total
}

/// The answers to `input`, read at once and byte by byte, which must not differ.
pub fn answers(input: impl AsRef<[u8]>) -> Total {
    let input = input.as_ref();
    let whole = total([input]);
    assert_eq!(whole, total(input.chunks(1)), "a byte at a time");
    whole
}

#[track_caller]
pub fn assert_answers(input: impl AsRef<[u8]>, bytes: &str, requests: u32, close: bool) {
    let expected = Total {
        bytes: bytes.to_owned(),
        requests,
        close,
    };
    assert_eq!(answers(input), expected);
}

#[track_caller]
pub fn assert_open(input: impl AsRef<[u8]>, requests: u32) {
    assert_answers(input, &hellos(requests), requests, false);
}

#[track_caller]
pub fn assert_malformed(input: impl AsRef<[u8]>) {
    assert_answers(input, BAD_REQUEST, 0, true);
}

#[track_caller]
pub fn assert_too_large(input: impl AsRef<[u8]>) {
    assert_answers(input, TOO_LARGE, 0, true);
}

pub fn hellos(count: u32) -> String {
    String::from_utf8_lossy(HELLO).repeat(count as usize)
}

pub const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

pub fn get_with(field: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n")
}

pub fn chunked(body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
}
