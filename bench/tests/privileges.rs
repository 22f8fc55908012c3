//! An ordinary user needs nobody's permission to measure.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use support::checks::check_row;
use support::real::{SMOKE, run, subjects};
use support::rows;

/// Nobody, in nobody's group.
const ORDINARY: u32 = 65_534;

/// `bench` from a copy, as the checkout may be in a folder that is root's alone.
fn bench(directory: &Path, arguments: &[&str]) -> Command {
    let bin = directory.join("bin");
    let mut command = Command::new(bin.join("bench"));
    command
        .args(arguments)
        .current_dir(directory)
        .env("KIO_SUBJECTS", &bin)
        .env("TMPDIR", directory.join("tmp"))
        .env_remove("HOME");
    if nix::unistd::geteuid().is_root() {
        command.uid(ORDINARY).gid(ORDINARY);
    }
    command
}

#[test]
fn an_ordinary_user_measures_verifies_serves_and_asks_the_doctor() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    fs::set_permissions(place, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(place.join("bin")).unwrap();
    let copy = |from: &Path, name: &str| fs::copy(from, place.join("bin").join(name)).unwrap();
    copy(Path::new(env!("CARGO_BIN_EXE_bench")), "bench");
    for name in ["kio-rs", "tokio-baseline", "flood"] {
        copy(&subjects().join(name), name);
    }
    for own in ["tmp", "out"] {
        fs::create_dir(place.join(own)).unwrap();
        if nix::unistd::geteuid().is_root() {
            chown(place.join(own), Some(ORDINARY), Some(ORDINARY)).unwrap();
        }
    }
    let out = place.join("out/run");
    let to = ["--out", out.to_str().unwrap()];
    let (output, _, said) = run(&mut bench(place, &[&SMOKE[..], &to].concat()));
    assert!(output.status.success(), "{said}");
    let rows = rows(&out);
    assert!(!rows.is_empty());
    rows.iter().for_each(check_row);

    for arm in ["kio-epoll", "kio-uring"] {
        let (output, printed, said) = run(&mut bench(place, &["verify", "--short", arm]));
        assert!(output.status.success(), "{printed}{said}");
    }
    let (output, printed, said) = run(&mut bench(place, &["probe", "--cost", "kio-uring"]));
    assert!(output.status.success(), "{printed}{said}");
    let server = ["serve", "kio-uring", "--listen", "127.0.0.1:0"];
    let mut server = conformance::server::Server::start(&mut bench(place, &server)).unwrap();
    assert_eq!(server.counters().unwrap().workers.len(), 1);
    assert!(server.stop().unwrap().0.success());
    let (_, printed, said) = run(&mut bench(place, &["doctor", "--json"]));
    let findings: serde_json::Value = serde_json::from_str(&printed).expect(&said);
    assert!(!findings.is_null());
}
