//! `bench probe`, the end of a run over ssh that is on the server's machine, without ssh.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bench::subjects::Binary;
use serde_json::{Value, json};
use support::real::{bench, children, runs, subjects, wait_for};
use tempfile::TempDir;

struct Probe {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    cache: TempDir,
}

impl Probe {
    fn start() -> Self {
        let cache = tempfile::tempdir().unwrap();
        let mut command = bench(cache.path(), &["probe"]);
        command.env("XDG_CACHE_HOME", cache.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut probe = Self {
            input: process.stdin.take().unwrap(),
            output: BufReader::new(process.stdout.take().unwrap()),
            process,
            cache,
        };
        let ready = probe.answer();
        assert_eq!(ready["is"], "ready");
        assert!(!ready["cpus"].as_array().unwrap().is_empty());
        probe
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.input, "{request}").unwrap();
        self.answer()
    }

    fn refused(&mut self, request: &Value, part: &str) {
        let answer = self.ask(request);
        assert_eq!(answer["is"], "failed", "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(part), "{answer}");
    }

    fn done(&mut self, request: &Value) {
        assert_eq!(self.ask(request), json!({"is": "done"}));
    }

    fn prepare(&mut self, lease_s: u64) {
        let prepare = prepare("127.0.0.1", 100, lease_s);
        self.done(&prepare);
    }

    /// Sends a binary in two parts, and starts it as a server.
    fn serve(&mut self) -> i32 {
        let path = subjects().join("tokio-baseline");
        let sha256 = Binary::read("", path.clone(), None).unwrap().file.sha256;
        let bytes = fs::read(path).unwrap();
        let has = json!({"do": "has", "sha256": sha256});
        assert_eq!(self.ask(&has)["held"], false);
        let (first, second) = bytes.split_at(bytes.len() / 2);
        for (part, last) in [(first, false), (second, true)] {
            let part = STANDARD.encode(part);
            self.done(&json!({"do": "receive", "sha256": sha256, "part": part, "last": last}));
        }
        assert_eq!(self.ask(&has)["held"], true);
        let args = [
            "--listen",
            "{listen}",
            "--workers",
            "{workers}",
            "--cpus",
            "{cpus}",
        ];
        let entry = json!({"name": "a", "subject": "s", "args": args, "parses": true});
        let start = json!({
            "do": "start", "entry": entry, "reports": true, "port": null, "ends_with_stdin": false,
            "sha256": sha256, "workers": 1, "cpus": []
        });
        let started = self.ask(&start);
        assert_eq!(started["is"], "started", "{started}");
        assert_eq!(started["command_line"][0], "s");
        let servers = children(self.process.id());
        assert_eq!(servers.len(), 1);
        servers[0]
    }

    fn end(mut self) -> (bool, TempDir) {
        drop(self.input);
        (self.process.wait().unwrap().success(), self.cache)
    }
}

fn prepare(address: &str, open_files: u64, lease_s: u64) -> Value {
    json!({
        "do": "prepare", "address": address, "scheduling": "other", "open_files": open_files, "lease_s": lease_s
    })
}

#[test]
fn what_cannot_be_done_is_told_and_the_next_question_is_answered() {
    let mut probe = Probe::start();
    probe.refused(&json!("nonsense"), "not readable");
    probe.refused(&json!({"do": "stop"}), "no server runs");
    probe.refused(&prepare("192.0.2.1", 1, 60), "--server-address");
    probe.refused(&prepare("127.0.0.1", u64::MAX, 60), "limits.conf");
    probe.refused(&json!({"do": "has", "sha256": "../x"}), "no SHA-256");
    let wrong = "0".repeat(64);
    let part = STANDARD.encode("abc");
    probe.refused(
        &json!({"do": "receive", "sha256": wrong, "part": part, "last": true}),
        "arrived",
    );
    let environment = probe.ask(&json!({"do": "environment"}));
    assert!(environment["environment"]["cpus"].as_u64() > Some(0));
    assert!(probe.ask(&json!({"do": "look"}))["quiet"].is_boolean());
    assert!(probe.end().0);
}

#[test]
fn a_server_is_sampled_watched_and_stopped() {
    let mut probe = Probe::start();
    probe.prepare(600);
    let server = probe.serve();
    for moment in ["before", "after"] {
        let sample = probe.ask(&json!({"do": "sample", "moment": moment}));
        assert_eq!(sample["counters"]["workers"][0]["requests"], 0, "{sample}");
        assert_eq!(sample["network"]["link_sent_bytes"], Value::Null);
    }
    probe.done(&json!({"do": "watch", "step_ms": 1}));
    let series = probe.ask(&json!({"do": "series"}));
    let (at, requests) = (&series["at_ms"], &series["requests"]);
    assert!(!at.as_array().unwrap().is_empty());
    assert_eq!(
        at.as_array().unwrap().len(),
        requests.as_array().unwrap().len()
    );
    assert_eq!(probe.ask(&json!({"do": "end"}))["end"], Value::Null);
    probe.done(&json!({"do": "stop"}));
    assert!(!runs(server));
    assert!(probe.end().0);
}

#[test]
fn its_server_ends_with_its_questions_and_with_its_lease() {
    let mut probe = Probe::start();
    probe.prepare(600);
    let server = probe.serve();
    let (success, _) = probe.end();
    assert!(success);
    wait_for("the end of the server", || !runs(server));

    let mut probe = Probe::start();
    probe.prepare(600);
    let server = probe.serve();
    // No time at all: it does not wait for the next question.
    probe.prepare(0);
    assert!(probe.process.wait().unwrap().success());
    wait_for("the end of the server", || !runs(server));
}
