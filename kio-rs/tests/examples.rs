//! Each example runs, does what it says, and ends.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use hello_http::HELLO;
use socket2::SockRef;

struct Example {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Example {
    fn start(name: &str, arguments: &[&str]) -> Self {
        // Cargo puts examples next to the folder of the tests.
        let tests: PathBuf = std::env::current_exe().unwrap();
        let target = tests.parent().and_then(|folder| folder.parent()).unwrap();
        let path = target.join("examples").join(name);
        let mut child = Command::new(&path)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                let path = path.display();
                panic!("{path}: {error}; `cargo build -p kio-rs --examples` makes it")
            });
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    fn serve(name: &str, arguments: &[&str]) -> (Self, SocketAddr) {
        let mut example = Self::start(name, arguments);
        let mut line = String::new();
        example.stdout.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap();
        (example, address.parse().unwrap())
    }

    /// Ends its input, upon which a server ends; what it printed.
    fn end(mut self) -> String {
        drop(self.child.stdin.take());
        let mut printed = String::new();
        self.stdout.read_to_string(&mut printed).unwrap();
        assert!(self.child.wait().unwrap().success());
        printed
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // After a failed test; otherwise it has ended.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// All of what the server says to all of what is sent.
fn converse(address: SocketAddr, said: &[u8]) -> Vec<u8> {
    let mut stream = connect(address);
    stream.write_all(said).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).unwrap();
    heard
}

#[test]
fn echo() {
    let (example, address) = Example::serve("echo", &["127.0.0.1:0"]);
    let idle = connect(address);
    assert_eq!(converse(address, b"hello"), b"hello");
    example.end();
    drop(idle);
}

#[test]
fn hello() {
    let (example, address) = Example::serve("hello", &["127.0.0.1:0"]);
    let requests = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3);
    assert_eq!(converse(address, &requests), HELLO.repeat(3));
    example.end();
}

#[test]
fn proxy() {
    let (echo, behind) = Example::serve("echo", &["127.0.0.1:0"]);
    let (proxy, address) = Example::serve("proxy", &[&behind.to_string(), "127.0.0.1:0"]);
    let bytes: Vec<u8> = (0..100_000_u32).map(|i| (i / 3) as u8).collect();
    assert!(converse(address, &bytes) == bytes, "the echo differs");
    let mut talk = connect(address);
    for word in [b"one", b"two"] {
        talk.write_all(word).unwrap();
        let mut back = [0; 3];
        talk.read_exact(&mut back).unwrap();
        assert_eq!(&back, word);
    }
    drop(talk);
    echo.end();
    // Nobody is behind it any more: the proxy closes what it cannot carry, and lives.
    assert!(converse(address, b"").is_empty());
    proxy.end();
}

#[test]
fn proxy_tells_a_peer_that_the_other_was_reset() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let behind = upstream.local_addr().unwrap().to_string();
    let (proxy, address) = Example::serve("proxy", &[&behind, "127.0.0.1:0"]);
    for client_resets in [true, false] {
        let client = connect(address);
        let (server, _) = upstream.accept().unwrap();
        server
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let (mut gone, mut waiting) = if client_resets {
            (client, server)
        } else {
            (server, client)
        };
        // Once carried, so that the proxy's receive is what hears of the reset.
        gone.write_all(b"x").unwrap();
        waiting.read_exact(&mut [0]).unwrap();
        let no_wait = Some(Duration::ZERO);
        SockRef::from(&gone).set_linger(no_wait).unwrap();
        drop(gone);
        assert_eq!(waiting.read(&mut [0]).unwrap(), 0, "{client_resets}");
    }
    proxy.end();
}

#[test]
fn timer() {
    let printed = Example::start("timer", &[]).end();
    let ticks = printed.lines().filter(|line| line.starts_with("tick"));
    assert_eq!(ticks.count(), 3, "{printed}");
    assert!(
        printed.contains("slept") && printed.contains("gave up"),
        "{printed}"
    );
}
