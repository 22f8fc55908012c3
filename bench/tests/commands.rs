//! The commands beside `run`, and what is refused before anything is measured.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::real::{SMOKE, bench, run, start, wait_for};

#[test]
fn what_is_missing_is_named_before_anything_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str], path: Option<&str>, part: &str| {
        let mut command = bench(directory.path(), arguments);
        if let Some(path) = path {
            command.env("PATH", path);
        }
        let (ended, _, stderr) = run(&mut command);
        assert_eq!(ended.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(part), "{stderr}");
    };
    refused(&SMOKE, Some(""), "apt-get install wrk");
    refused(
        &["run", "smoke", "--subjects", "."],
        None,
        "cargo build --profile server",
    );
    refused(
        &["run", "single", "--arms", "kio-uring", "--subjects", "."],
        None,
        "-p flood",
    );
    refused(&["run", "fast"], None, "no experiment is called `fast`");
    refused(
        &["run", "smoke", "--arms", "nobody"],
        None,
        "no arm is called `nobody`",
    );
    refused(
        &["run", "smoke", "--resume", "nowhere"],
        None,
        "cannot read nowhere",
    );
    refused(
        &["serve", "kio-uring", "--listen", "192.0.2.1:80"],
        None,
        "192.0.2.1:80",
    );
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn too_low_a_limit_of_open_files_is_named_with_its_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let command = bench(directory.path(), &[]);
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", "ulimit -n 120 && exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(SMOKE)
        .env("KIO_SUBJECTS", support::real::subjects())
        .current_dir(directory.path());
    let (ended, _, stderr) = run(&mut limited);
    assert!(!ended.status.success());
    assert!(stderr.contains("ulimit -Hn 150"), "{stderr}");
}

#[test]
fn an_arm_is_verified_and_a_broken_one_fails() {
    let directory = tempfile::tempdir().unwrap();
    let (ended, stdout, stderr) = run(&mut bench(
        directory.path(),
        &["verify", "tokio-published-no-parse"],
    ));
    assert!(ended.status.success(), "{stdout}{stderr}");
    assert!(
        stdout.contains("n/a") && !stdout.contains("FAIL"),
        "{stdout}"
    );

    let body = "[[arm]]\nname = 'body'\nsubject = 'tokio-baseline'\nargs = ['--listen', '{listen}']\nanswers = 'same-body'\n";
    fs::write(directory.path().join("arms.toml"), body).unwrap();
    let like = ["verify", "body", "--arms-file", "arms.toml"];
    let (ended, stdout, _) = run(&mut bench(directory.path(), &like));
    assert!(ended.status.success(), "{stdout}");
    assert!(!stdout.contains("ok"), "no case is asked for: {stdout}");

    let arms = "[[arm]]\nname = 'broken'\ncommand = 'false'\n";
    fs::write(directory.path().join("arms.toml"), arms).unwrap();
    let broken = ["verify", "broken", "--arms-file", "arms.toml"];
    let (ended, stdout, _) = run(&mut bench(directory.path(), &broken));
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        stdout.contains("broken: the server ended before it listened"),
        "{stdout}"
    );
}

#[test]
fn an_arm_that_is_not_built_is_left_out_aloud_unless_it_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let built = directory.path().join("built");
    fs::create_dir(&built).unwrap();
    let server = support::real::subjects().join("tokio-baseline");
    fs::copy(server, built.join("tokio-baseline")).unwrap();
    let all = ["verify", "--all", "--subjects", "built"];
    let (ended, stdout, stderr) = run(&mut bench(directory.path(), &all));
    assert!(ended.status.success(), "{stdout}{stderr}");
    assert!(stdout.contains("tokio-published\n") && !stdout.contains("kio-uring\n"));
    assert!(
        stderr.contains("left out kio-uring: `kio-rs` is not in built"),
        "{stderr}"
    );
    let named = ["verify", "kio-uring", "--subjects", "built"];
    let (ended, _, stderr) = run(&mut bench(directory.path(), &named));
    assert_eq!(ended.status.code(), Some(1));
    assert!(stderr.contains("`kio-rs` is not in built"), "{stderr}");
}

#[test]
fn a_served_arm_answers_until_a_signal() {
    let directory = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap();
    drop(port);
    let listen = address.to_string();
    let arguments = [
        "serve",
        "tokio-published",
        "--listen",
        &listen,
        "--workers",
        "1",
    ];
    let process = start(&mut bench(directory.path(), &arguments));
    wait_for("an answer", || {
        conformance::check_hello(address, None).is_ok()
    });
    kill(Pid::from_raw(process.id().cast_signed()), Signal::SIGTERM).unwrap();
    let ended = process.wait_with_output().unwrap();
    assert!(ended.status.success());
    let stdout = String::from_utf8_lossy(&ended.stdout);
    assert!(
        stdout
            .lines()
            .last()
            .unwrap()
            .contains("\"event\":\"stop\""),
        "{stdout}"
    );
}
