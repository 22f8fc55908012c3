//! The server's binary, byte for byte, as every arm runs it; and its report lines.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use conformance::conformance_tests;
use conformance::server::Server;
use server_kit::WorkerCounters;

const SERVER: &str = env!("CARGO_BIN_EXE_kio-rs");
const DEFAULT: &[&str] = &["--workers", "2"];
/// As the arms' flags, a word each.
fn words(flags: &'static str) -> Vec<&'static str> {
    flags.split(' ').collect()
}

const PUBLISHED: &str = "--workers 2 --accept single --ops one-shot --task-run cooperative \
     --descriptors process --ring-fd plain";
const PUBLISHED_TWIN: &str = "--workers 2 --accept single --ops one-shot --task-run cooperative \
     --descriptors process --ring-fd plain --queue-depth 16800 --op-slots 8096 \
     --buffer-bytes 8192 --no-parse --heap";
/// Fewer of everything than the load needs.
const TINY: &[&str] = &[
    "--workers",
    "1",
    "--queue-depth",
    "2",
    "--buffers",
    "4",
    "--buffer-bytes",
    "256",
];

const PLAIN: &[&str] = &[
    "--workers",
    "2",
    "--descriptors",
    "process",
    "--ring-fd",
    "plain",
];
const PROCESS: &[&str] = &["--descriptors", "process"];
const EPOLL_ONE: &[&str] = &["--driver", "epoll"];
const EPOLL: &[&str] = &["--workers", "2", "--driver", "epoll"];

conformance_tests!(kio_uring_multishot, super::SERVER, super::PLAIN, true);
conformance_tests!(kio_epoll, super::SERVER, super::EPOLL, true);
conformance_tests!(kio_uring, super::SERVER, super::DEFAULT, true);
conformance_tests!(
    kio_uring_published,
    super::SERVER,
    &super::words(super::PUBLISHED),
    true
);
conformance_tests!(
    kio_uring_published_no_parse_heap,
    super::SERVER,
    &super::words(super::PUBLISHED_TWIN),
    false
);
conformance_tests!(tiny_rings, super::SERVER, super::TINY, true);

fn ask(server: &Server, requests: usize) -> TcpStream {
    let mut stream = TcpStream::connect(server.start.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    for _ in 0..requests {
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        let mut answer = [0; hello_http::HELLO.len()];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, hello_http::HELLO);
    }
    stream
}

#[test]
fn the_lines_count_what_happened() {
    for args in [DEFAULT, &words(PUBLISHED)] {
        let mut server = Server::spawn(SERVER, args).unwrap();
        let stream = ask(&server, 10);
        let counters = server.counters().unwrap();
        let (requests, accepts): (u64, u64) =
            counters.workers.iter().fold((0, 0), |sum, worker| {
                (sum.0 + worker.requests, sum.1 + worker.accepts)
            });
        assert_eq!((counters.workers.len(), requests, accepts), (2, 10, 1));
        assert!(
            counters
                .workers
                .iter()
                .any(|worker| worker.kernel_entries > 0 && worker.sqes >= 10)
        );
        drop(stream);
        let (status, last) = server.stop().unwrap();
        assert!(status.success());
        let closes: u64 = last.workers.iter().map(|worker| worker.closes).sum();
        assert_eq!(closes, 1);
    }
}

#[test]
fn the_start_line_says_what_is_in_effect() {
    let start = |args: &[&str]| Server::spawn(SERVER, args).unwrap().start.clone();
    let default = start(DEFAULT);
    assert_eq!(
        default.ring_flags,
        ["CLAMP", "CQSIZE", "SINGLE_ISSUER", "DEFER_TASKRUN"]
    );
    let published = start(&words(PUBLISHED_TWIN));
    assert_eq!(
        published.ring_flags,
        ["CLAMP", "CQSIZE", "COOP_TASKRUN", "SINGLE_ISSUER"]
    );
    for feature in ["accept-single", "oneshot-recv", "no-parse", "heap"] {
        assert!(
            published.features.iter().any(|have| have == feature),
            "{feature}"
        );
    }
    assert_ne!(default.configuration(), published.configuration());
}

#[test]
fn the_kernel_s_thread_on_the_worker_s_processor_is_on_the_start_line() {
    const FLAGS: [&str; 4] = ["--sqpoll-idle-ms", "1", "--task-run", "interrupt"];
    let cpu = core_affinity::get_core_ids().unwrap()[0].id.to_string();
    for (cpus, told) in [(&*cpu, true), ("none", false)] {
        let args = [&FLAGS[..], &["--workers", "1", "--cpus", cpus]].concat();
        let server = Server::spawn(SERVER, &args).unwrap();
        let flags = &server.start.ring_flags;
        assert!(flags.contains(&"SQPOLL".to_owned()), "{flags:?}");
        assert_eq!(flags.contains(&"SQ_AFF".to_owned()), told, "{flags:?}");
        drop(ask(&server, 2));
        assert!(server.stop().unwrap().0.success());
    }
}

/// Loopback has no device to poll: that it is asked for changes nothing there.
#[test]
fn busy_polling_serves_on_loopback_or_is_refused_by_name() {
    const FLAGS: [&str; 4] = ["--napi-busy-poll-us", "50", "--workers", "1"];
    let Ok(server) = Server::spawn(SERVER, &FLAGS) else {
        let said = refusal(&[&FLAGS[..], &["--listen", "127.0.0.1:0"]].concat());
        assert!(said.contains("NAPI busy polling needs "), "{said}");
        return;
    };
    let features = &server.start.features;
    assert!(features.contains(&"napi-busy-poll-us=50".to_owned()));
    drop(ask(&server, 2));
    assert!(server.stop().unwrap().0.success());
}

fn refusal(args: &[&str]) -> String {
    let output = Command::new(SERVER).args(args).output().unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "a start line although it failed");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_cannot_be_had_is_refused_with_a_reason() {
    let holder = Server::spawn(SERVER, &["--workers", "1", "--accept", "single"]).unwrap();
    let address = holder.start.address.to_string();
    let busy = refusal(&["--listen", &address, "--accept", "single"]);
    assert!(
        busy.contains(&address) && busy.contains("--listen"),
        "{busy}"
    );
    let no_cpu = refusal(&["--listen", "127.0.0.1:0", "--cpus", "4000"]);
    assert!(no_cpu.contains("4000"), "{no_cpu}");
    let odd = refusal(&["--listen", "127.0.0.1:0", "--buffers", "3"]);
    assert!(odd.contains("power of two"), "{odd}");
}

#[test]
fn what_is_logged_is_asked_for_by_the_environment() {
    let bad = Command::new(SERVER)
        .args(["--listen", "127.0.0.1:0"])
        .env("KIO_LOG", "kio_rs=loud")
        .output()
        .unwrap();
    let refusal = String::from_utf8(bad.stderr).unwrap();
    assert!(
        !bad.status.success() && refusal.contains("KIO_LOG"),
        "{refusal}"
    );

    let file = std::env::temp_dir().join(format!("kio-rs-log-{}", std::process::id()));
    for (level, logged) in [("warn", false), ("info", true)] {
        let path = file.display();
        let script = format!("KIO_LOG={level} exec {SERVER} \"$@\" 2>'{path}'");
        let server = Server::spawn("/bin/sh", &["-c", &script, "sh", "--workers", "1"]).unwrap();
        drop(ask(&server, 2));
        assert!(server.stop().unwrap().0.success());
        let log = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(log.contains("worker started"), logged, "{log}");
        assert_eq!(log.contains("worker ended"), logged, "{log}");
    }
}

/// The counts of a server that may have 16 descriptors and got 41 connections, of which it had to
/// serve the last. Those that it cannot have wait in the queue; `is_full` says when it cannot have
/// any more.
fn starve(args: &[&str], is_full: fn(&WorkerCounters) -> bool) -> WorkerCounters {
    let script = format!("ulimit -n 16; exec {SERVER} \"$@\"");
    let mut command = vec![
        "-c",
        &script,
        "sh",
        "--workers",
        "1",
        "--listen",
        "127.0.0.1:0",
    ];
    command.extend(args);
    let mut server = Server::spawn("/bin/sh", &command).unwrap();
    let waiting: Vec<_> = (0..40)
        .map(|_| TcpStream::connect(server.start.address).unwrap())
        .collect();
    while !is_full(&server.counters().unwrap().workers[0]) {
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(waiting);
    drop(ask(&server, 3));
    let (status, last) = server.stop().unwrap();
    assert!(status.success());
    last.workers[0]
}

#[test]
fn without_descriptors_accepting_waits_and_recovers() {
    for args in [PROCESS, EPOLL_ONE] {
        let counts = starve(args, |counts| counts.errors > 0);
        assert_eq!(counts.accepts, 41, "every connection in the end: {args:?}");
        let errors = counts.errors;
        assert!(errors < 1000, "accepting did not spin: {errors} errors");
    }
    // The ring's table is never full, as accepting stops before.
    let direct = starve(&[], |counts| counts.accepts - counts.closes == 12);
    assert_eq!((direct.accepts, direct.errors), (41, 0), "{direct:?}");
}

/// By a hash some worker would be left without or get many, as good as certainly in one of the runs.
#[test]
fn connections_are_shared_out_evenly() {
    for driver in ["uring", "epoll"] {
        let server = Server::spawn(SERVER, &["--workers", "8", "--driver", driver]).unwrap();
        let clients: Vec<_> = (0..50)
            .map(|_| {
                let mut client = TcpStream::connect(server.start.address).unwrap();
                client
                    .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    .unwrap();
                client.read_exact(&mut [0]).unwrap();
                client
            })
            .collect();
        let features = server.start.features.clone();
        let (_, last) = server.stop().unwrap();
        drop(clients);
        let accepts: Vec<u64> = last.workers.iter().map(|worker| worker.accepts).collect();
        assert_eq!(accepts.iter().sum::<u64>(), 50);
        if features.iter().any(|feature| feature == "balance-turns") {
            assert!(
                accepts.iter().all(|accepts| (6..=7).contains(accepts)),
                "{accepts:?}"
            );
        } else {
            assert!(
                features.iter().any(|feature| feature == "balance-hash"),
                "{features:?}"
            );
        }
    }
}

#[test]
fn a_single_listener_takes_no_turns() {
    let flags = [
        "--accept",
        "single",
        "--balance",
        "turns",
        "--listen",
        "127.0.0.1:0",
    ];
    let output = Command::new(SERVER).args(flags).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(message.contains("add --accept per-worker"), "{message}");
}
