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

const REGISTER: &[i64] = &[libc::SYS_io_uring_register];

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

/// What the server says when it refuses to serve.
fn refusal(flags: &str) -> String {
    let mut command = Command::new(SERVER);
    command.args(["--listen", "127.0.0.1:0", "--workers", "1"]);
    let output = command.args(flags.split_whitespace()).output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_filter_that_refuses_io_uring_is_named() {
    for (calls, error, part) in FILTERS {
        let said = filtered(calls, error, || refusal(""));
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

/// What only a ring has, and what names it.
const RING_ONLY: [(&str, &str); 8] = [
    ("--no-sqarray", "--no-sqarray"),
    (
        "--sqpoll-idle-ms 9 --task-run interrupt",
        "--sqpoll-idle-ms",
    ),
    ("--min-wait-us 9 --wait-for 2", "--min-wait-us"),
    ("--descriptors direct", "--descriptors direct"),
    ("--napi-busy-poll-us 9", "--napi-busy-poll-us"),
    ("--task-run interrupt", "--task-run"),
    ("--ring-fd plain", "--ring-fd"),
    ("--issuer shared --task-run interrupt", "--issuer"),
];

#[test]
fn auto_leaves_out_nothing_that_was_asked_for() {
    for (flags, name) in RING_ONLY {
        let flags = format!("--driver auto {flags}");
        let said = filtered(ALL, libc::EPERM, || refusal(&flags));
        let parts = [name, "out, and --driver epoll or auto", "a seccomp filter"];
        let told = parts.iter().all(|part| said.contains(part));
        assert!(told && !said.contains("falling back"), "{flags}: {said}");
    }
}

#[test]
fn a_refused_feature_is_left_out_by_auto_only_when_nobody_asked_for_it() {
    // As a kernel before Linux 5.18 answers.
    let flags = "--driver auto --ops one-shot --ring-fd registered";
    let said = filtered(REGISTER, libc::EINVAL, || refusal(flags));
    let kernel = format!(
        "a registered ring needs Linux 5.18; this is {}",
        server_kit::kernel_release()
    );
    assert!(
        said.contains("leave --ring-fd out") && said.contains(&kernel),
        "{said}"
    );
    let server = filtered(REGISTER, libc::EINVAL, || {
        Server::spawn(SERVER, &["--driver", "auto", "--ops", "one-shot"]).unwrap()
    });
    assert_eq!(server.start.driver, "epoll");
    assert!(server.stop().unwrap().0.success());
}

#[test]
fn a_kernel_without_busy_polling_is_told_from_one_that_is_too_old_for_it() {
    let flags = "--ops one-shot --ring-fd plain --descriptors process --napi-busy-poll-us 50";
    for (error, needs) in [
        (libc::EINVAL, "Linux 6.9"),
        (
            libc::EOPNOTSUPP,
            "a kernel built with CONFIG_NET_RX_BUSY_POLL",
        ),
    ] {
        for driver in ["uring", "auto"] {
            let flags = format!("--driver {driver} {flags}");
            let said = filtered(REGISTER, error, || refusal(&flags));
            let told = format!(
                "NAPI busy polling needs {needs}; this is {}",
                server_kit::kernel_release()
            );
            assert!(said.contains(&told), "{said}");
            assert!(said.contains("--napi-busy-poll-us"), "{said}");
        }
    }
}

#[test]
fn epoll_refuses_what_only_a_ring_has() {
    for (flags, name) in RING_ONLY {
        let said = refusal(&format!("--driver epoll {flags}"));
        let parts = ["--driver epoll has no ring", name, "leave it out"];
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
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
