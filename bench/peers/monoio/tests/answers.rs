//! What must be answered, byte by byte.

const SERVER: &str = env!("CARGO_BIN_EXE_peer-monoio");

conformance::conformance_tests!(as_it_comes, super::SERVER, &["--workers", "2"], true);
conformance::conformance_tests!(tuned, super::SERVER, &["--workers", "2", "--tuned"], true);
conformance::conformance_tests!(
    no_parse,
    super::SERVER,
    &["--workers", "2", "--no-parse"],
    false
);
