//! What becomes of servers that do not behave, with shell scripts for servers.

use std::path::Path;

use conformance::server::Server;

const START: &str = r#"{"event":"start","server":"sh","version":"1","pid":1,"address":"127.0.0.1:1",
    "workers":1,"cpus":[],"driver":"none","ring_flags":[],"features":[]}"#;

/// A script that prints a start line with its own process, then goes on.
fn script(then: &str) -> String {
    let line = START.replace('\n', "").replace("\"pid\":1", "\"pid\":'$$'");
    format!("echo '{line}'; {then}")
}

#[track_caller]
fn message<T>(result: anyhow::Result<T>) -> String {
    let error = result.err().expect("the script misbehaves");
    format!("{error:#}")
}

#[test]
fn a_server_that_does_not_start_is_told_apart() {
    let missing = message(Server::spawn("/nowhere/server", &[]));
    assert!(
        missing.contains("/nowhere/server; is it built?"),
        "{missing}"
    );
    let ended = message(Server::spawn("sh", &["-c", "exit 3"]));
    assert!(
        ended.contains("the server ended (exit status: 3)"),
        "{ended}"
    );
    let other = message(Server::spawn("sh", &["-c", "echo hello; exec sleep 1000"]));
    assert!(other.contains("not a start line: hello"), "{other}");
}

#[test]
fn it_is_killed_when_it_goes_out_of_sight() {
    let server = Server::spawn("sh", &["-c", &script("exec sleep 1000")]).unwrap();
    let process = format!("/proc/{}", server.start.pid);
    assert!(Path::new(&process).exists());
    drop(server);
    assert!(!Path::new(&process).exists());
}

#[test]
fn the_lines_after_signals_are_read() {
    let counters = r#"echo '{"event":"counters","workers":[]}'"#;
    let stop = r#"echo '{"event":"stop","workers":[]}'; exit 5"#;
    let [counters, stop] = [counters, stop].map(|action| action.replace('\'', r"'\''"));
    let wait = script("while :; do sleep 0.01; done");
    let script = format!("trap '{counters}' USR1; trap '{stop}' TERM; {wait}");
    let mut server = Server::spawn("sh", &["-c", &script]).unwrap();
    assert!(server.counters().unwrap().workers.is_empty());
    let (status, _) = server.stop().unwrap();
    assert_eq!(status.code(), Some(5));
}

#[test]
fn a_server_that_crashes_is_noticed() {
    // It may still be running when the signal comes, which must not be what ends it.
    let script = format!("trap '' USR1; {}", script("exit 7"));
    let mut server = Server::spawn("sh", &["-c", &script]).unwrap();
    let crashed = message(server.counters());
    assert!(
        crashed.contains("the server ended (exit status: 7)"),
        "{crashed}"
    );
}
