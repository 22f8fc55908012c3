//! Whole runs with the real servers and the real load generator, a few seconds each.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs;
use std::path::Path;

use bench::results::Folder;
use records::{ENVIRONMENT_FILE, Environment, Generator, MEASUREMENTS_FILE, Placement, Scheduling};
use support::checks::{check_reports, check_row};
use support::real::{SMOKE, bench, children, interrupt, run, runs, start, wait_for};
use support::{cells, loads, rows};

fn row_count(folder: &Path) -> usize {
    let text = fs::read_to_string(folder.join(MEASUREMENTS_FILE)).unwrap_or_default();
    text.lines().count().saturating_sub(1)
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
    interrupt(process.id());
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
        assert_eq!((&load.arm, &load.load), (&row.arm, &row.load_point()));
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
    interrupt(process.id());
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
    assert!(stderr.contains("/flood (SHA-256 "), "{stderr}");

    let (rows, loads) = (rows(&folder), loads(&folder));
    assert_eq!((rows.len(), loads.len()), (4, 4));
    for (row, load) in rows.iter().zip(&loads) {
        check_row(row);
        assert!(row.configuration.contains("workers=2 unpinned"), "{row:?}");
        assert_eq!(load.latency_corrected_by, "none");
        assert_eq!(load.load, row.load_point());
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
