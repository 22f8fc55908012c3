//! What the library's own tests share.

use proptest::test_runner::Config;

/// Under Miri, which takes some hundred times as long, a few cases; and as it may not see the file
/// system, failing ones are not written down.
pub(crate) fn config() -> Config {
    let standard = Config::default();
    Config {
        cases: if cfg!(miri) { 4 } else { standard.cases },
        failure_persistence: None,
        ..standard
    }
}
