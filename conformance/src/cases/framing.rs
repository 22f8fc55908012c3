//! Requests with bodies. The bodies look like requests, so that a server which loses its place
//! answers them.

use std::net::SocketAddr;

use super::{CONTINUE, GET, HELLO, HELLO_KEEP_ALIVE, accept_each, refuse_each};
use crate::client::Client;
use crate::failure::Failure;

const MIB: usize = 1 << 20;

pub(crate) fn body_1_mib(server: SocketAddr) -> Result<(), Failure> {
    let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MIB}\r\n\r\n");
    let mut body = GET.repeat(MIB / GET.len() + 1);
    body.truncate(MIB);
    let mut client = Client::connect(server)?;
    let request = [head.as_bytes(), &body, GET].concat();
    client.exchange(&request, &HELLO.repeat(2))?;
    client.finish()
}

pub(crate) fn chunked_body(server: SocketAddr) -> Result<(), Failure> {
    let head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut request = head.to_vec();
    for data in [GET, b"\r\n0\r\n\r\n", &GET.repeat(1000)] {
        request.extend(format!("{:X};name=\"value\";other\r\n", data.len()).bytes());
        request.extend(data);
        request.extend(b"\r\n");
    }
    request.extend(b"0\r\nTrailer: value\r\n\r\n");
    request.extend(GET);

    let mut client = Client::connect(server)?;
    client.exchange(&request, &HELLO.repeat(2))?;
    for piece in request[..400].chunks(7) {
        client.send(piece);
    }
    client.exchange(&request[400..], &HELLO.repeat(2))?;
    client.finish()
}

fn post(fields: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n{body}")
}

fn chunked(body: &str) -> String {
    post("Transfer-Encoding: chunked", body)
}

pub(crate) fn content_length(server: SocketAddr) -> Result<(), Failure> {
    let length = |(value, body): (&str, &str)| post(&format!("Content-Length: {value}"), body);
    let bodies = [
        ("0", ""),
        ("5", "GET /"),
        ("003", "abc"),
        ("3\r\ncontent-length: 3", "abc"),
    ];
    accept_each(server, bodies.map(length), HELLO)?;
    let values = [
        "3\r\nContent-Length: 4",
        "3, 3",
        "3,4",
        "",
        "-1",
        "+3",
        "0x3",
        "3 3",
        "3;",
        "three",
        "18446744073709551616",
    ];
    refuse_each(server, values.map(|value| length((value, "abc"))), 400)
}

/// What a proxy and this server could take for two different requests.
pub(crate) fn smuggling(server: SocketAddr) -> Result<(), Failure> {
    let chunks = "0\r\n\r\n";
    let fields = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: \x0bchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding:",
    ];
    refuse_each(server, fields.map(|fields| post(fields, chunks)), 400)?;
    let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    refuse_each(server, [old], 400)
}

pub(crate) fn chunked_malformed(server: SocketAddr) -> Result<(), Failure> {
    let sound = [
        "0\r\n\r\n",
        "000\r\n\r\n",
        "a\r\n0123456789\r\nA;x\r\n0123456789\r\n0\r\n\r\n",
        "1 ; a = \"b; c\"\r\nx\r\n0;last\r\nA: b\r\nC:\r\n\r\n",
    ];
    accept_each(server, sound.map(chunked), HELLO)?;
    let unsound = [
        "\r\n",
        "g\r\n",
        "-1\r\n",
        "+1\r\nx\r\n",
        "0x1\r\nx\r\n",
        "1 \r\nx\r\n",
        ";a\r\n",
        "1\nx\r\n",
        "1\rx\r\n",
        "1\r\nxy\r\n",
        "1\r\nx\n",
        "1;\n\r\n",
        "1;\0\r\n",
        "0\r\nA: b\n",
        "10000000000000000\r\n",
        "fffffffffffffffff\r\n",
    ];
    refuse_each(server, unsound.map(chunked), 400)
}

pub(crate) fn expect_continue(server: SocketAddr) -> Result<(), Failure> {
    let asks = ["Content-Length: 3", "Transfer-Encoding: chunked"];
    for (framing, body) in asks.into_iter().zip(["abc", "3\r\nabc\r\n0\r\n\r\n"]) {
        let mut client = Client::connect(server)?;
        for expectation in ["100-continue", "100-Continue"] {
            client.send(post(&format!("Expect: {expectation}\r\n{framing}"), "").as_bytes());
            client.receive(CONTINUE)?;
            client.expect_silence()?;
            client.send(body.as_bytes());
            client.receive(HELLO)?;
        }
        client.finish()?;
    }
    // Nothing to wait for, or nobody who could.
    accept_each(server, [post("Expect: 100-continue", "")], HELLO)?;
    let old = "POST / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n\
               Content-Length: 3\r\n\r\nabc";
    accept_each(server, [old], HELLO_KEEP_ALIVE)
}
