//! Status and body of the answers; their heads are nginx's own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use conformance::server::Server;

const SERVER: &str = env!("CARGO_BIN_EXE_peer-nginx");
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const CLOSING: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.start.address).expect("nginx listens");
    stream.set_nodelay(true).expect("an open socket");
    // Only ever reached when the server does not answer.
    let patience = Some(Duration::from_secs(60));
    stream.set_read_timeout(patience).expect("an open socket");
    stream
}

/// Everything until the server closes, as the number of good answers in it.
fn answers(mut stream: &TcpStream) -> usize {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("answers");
    let mut rest = text.as_str();
    let mut count = 0;
    while let Some((head, after)) = rest.split_once("\r\n\r\n") {
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("\r\nContent-Length: 13"), "{head}");
        assert!(!head.contains("Content-Type"), "{head}");
        rest = after.strip_prefix("Hello, World!").expect("the body");
        count += 1;
    }
    assert_eq!(rest, "");
    count
}

#[test]
fn a_request_a_pipelined_batch_and_a_close_are_answered() {
    let mut server = Server::spawn(SERVER, &["--workers", "1"]).unwrap();
    assert_eq!(server.counters().unwrap().workers[0].requests, 0);
    for before in [0, 15, 999] {
        let mut stream = connect(&server);
        stream.write_all(&GET.repeat(before)).unwrap();
        stream.write_all(CLOSING).unwrap();
        assert_eq!(answers(&stream), before + 1);
    }
    let (status, last) = server.stop().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(
        (last.workers[0].requests, last.workers[0].accepts),
        (1017, 3)
    );
}

#[test]
fn a_split_request_is_answered() {
    let server = Server::spawn(SERVER, &["--workers", "2", "--cpus", "0"]).unwrap();
    let mut stream = connect(&server);
    for piece in CLOSING.chunks(7) {
        stream.write_all(piece).unwrap();
        // So that each piece is likely to be a read of its own.
        sleep(Duration::from_millis(1));
    }
    assert_eq!(answers(&stream), 1);
    // A server that is only dropped is killed, and leaves its directory.
    server.stop().unwrap();
}

#[test]
fn nothing_is_left_behind() {
    let directory = env!("CARGO_TARGET_TMPDIR");
    let mine = Path::new(directory).join("nothing-is-left-behind");
    std::fs::create_dir_all(&mine).unwrap();
    let files = || std::fs::read_dir(&mine).unwrap().count();
    let script = "\"$1\" --listen 127.0.0.1:0 & pid=$!; \
        until [ -S \"$TMPDIR\"/*/status ]; do sleep 0.01; done; ls \"$TMPDIR\"; \
        kill -TERM $pid; wait $pid";
    let output = Command::new("sh")
        .args(["-c", script, "sh", SERVER])
        .env("TMPDIR", &mine)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("peer-nginx-"), "{text}");
    assert_eq!(files(), 0);
}
