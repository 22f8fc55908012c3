//! The program itself.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{hello, serve};

fn flood(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flood"));
    command.args(arguments).stdin(Stdio::null());
    command
}

#[test]
fn a_signal_ends_the_window_and_what_was_counted_is_reported() {
    let (address, _) = serve(|stream, _, _| hello(stream));
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let address = address.to_string();
        let arguments = ["--connections", "3", "--duration-s", "3600", "--address"];
        let mut command = flood(&[&arguments[..], &[&address]].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut next = || lines.next().unwrap().unwrap();
        assert_eq!(next(), "connected");
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        let window: serde_json::Value = serde_json::from_str(&next()).unwrap();
        assert_eq!(window["line"], "window");
        assert_eq!(window["errors_read"], 0);
        let histogram: serde_json::Value = serde_json::from_str(&next()).unwrap();
        let pairs = histogram["pairs"].as_array().unwrap();
        let timed: u64 = pairs.iter().map(|pair| pair[1].as_u64().unwrap()).sum();
        assert_eq!(window["requests"].as_u64().unwrap(), timed);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn the_window_ends_by_itself() {
    let (address, _) = serve(|stream, _, _| hello(stream));
    let address = address.to_string();
    let arguments = ["--connections", "2", "--duration-s", "1", "--address"];
    let output = flood(&[&arguments[..], &[&address]].concat())
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let window: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert!(window["duration_us"].as_u64().unwrap() >= 1_000_000);
    assert!(window["requests"].as_u64().unwrap() > 0);
    assert!(window["client_cpu_us"].as_u64().unwrap() > 0);
}

#[test]
fn it_tells_its_version_and_its_errors() {
    let output = flood(&["--version"]).output().unwrap();
    let expected = format!("flood {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);

    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let arguments = ["--connections", "1", "--duration-s", "1", "--address"];
    let output = flood(&[&arguments[..], &[&address]].concat())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("flood: cannot connect to"), "{text}");
}
