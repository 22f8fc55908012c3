//! The program: what it refuses, and that it compares.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::process::{Command, Output};

fn faults(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faults"));
    command.args(args).output().unwrap()
}

#[track_caller]
fn assert_refused(args: &[&str], part: &str) {
    let output = faults(args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{args:?}");
    assert!(said.contains(part), "{args:?}: {said}");
}

#[test]
fn what_is_not_there_is_named_with_its_remedy() {
    assert_refused(&["no-such"], "there is no fault no-such; there are");
    assert_refused(
        &["resets", "--subjects", "/nonexistent"],
        "cargo build -p kio-rs -p tokio-baseline",
    );
    assert_refused(&["--check"], "--document");
    assert_refused(&["resets", "--check"], "cannot be used with");
}

/// A server that answers with something else must not pass.
#[test]
fn a_server_that_is_none_fails_the_run_and_leaves_the_document_alone() {
    let folder = tempfile::tempdir().unwrap();
    let name = |file: &str| folder.path().join(file).to_str().unwrap().to_owned();
    for server in ["kio-rs", "tokio-baseline"] {
        fs::copy("/bin/true", name(server)).unwrap();
    }
    let document = "<!-- faults:begin -->\nold\n<!-- faults:end -->\n";
    fs::write(name("document.md"), document).unwrap();
    let folder = folder.path().to_str().unwrap();
    let args = ["--subjects", folder, "--document", &name("document.md")];
    assert_refused(&args, "process-out-of-files, kio-uring");
    assert_eq!(fs::read_to_string(name("document.md")).unwrap(), document);
}
