//! Both floors pass the whole conformance suite, `uring-floor` with each flag.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::thread;

use conformance::conformance_tests;
use conformance::server::assert_passes;

const URING: &str = env!("CARGO_BIN_EXE_uring-floor");
const EPOLL: &str = env!("CARGO_BIN_EXE_epoll-floor");

conformance_tests!(uring_floor, super::URING, &["--workers", "2"], true);
conformance_tests!(epoll_floor, super::EPOLL, &["--workers", "2"], true);
conformance_tests!(
    uring_floor_no_parse,
    super::URING,
    &["--workers", "2", "--no-parse"],
    false
);
conformance_tests!(
    epoll_floor_no_parse,
    super::EPOLL,
    &["--workers", "2", "--no-parse"],
    false
);

/// Each flag by itself, and those that touch each other together.
const VARIANTS: &[(&str, &str)] = &[
    (EPOLL, "--spin-us 50"),
    (EPOLL, "--buffer-bytes 64"),
    (URING, "--no-sqarray"),
    (URING, "--sqpoll"),
    (URING, "--sqpoll --skip-success ends"),
    (URING, "--sqpoll --queue-depth 2"),
    (URING, "--task-run interrupt"),
    (URING, "--task-run cooperative"),
    (URING, "--recv one-shot"),
    (URING, "--recv one-shot --buffer-bytes 64"),
    (URING, "--recv bundle"),
    (URING, "--recv bundle --buffers 8 --buffer-bytes 64"),
    (URING, "--incremental"),
    (URING, "--incremental --buffers 2 --buffer-bytes 65536"),
    (URING, "--min-wait-us 100 --wait-for 8"),
    (URING, "--send write"),
    (URING, "--send waitall"),
    (URING, "--send zero-copy"),
    (URING, "--skip-success ends"),
    (URING, "--skip-success"),
    (URING, "--skip-success --task-run interrupt"),
    (
        URING,
        "--skip-success --queue-depth 2 --buffers 2 --buffer-bytes 64",
    ),
    (URING, "--descriptors process"),
    (URING, "--ring-fd plain"),
    (URING, "--spin-us 50"),
    (URING, "--spin-us 50 --task-run cooperative"),
    (URING, "--spin-us 50 --task-run interrupt"),
    (URING, "--queue-depth 1 --buffers 2 --buffer-bytes 64"),
    (
        URING,
        "--task-run cooperative --recv one-shot --descriptors process --ring-fd plain",
    ),
];

#[test]
fn every_flag_keeps_the_suite_green() {
    let failed: Vec<String> = VARIANTS
        .iter()
        .filter_map(|&(path, flags)| {
            // On a thread, so that all failures are told and not the first alone.
            let all = thread::spawn(move || {
                let args: Vec<&str> = ["--workers", "2"]
                    .into_iter()
                    .chain(flags.split(' '))
                    .collect();
                // A floor that is not told of the end of its sends cannot hold back, and none of the
                // flags is there for that.
                let cases = conformance::cases().iter();
                for case in cases.filter(|case| case.name != "flood-unread") {
                    assert_passes(path, &args, case.name);
                }
            });
            all.join().err().map(|_| format!("{path} {flags}"))
        })
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}
