//! The server where io_uring is forbidden: the reason, and what `--driver auto` does. The kernel's own
//! settings, and other kernels, are tried in guests: `./study kernels`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use conformance::check_hello;
use conformance::confine::without_calls;
use conformance::server::Server;

const SERVER: &str = env!("CARGO_BIN_EXE_kio-rs");

const ALL: &[i64] = &[
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_enter,
];

/// What is refused, with which error, and a part of the reason that is told.
const FILTERS: [(&[i64], i32, &str); 5] = [
    (ALL, libc::EPERM, "a seccomp filter"),
    (&[libc::SYS_io_uring_setup], libc::EPERM, "a seccomp filter"),
    (
        &[libc::SYS_io_uring_setup],
        libc::ENOSYS,
        "a seccomp filter hides it",
    ),
    (
        &[libc::SYS_io_uring_register],
        libc::EPERM,
        "a seccomp filter",
    ),
    (&[libc::SYS_io_uring_enter], libc::EPERM, "a seccomp filter"),
];

fn filtered<T: Send>(calls: &[i64], error: i32, act: impl FnOnce() -> T + Send) -> T {
    without_calls(calls, error.unsigned_abs(), act).unwrap()
}

#[test]
fn a_filter_that_refuses_io_uring_is_named() {
    for (calls, error, part) in FILTERS {
        let output = filtered(calls, error, || {
            let mut command = Command::new(SERVER);
            command.args(["--listen", "127.0.0.1:0", "--workers", "1"]);
            command.output().unwrap()
        });
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty());
        let remedy = "--driver epoll or auto does without";
        let named = said.contains("io_uring is refused: ") || said.contains("needs Linux");
        assert!(named && said.contains(remedy), "{calls:?}: {said}");
        // A kernel that is too old for what is asked may say so before a later call is refused.
        assert!(
            said.contains(part) || said.contains("needs Linux"),
            "{calls:?}: {said}"
        );
    }
}

#[test]
fn auto_serves_without_io_uring_and_its_start_line_says_so() {
    for (calls, error, _) in FILTERS {
        let server = filtered(calls, error, || {
            Server::spawn(SERVER, &["--driver", "auto", "--workers", "2"]).unwrap()
        });
        assert_eq!(server.start.driver, "epoll", "{calls:?}");
        assert!(server.start.ring_flags.is_empty());
        check_hello(server.start.address, None).unwrap();
        assert!(server.stop().unwrap().0.success());
    }
}

#[test]
fn auto_serves_who_may_lock_no_memory() {
    let script = format!("ulimit -l 0; exec {SERVER} \"$@\"");
    let args = [
        "-c",
        &script,
        "sh",
        "--driver",
        "auto",
        "--listen",
        "127.0.0.1:0",
    ];
    let server = Server::spawn("/bin/sh", &args).unwrap();
    check_hello(server.start.address, None).unwrap();
    assert!(server.stop().unwrap().0.success());
}
