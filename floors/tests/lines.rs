//! What the floors say of themselves, and what they refuse.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use conformance::server::Server;
use hello_http::HELLO;
use server_kit::WorkerCounters;

const URING: &str = env!("CARGO_BIN_EXE_uring-floor");
const EPOLL: &str = env!("CARGO_BIN_EXE_epoll-floor");

const BASE: &str = "uring workers=1 unpinned CLAMP CQSIZE SINGLE_ISSUER DEFER_TASKRUN balance-hash accept-per-worker \
     tcp-nodelay multishot-accept multishot-recv buffer-ring direct-descriptors registered-ring";

/// Flags, the words that they take out of the base's configuration, and those that they add.
const VARIANTS: &[(&str, &[&str], &[&str])] = &[
    ("--no-sqarray", &[], &["NO_SQARRAY"]),
    ("--sqpoll", &["DEFER_TASKRUN"], &["SQPOLL"]),
    ("--task-run interrupt", &["DEFER_TASKRUN"], &[]),
    (
        "--task-run cooperative",
        &["DEFER_TASKRUN"],
        &["COOP_TASKRUN"],
    ),
    (
        "--recv one-shot",
        &["multishot-recv", "buffer-ring"],
        &["oneshot-recv", "own-buffers"],
    ),
    ("--buffer-bytes 64", &[], &["buffer-bytes=64"]),
    ("--recv bundle", &[], &["recv-bundle"]),
    ("--incremental", &[], &["incremental-buffers"]),
    ("--min-wait-us 10 --wait-for 2", &[], &["min-wait"]),
    ("--send write", &[], &["send-write"]),
    ("--send waitall", &[], &["send-waitall"]),
    ("--send zero-copy", &[], &["send-zero-copy"]),
    ("--skip-success ends", &[], &["skip-success-ends"]),
    (
        "--skip-success",
        &[],
        &["skip-success-ends", "skip-success-sends"],
    ),
    ("--descriptors process", &["direct-descriptors"], &[]),
    ("--ring-fd plain", &["registered-ring"], &[]),
    ("--spin-us 5", &[], &["TASKRUN_FLAG", "spin"]),
];

fn spawn(path: &str, flags: &str) -> Server {
    let args: Vec<&str> = flags.split_whitespace().collect();
    // What does without privileges, so that the lines are the same for everyone.
    let fixed = ["--workers", "1", "--balance", "hash"];
    Server::spawn(path, &[&fixed, &args[..]].concat()).unwrap()
}

#[test]
fn the_start_line_tells_each_flag_by_its_own_words() {
    assert_eq!(spawn(URING, "").start.configuration(), BASE);
    for (flags, gone, added) in VARIANTS {
        let configuration = spawn(URING, flags).start.configuration();
        let mut words: Vec<&str> = configuration.split(' ').collect();
        let mut expected: Vec<&str> = BASE
            .split(' ')
            .filter(|word| !gone.contains(word))
            .collect();
        expected.extend(*added);
        words.sort_unstable();
        expected.sort_unstable();
        assert_eq!(words, expected, "{flags}");
    }
    assert_eq!(
        spawn(EPOLL, "--spin-us 5 --buffer-bytes 64")
            .start
            .configuration(),
        "epoll workers=1 unpinned balance-hash accept-per-worker tcp-nodelay edge-triggered spin \
         buffer-bytes=64"
    );
}

/// The counts after so many requests on one connection, one after the other.
fn counts_after(path: &str, flags: &str, requests: usize) -> WorkerCounters {
    let mut server = spawn(path, flags);
    let mut stream = TcpStream::connect(server.start.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    for _ in 0..requests {
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        let mut answer = [0; HELLO.len()];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, HELLO);
    }
    server.counters().unwrap().workers[0]
}

#[test]
fn every_entry_into_the_kernel_is_counted_and_none_is_superfluous() {
    let counts = counts_after(EPOLL, "", 100);
    assert_eq!(
        (counts.requests, counts.accepts, counts.errors),
        (100, 1, 0)
    );
    // Waiting, accepting, registering and finding nobody else; then waiting, receiving and sending
    // for each request; then waiting, unless the counts were read before that.
    let least = 4 + 3 * 100;
    assert!(
        (least..=least + 1).contains(&counts.kernel_entries),
        "{counts:?}"
    );
    assert_eq!((counts.sqes, counts.cqes), (0, 0));
}

#[test]
fn an_entry_a_request_is_enough_when_sends_make_no_completions() {
    let counts = counts_after(URING, "--skip-success", 100);
    assert_eq!(
        (counts.requests, counts.accepts, counts.errors),
        (100, 1, 0)
    );
    // Accept, receive and the poll on the eventfd beside the sends; an accept and the receives.
    assert_eq!((counts.sqes, counts.cqes), (3 + 100, 1 + 100));
    assert_eq!(counts.kernel_entries, 1 + 100 + 1);
    let plain = counts_after(URING, "", 100);
    assert!(plain.kernel_entries > counts.kernel_entries && plain.cqes > counts.cqes);
}

fn refusal(path: &str, flags: &str) -> String {
    let output = Command::new(path)
        .args(["--listen", "127.0.0.1:0", "--workers", "1"])
        .args(flags.split_whitespace())
        .output()
        .unwrap();
    assert!(!output.status.success(), "{flags}");
    assert!(
        output.stdout.is_empty(),
        "a start line although it failed: {flags}"
    );
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_cannot_be_had_is_refused_with_a_reason() {
    for (path, flags, reason) in [
        (URING, "--sqpoll --task-run deferred", "--task-run"),
        (URING, "--incremental --recv bundle", "--recv multishot"),
        (URING, "--incremental --recv one-shot", "--recv multishot"),
        (URING, "--sqpoll --skip-success", "--skip-success ends"),
        (URING, "--send write --skip-success", "--skip-success ends"),
        (
            URING,
            "--send zero-copy --skip-success sends",
            "--skip-success ends",
        ),
        (URING, "--wait-for 2", "--min-wait-us"),
        (URING, "--min-wait-us 2", "--wait-for"),
        (URING, "--buffers 3", "power of two"),
        (URING, "--buffers 0", "power of two"),
        (URING, "--cpus 4000", "processor 4000"),
        (EPOLL, "--cpus 4000", "processor 4000"),
    ] {
        let said = refusal(path, flags);
        assert!(said.contains(reason), "{flags}: {said}");
    }
}
