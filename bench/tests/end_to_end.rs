//! Whole runs with the real servers and the real load generator, a few seconds each.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use bench::results::Folder;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use records::{
    ENVIRONMENT_FILE, Environment, Generator, MEASUREMENTS_FILE, Measurement, Placement, Scheduling,
};
use support::real::{bench, children, run, runs, start};
use support::{cells, loads, rows};

/// The smallest run of both arms at both loads.
const SMOKE: [&str; 6] = ["run", "smoke", "--blocks", "1", "--seed", "3"];

/// Waits for something that happens for certain, if the program is right.
fn wait_for(what: &str, happened: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !happened() {
        assert!(Instant::now() < deadline, "{what} never happened");
        sleep(Duration::from_millis(5));
    }
}

fn row_count(folder: &Path) -> usize {
    let text = fs::read_to_string(folder.join(MEASUREMENTS_FILE)).unwrap_or_default();
    text.lines().count().saturating_sub(1)
}

/// What holds of every measurement that succeeded, whatever the machine.
fn check_row(row: &Measurement) {
    assert_eq!(row.error, "", "{row:?}");
    let requests = row.requests.unwrap();
    assert!(
        requests > 0 && row.window_us.unwrap() >= 1_000_000,
        "{row:?}"
    );
    assert_eq!(row.response_bytes, Some(requests * 52), "{row:?}");
    let open = u64::from(row.connections) + u64::from(row.idle_connections);
    assert_eq!(row.connections_open, Some(open), "{row:?}");
    assert_eq!((row.socket_errors, row.status_errors), (Some(0), Some(0)));
    assert!(row.server_cpu_user_us.unwrap() + row.server_cpu_system_us.unwrap() > 0);
    assert!(row.client_cpu_us.unwrap() > 0 && row.server_rss_bytes.unwrap() > 0);
    let whole = row.server_cpu_user_us.unwrap() + row.server_cpu_system_us.unwrap();
    // A server that does not report its requests has no steady part.
    let reports = row.steady_requests.is_some();
    assert_eq!(reports, row.kernel_entries.is_some(), "{row:?}");
    assert_eq!(reports, row.steady_requests.is_some_and(|count| count > 0));
    let cpu_us = row.steady_server_cpu_us;
    assert_eq!(reports, cpu_us.is_some_and(|us| (1..whole).contains(&us)));
    assert!(row.latency_p50_us <= row.latency_p99_us && row.latency_p99_us <= row.latency_max_us);
    assert_eq!(row.subject_sha256.len(), 64);
}

/// What holds of a server that reports its own counters, of which the load generator has asked for so
/// many connections, and for so many requests before its window.
fn check_reports(row: &Measurement, accepted: u64, before: u64) {
    let sum = |list: &str| {
        list.split(';')
            .map(|n| n.parse::<u64>().unwrap())
            .sum::<u64>()
    };
    assert_eq!(sum(&row.accepts_by_worker), accepted);
    // The server has answered what was counted, and what was on its way when the window closed.
    let answered = sum(&row.requests_by_worker) - before;
    let in_flight = u64::from(row.connections) * u64::from(row.pipeline);
    let counted = row.requests.unwrap();
    assert!(
        (counted..=counted + in_flight).contains(&answered),
        "{row:?}"
    );
    assert!(row.kernel_entries.unwrap() > 0 && !row.configuration.is_empty());
    assert_eq!(row.cqes.is_some(), row.arm.starts_with("kio-uring"));
}

#[test]
fn a_run_survives_ctrl_c_and_kill_and_resumes_to_the_same_cells() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("run");
    let out = [&SMOKE[..], &["--out", "run"]].concat();
    let resume = ["run", "smoke", "--resume", "run"];

    // Ctrl-C in the middle of the second cell.
    let process = start(&mut bench(directory.path(), &out));
    wait_for("the second cell", || {
        row_count(&folder) == 1 && children(process.id()).len() == 2
    });
    let started = children(process.id());
    kill(Pid::from_raw(process.id().cast_signed()), Signal::SIGINT).unwrap();
    let ended = process.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let message = String::from_utf8_lossy(&ended.stderr);
    assert!(
        message.contains("bench run smoke --resume run"),
        "{message}"
    );
    assert!(
        ended.stdout.is_empty(),
        "no path is printed for a run that did not end"
    );
    wait_for("the end of its children", || {
        !started.iter().any(|pid| runs(*pid))
    });
    assert_eq!(rows(&folder).len(), 1);

    // kill -9 in the middle of the third.
    let mut process = start(&mut bench(directory.path(), &resume));
    wait_for("the third cell", || {
        row_count(&folder) == 2 && children(process.id()).len() == 2
    });
    let started = children(process.id());
    process.kill().unwrap();
    process.wait().unwrap();
    wait_for("the end of its children", || {
        !started.iter().any(|pid| runs(*pid))
    });
    assert_eq!(rows(&folder).len(), 2);

    let (ended, stdout, stderr) = run(&mut bench(directory.path(), &resume));
    assert!(ended.status.success(), "{stderr}");
    assert_eq!(stdout, "run\n");
    let arms = ["kio-uring", "tokio-published"];
    let planned = arms.map(|arm| [10, 50].map(|connections| (0, arm.to_owned(), connections)));
    let measured = cells(&folder).into_iter();
    let measured: Vec<_> = measured
        .map(|(block, arm, load)| (block, arm, load.connections))
        .collect();
    assert_eq!(measured, planned.concat(), "the cells of an unbroken run");
    assert_eq!(loads(&folder).len(), 4);
    for (row, load) in rows(&folder).iter().zip(loads(&folder)) {
        check_row(row);
        // wrk opens one connection more, to see whether the server is there.
        check_reports(row, u64::from(row.connections) + 1, 0);
        assert_eq!((&load.arm, load.connections), (&row.arm, row.connections));
        assert_eq!(
            load.latency_corrected_by, "none",
            "wrk's correction is undone"
        );
        assert_eq!(load.client_command[0], "wrk");
        assert!(!load.server_command.concat().contains('{'), "{load:?}");
    }
}

#[test]
fn ctrl_c_while_the_arms_are_tried_ends_the_run() {
    let directory = tempfile::tempdir().unwrap();
    let arms = r#"
        [[arm]]
        name = "silent"
        command = "sh"
        args = ["-c", "touch started; exec sleep 60"]
    "#;
    fs::write(directory.path().join("arms.toml"), arms).unwrap();
    let options = ["--arms-file", "arms.toml", "--arms", "silent", "--out", "o"];
    let process = start(&mut bench(
        directory.path(),
        &[&SMOKE[..], &options].concat(),
    ));
    wait_for("the try of the arm", || {
        directory.path().join("started").exists()
    });
    kill(Pid::from_raw(process.id().cast_signed()), Signal::SIGINT).unwrap();
    let ended = process.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{message}");
    assert!(message.contains("interrupted"), "{message}");
    assert!(!message.contains("no arm can be measured"), "{message}");
    assert!(!directory.path().join("o").exists(), "nothing was measured");
}

#[test]
fn a_build_during_the_run_changes_nothing_unseen() {
    let directory = tempfile::tempdir().unwrap();
    let built = directory.path().join("built");
    fs::create_dir(&built).unwrap();
    let servers = support::real::subjects();
    fs::copy(servers.join("kio-rs"), built.join("kio-rs")).unwrap();
    fs::copy(servers.join("tokio-baseline"), built.join("mine")).unwrap();
    let options = ["--subjects", "built", "--subject", "mine=built/mine"];
    let rest = ["--arms", "kio-uring,mine", "--blocks", "2", "--out", "run"];
    let process = start(&mut bench(
        directory.path(),
        &[&["run", "smoke"], &options[..], &rest[..]].concat(),
    ));
    let folder = directory.path().join("run");
    wait_for("the first row", || row_count(&folder) > 0);
    for name in ["kio-rs", "mine"] {
        // As a linker does: the name gets another file, the old one goes on running.
        let new = built.join("new");
        fs::copy("/bin/false", &new).unwrap();
        fs::rename(&new, built.join(name)).unwrap();
    }
    let ended = process.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{stderr}");
    let rows = rows(&folder);
    assert_eq!(rows.len(), 8);
    for row in &rows {
        if row.arm == "kio-uring" {
            check_row(row);
        } else if row.block == 1 {
            let cause = "the binary of arm mine changed during the run";
            assert!(row.error.contains(cause), "{row:?}");
        }
    }
    for load in loads(&folder) {
        let subject = if load.arm == "mine" { "mine" } else { "kio-rs" };
        assert_eq!(load.server_command[0], subject);
    }
}

#[test]
fn any_server_is_an_arm_and_an_unavailable_one_has_rows_that_say_why() {
    let directory = tempfile::tempdir().unwrap();
    let arms = r#"
        [[arm]]
        name = "broken"
        command = "sh"
        args = ["-c", "echo no ring on {listen} >&2; exit 3"]
        reports = true
        [[arm]]
        name = "silent"
        command = "sh"
        args = ["-c", "exit 4"]
    "#;
    fs::write(directory.path().join("arms.toml"), arms).unwrap();
    let server = support::real::subjects().join("tokio-baseline");
    let subject = format!("mine={}", server.display());
    let options = ["--arms-file", "arms.toml", "--subject", &subject];
    let options = [&options[..], &["--arms", "broken,silent,mine"]].concat();
    let (ended, stdout, stderr) = run(&mut bench(
        directory.path(),
        &[&SMOKE[..], &options].concat(),
    ));
    assert!(ended.status.success(), "{stderr}");
    assert!(stderr.contains("arm broken is unavailable"), "{stderr}");

    let folder = directory.path().join(stdout.trim());
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    assert!(
        stdout.starts_with("results/20") && name.ends_with("-smoke"),
        "{stdout}"
    );
    let rows = rows(&folder);
    assert_eq!((rows.len(), loads(&folder).len()), (6, 2));
    for row in rows {
        match row.arm.as_str() {
            "broken" => assert!(
                row.error.contains("exit status: 3: no ring on 127.0.0.1:"),
                "{row:?}"
            ),
            "silent" => assert!(row.error.contains("exit status: 4"), "{row:?}"),
            _ => {
                check_row(&row);
                assert_eq!((row.configuration.as_str(), row.kernel_entries), ("", None));
            }
        }
    }
}

#[test]
fn both_generators_share_processors_with_servers_under_another_policy() {
    let directory = tempfile::tempdir().unwrap();
    let experiment = r#"
        name = "both"
        description = "Both generators, nothing pinned"
        blocks = 1
        window_s = 1
        warm_up_ms = 50
        workers = 2
        client_threads = 2
        placement = "shared"
        scheduling = "batch"
        arms = ["tokio-published", "kio-uring"]
        [[load]]
        connections = 10
        [[load]]
        connections = 10
        generator = "flood"
        pipeline = 4
        idle_connections = 300
    "#;
    fs::write(directory.path().join("both.toml"), experiment).unwrap();
    let arguments = ["run", "both.toml", "--out", "run", "--seed", "1"];
    let (ended, _, stderr) = run(&mut bench(directory.path(), &arguments));
    assert!(ended.status.success(), "{stderr}");
    assert!(
        stderr.contains("under SCHED_BATCH; wrk and flood: 2 threads on"),
        "{stderr}"
    );

    let folder = directory.path().join("run");
    let plan = Folder::plan(&folder).unwrap();
    assert_eq!(
        (plan.placement, plan.scheduling),
        (Placement::Shared, Scheduling::Batch)
    );
    let text = fs::read_to_string(folder.join(ENVIRONMENT_FILE)).unwrap();
    let environment: Environment = serde_json::from_str(&text).unwrap();
    assert!(environment.load_generator.contains("; flood "), "{text}");
    assert_eq!(environment.subjects["flood"].sha256.len(), 64);

    let (rows, loads) = (rows(&folder), loads(&folder));
    assert_eq!((rows.len(), loads.len()), (4, 4));
    for (row, load) in rows.iter().zip(&loads) {
        check_row(row);
        assert!(row.configuration.contains("workers=2 unpinned"), "{row:?}");
        assert_eq!(load.latency_corrected_by, "none");
        assert_eq!(
            (load.generator, load.idle_connections),
            (row.generator, row.idle_connections)
        );
        if row.generator == Generator::Flood {
            assert_eq!(
                (row.connections_open, row.idle_connections),
                (Some(310), 300)
            );
            assert_eq!(load.client_command[0], "flood");
            // One request before the window tells flood the answer.
            check_reports(row, 310, 1);
        } else {
            check_reports(row, 11, 0);
        }
    }
}

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
    wait_for("an answer", || conformance::check_hello(address).is_ok());
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
