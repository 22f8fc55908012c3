//! Every arm passes the whole conformance suite.

use conformance::conformance_tests;

const SERVER: &str = env!("CARGO_BIN_EXE_tokio-baseline");

conformance_tests!(published, super::SERVER, &["--workers", "2"], true);

conformance_tests!(
    published_no_parse,
    super::SERVER,
    &["--workers", "2", "--no-parse"],
    false
);

conformance_tests!(
    multi_accept,
    super::SERVER,
    &["--workers", "2", "--accept", "per-worker"],
    true
);

conformance_tests!(
    per_core,
    super::SERVER,
    &[
        "--workers",
        "2",
        "--runtime",
        "per-core",
        "--accept",
        "per-worker"
    ],
    true
);

conformance_tests!(
    multi_thread_worker_buffer_and_spin,
    super::SERVER,
    &["--workers", "2", "--buffer", "worker", "--spin-us", "50"],
    true
);

conformance_tests!(
    per_core_worker_buffer_and_spin,
    super::SERVER,
    &[
        "--workers",
        "2",
        "--runtime",
        "per-core",
        "--accept",
        "per-worker",
        "--buffer",
        "worker",
        "--spin-us",
        "50"
    ],
    true
);
