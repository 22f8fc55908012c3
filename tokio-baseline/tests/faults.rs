//! What goes wrong is said, or survived.

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::process::Command;
use std::time::{Duration, Instant};

use common::{ARMS, SERVER, ask, connect, start, sum};
use conformance::server::Server;
use socket2::SockRef;

/// The message of a server that must not start.
#[track_caller]
fn refusal(args: &[&str]) -> String {
    let output = Command::new(SERVER).args(args).output();
    let output = output.expect("the server is built");
    assert!(!output.status.success(), "{args:?}");
    assert!(output.stdout.is_empty(), "{args:?} printed a start line");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_port_in_use_is_refused() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    for args in ARMS {
        let message = refusal(&[args, &["--listen", &address]].concat());
        assert!(
            message.contains(&format!("cannot listen on {address}")),
            "{message}"
        );
        assert!(message.contains("--listen"), "{message}");
    }
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let message = refusal(&["--runtime", "per-core"]);
    assert!(message.contains("add --accept per-worker"), "{message}");
    let message = refusal(&["--cpus", "0,4000", "--listen", "127.0.0.1:0"]);
    assert!(
        message.contains("processor 4000 of --cpus is not available"),
        "{message}"
    );
    let message = refusal(&["--workers", "0"]);
    assert!(message.contains("--workers"), "{message}");
}

#[test]
fn a_reset_connection_is_an_error_of_its_own() {
    for args in ARMS {
        let server = start(args);
        let mut other = connect(server.start.address);
        ask(&mut other);
        let mut client = connect(server.start.address);
        ask(&mut client);
        SockRef::from(&client)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
        drop(client);
        ask(&mut other);
        other.shutdown(Shutdown::Write).unwrap();
        assert_eq!(other.read(&mut [0]).unwrap(), 0);
        let (status, last) = server.stop().unwrap();
        assert!(status.success(), "{args:?}: {status}");
        assert_eq!(sum(&last, |worker| worker.errors), 1, "{args:?}: {last:?}");
        assert_eq!(sum(&last, |worker| worker.closes), 2, "{args:?}: {last:?}");
    }
}

/// A socket that is closed with unread input resets the connection, which would tell the client
/// of an error in place of the end.
#[test]
fn a_refused_client_gets_a_clean_end() {
    let parsing = ARMS.iter().filter(|args| !args.contains(&"--no-parse"));
    for args in parsing {
        let server = start(args);
        let mut client = connect(server.start.address);
        client.write_all(&b"x".repeat(1 << 16)).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

#[test]
fn too_few_files_are_survived() {
    let script = "ulimit -n 40; exec \"$0\" \"$@\"";
    for args in ARMS {
        let started = Instant::now();
        let mut server = Server::spawn("sh", &[&["-c", script, SERVER], args].concat()).unwrap();
        let mut first_client = connect(server.start.address);
        ask(&mut first_client);
        let mut clients: Vec<_> = (0..100).map(|_| connect(server.start.address)).collect();
        // Answers to the signal take as long as they take; each look is a round trip.
        while sum(&server.counters().unwrap(), |worker| worker.errors) == 0 {}
        ask(&mut first_client);

        let mut last_client = clients.pop().unwrap();
        drop(clients);
        ask(&mut last_client);
        let (status, last) = server.stop().unwrap();
        assert!(status.success(), "{args:?}: {status}");
        // One pause of at least 10 ms a failure for each of two acceptors, however long it took.
        let most = 2 + 2 * started.elapsed().as_millis() as u64 / 10;
        assert!(
            sum(&last, |worker| worker.errors) <= most,
            "{args:?}: {last:?}"
        );
    }
}
