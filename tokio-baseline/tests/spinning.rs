//! A worker that may spin does so while that pays, and only then.

mod common;

use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use common::{ask, connect, start, sum};
use conformance::server::Server;

/// The longest spin there is, so that the answers of a slow machine come within it.
const SPIN: [&str; 2] = ["--spin-us", "10000"];
const RUNTIMES: [&[&str]; 2] = [
    &["--workers", "1"],
    &[
        "--workers",
        "1",
        "--runtime",
        "per-core",
        "--accept",
        "per-worker",
    ],
];
const ASKED: u64 = 100;
/// What the client lets pass before each request: far less than a spin is long, far more than a
/// call takes, so that a worker that spins makes many calls a request on any machine.
const PAUSE: Duration = Duration::from_micros(300);

fn entries(server: &mut Server) -> u64 {
    let counters = server.counters().expect("the server answers signals");
    sum(&counters, |worker| worker.kernel_entries)
}

/// System calls that the server makes for so many requests, one after the other.
fn entries_for_requests(server: &mut Server, client: &mut TcpStream) -> u64 {
    let before = entries(server);
    for _ in 0..ASKED {
        sleep(PAUSE);
        ask(client);
    }
    entries(server) - before
}

/// Whether the server in one of so many tries makes more calls than requests need: each takes a
/// receive, a send, and a wait or two.
fn spins(server: &mut Server, client: &mut TcpStream, tries: u32) -> bool {
    (0..tries).any(|_| entries_for_requests(server, client) > 6 * ASKED)
}

#[test]
fn one_connection_is_spun_for() {
    for runtime in RUNTIMES {
        let mut server = start(&[runtime, &SPIN].concat());
        assert!(server.start.features.contains(&"spin-us=10000".to_owned()));
        let mut client = connect(server.start.address);
        assert!(spins(&mut server, &mut client, 100), "{runtime:?}");
    }
}

#[test]
fn nothing_spins_unasked() {
    for runtime in RUNTIMES {
        let mut server = start(runtime);
        let mut client = connect(server.start.address);
        assert!(!spins(&mut server, &mut client, 10), "{runtime:?}");
    }
}

#[test]
fn an_idle_server_sleeps() {
    for runtime in RUNTIMES {
        let mut server = start(&[runtime, &SPIN].concat());
        let mut client = connect(server.start.address);
        assert!(spins(&mut server, &mut client, 100), "{runtime:?}");
        // Each look is later than a spin is long.
        let mut last = entries(&mut server);
        let mut looks_without_change = 0;
        for _ in 0..1000 {
            sleep(Duration::from_millis(20));
            let now = entries(&mut server);
            looks_without_change = if now == last {
                looks_without_change + 1
            } else {
                0
            };
            last = now;
            if looks_without_change == 5 {
                break;
            }
        }
        assert_eq!(looks_without_change, 5, "{runtime:?}");
        ask(&mut client);
    }
}
