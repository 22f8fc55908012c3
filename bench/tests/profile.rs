//! `bench profile`, with the real servers and the real perf.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set up its data must fail"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use bench::profile::Perf;
use records::{ENVIRONMENT_FILE, EXPERIMENT_FILE, KERNEL_FRAME, PROFILE_FILE, ProfileRecord};

/// `bench` with the servers beside it, or in KIO_SUBJECTS: what it printed and what it complained of.
fn bench(directory: &Path, arguments: &[&str]) -> (Output, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.args(arguments).current_dir(directory);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    (output, stdout, stderr)
}

#[test]
fn a_profile_has_samples_of_each_arm_and_nothing_of_the_machine() {
    if let Err(error) = Perf::find() {
        eprintln!("skipped: a profile is not taken here: {error:#}");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["profile", "kio-epoll", "tokio-published"];
    let options = [
        "--blocks", "1", "--window", "2", "--load", "10", "--seed", "1", "--out", "p",
    ];
    let all = [&arguments[..], &options[..]].concat();
    let (output, stdout, stderr) = bench(directory.path(), &all);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stdout, "p\n");

    let folder = directory.path().join("p");
    let mut files: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, [ENVIRONMENT_FILE, EXPERIMENT_FILE, PROFILE_FILE]);
    let text = fs::read_to_string(folder.join(PROFILE_FILE)).unwrap();
    let records: Vec<ProfileRecord> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(records.len(), 2);
    for record in &records {
        assert_eq!(record.error, "", "{record:?}");
        assert!(record.samples > 0 && record.requests.unwrap() > 0);
        let counted: u64 = record.stacks.iter().map(|stack| stack.samples).sum();
        assert_eq!(counted, record.samples);
    }
    // Names of the kernel's functions can be hidden, that they are the kernel's cannot.
    assert!(text.contains(KERNEL_FRAME), "{text}");
    assert!(!text.contains("/target/") && !text.contains("0x"), "{text}");
}

#[test]
fn an_arm_that_is_not_there_is_refused_before_anything_is_started() {
    let directory = tempfile::tempdir().unwrap();
    let (output, _, stderr) = bench(directory.path(), &["profile", "no-such-arm"]);
    assert!(!output.status.success());
    assert!(stderr.contains("no-such-arm"), "{stderr}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
