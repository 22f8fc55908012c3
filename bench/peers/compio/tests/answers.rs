//! What must be answered, byte by byte.

const SERVER: &str = env!("CARGO_BIN_EXE_peer-compio");

conformance::conformance_tests!(answers, super::SERVER, &["--workers", "2"], true);
conformance::conformance_tests!(
    no_parse,
    super::SERVER,
    &["--workers", "2", "--no-parse"],
    false
);
