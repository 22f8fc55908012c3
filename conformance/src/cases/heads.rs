//! Corners of the request line and of the fields.

use std::net::SocketAddr;

use super::{HELLO, HELLO_CLOSE, accept_each, get_with, refuse_each};
use crate::failure::Failure;

pub(crate) fn folded_field(server: SocketAddr) -> Result<(), Failure> {
    let folded = ["A: b\r\n c", "A: b\r\n\tc", "A:\r\n b", "A: b\r\n "];
    refuse_each(server, folded.map(get_with), 400)?;
    let before_the_first = "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n";
    refuse_each(server, [before_the_first], 400)
}

pub(crate) fn bare_lf(server: SocketAddr) -> Result<(), Failure> {
    accept_each(
        server,
        [
            "GET / HTTP/1.1\nHost: localhost\n\n",
            "GET / HTTP/1.1\r\nHost: localhost\n\r\n",
            "\nGET / HTTP/1.1\nHost: localhost\r\n\n",
            "\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ],
        HELLO,
    )
}

pub(crate) fn bare_cr_and_controls(server: SocketAddr) -> Result<(), Failure> {
    let fields = ["A: b\rc", "A: b\r", "A: \0", "A: \x01", "A: \x7f", "A\r: b"];
    refuse_each(server, fields.map(get_with), 400)?;
    refuse_each(
        server,
        [
            "GET / HTTP/1.1\rHost: localhost\r\n\r\n",
            "GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "\rGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ],
        400,
    )
}

pub(crate) fn field_name(server: SocketAddr) -> Result<(), Failure> {
    let names = [
        "A : b",
        "A\t: b",
        ": b",
        "A b: c",
        "A",
        "A(): b",
        "A\u{e9}: b",
    ];
    refuse_each(server, names.map(get_with), 400)?;
    let odd_but_names = ["A!#$%&'*+-.^_`|~9: b", "a:b", "A:", "A: \t b \t"];
    accept_each(server, odd_but_names.map(get_with), HELLO)
}

pub(crate) fn host_once(server: SocketAddr) -> Result<(), Failure> {
    let twice = ["Host: localhost", "host: other", "HOST:"];
    refuse_each(server, twice.map(get_with), 400)?;
    refuse_each(
        server,
        [
            "GET / HTTP/1.1\r\n\r\n",
            "GET http://localhost/ HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
        ],
        400,
    )
}

pub(crate) fn host_value(server: SocketAddr) -> Result<(), Failure> {
    let get = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let hosts = [
        "",
        "localhost:8080",
        "127.0.0.1:80",
        "[::1]:80",
        "a_b",
        "%41",
    ];
    accept_each(server, hosts.map(get), HELLO)?;
    let others = [
        "a b",
        "a/",
        "a,b:c",
        "a:80:80",
        "u@a",
        "[::1",
        "127.0.0.1:80x",
        "%4",
    ];
    refuse_each(server, others.map(get), 400)
}

pub(crate) fn target_forms(server: SocketAddr) -> Result<(), Failure> {
    let request =
        |(method, target)| format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let fit = [
        ("GET", "http://localhost/"),
        ("GET", "HTTP://other:80/a?b"),
        ("OPTIONS", "*"),
        ("OPTIONS", "/"),
        ("DELETE", "/a/b?c=d"),
    ];
    accept_each(server, fit.map(request), HELLO)?;
    let unfit = [
        ("GET", "*"),
        ("GET", "localhost:80"),
        ("POST", "a"),
        ("GET", "http:///"),
    ];
    refuse_each(server, unfit.map(request), 400)?;
    let tunnels = [("CONNECT", "localhost:80"), ("CONNECT", "/")];
    refuse_each(server, tunnels.map(request), 501)
}

pub(crate) fn versions(server: SocketAddr) -> Result<(), Failure> {
    let get = |version: &str| format!("GET / {version}\r\nHost: localhost\r\n\r\n");
    let versions = [
        "HTTP/2.0",
        "HTTP/3",
        "HTTP/0.9",
        "http/1.1",
        "HTTP/1.10",
        "HTTP/11",
        "ICY/1.1",
    ];
    refuse_each(server, versions.map(get), 400)?;
    refuse_each(server, ["GET /\r\n", "GET / \r\n", "/ HTTP/1.1\r\n"], 400)?;
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings = "\0\0\0\x04\0\0\0\0\0";
    refuse_each(server, [format!("{preface}{settings}")], 400)?;
    // The start of TLS, with a byte that ends its first line.
    refuse_each(server, ["\x16\x03\x01\x02\0\x01\0\n"], 400)
}

pub(crate) fn upgrade_ignored(server: SocketAddr) -> Result<(), Failure> {
    accept_each(
        server,
        [
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        .map(get_with),
        HELLO,
    )?;
    let closing = get_with("Connection: upgrade, close\r\nUpgrade: h2c");
    super::answers_and_closes(server, &closing, HELLO_CLOSE)
}
