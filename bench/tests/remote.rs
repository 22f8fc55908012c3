//! Runs over ssh, to an sshd of the test's own.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use records::{ENVIRONMENT_FILE, Environment, Measurement};
use support::checks::check_row;
use support::real::{children, interrupt, run, runs, start, wait_for};
use support::sshd::{Sshd, kill};
use support::{loads, rows, series};

/// One arm at one load.
const EXPERIMENT: &str = r#"
    name = "there"
    description = "A server on another machine"
    blocks = 1
    window_s = 1
    warm_up_ms = 20
    workers = 1
    client_threads = 1
    arms = ["tokio-published"]
    [[load]]
    connections = 10
"#;
const RUN: [&str; 6] = ["run", "there.toml", "--seed", "1", "--out", "run"];

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("there.toml"), EXPERIMENT).unwrap();
    directory
}

fn row_count(folder: &Path) -> usize {
    fs::read_to_string(folder.join(records::MEASUREMENTS_FILE))
        .map_or(0, |text| text.lines().count().saturating_sub(1))
}

/// Waits until the load generator is at work in the block of that number.
fn wait_for_window(sshd: &Sshd, bench: u32, folder: &Path, block: usize) {
    let name = |pid: i32| {
        let stat = procfs::process::Process::new(pid).and_then(|process| process.stat());
        stat.map_or_else(|_| String::new(), |stat| stat.comm)
    };
    wait_for("a window", || {
        let loaded = children(bench).iter().any(|pid| name(*pid) == "wrk");
        // The probe and its server.
        // Before there is a folder, the windows are those of the calibration.
        folder.exists() && row_count(folder) == block && loaded && sshd.running().len() == 2
    });
}

fn ssh_of(bench: u32) -> i32 {
    let is_ssh = |pid: &i32| {
        let process = procfs::process::Process::new(*pid);
        process
            .and_then(|process| process.stat())
            .is_ok_and(|stat| stat.comm == "ssh")
    };
    children(bench).into_iter().find(is_ssh).unwrap()
}

fn check_both_hosts(row: &Measurement, apart: bool) {
    check_row(row);
    let processors = |list: &str| list.split(';').count();
    assert!(row.host_cpu_busy_us.unwrap() > 0 && row.client_host_cpu_busy_us.unwrap() > 0);
    assert!(row.client_host_cpu_steal_us.is_some());
    let classes = [
        row.client_host_cpu_user_us,
        row.client_host_cpu_system_us,
        row.client_host_cpu_softirq_us,
    ];
    let sum = classes.iter().map(|us| us.unwrap()).sum();
    assert_eq!(row.client_host_cpu_busy_us, Some(sum));
    // Both hosts are one machine in this test.
    assert_eq!(
        processors(&row.host_cpu_busy_by_cpu_us),
        processors(&row.client_host_cpu_busy_by_cpu_us)
    );
    assert!(row.tcp_retransmits.is_some() && row.client_tcp_retransmits.is_some());
    assert_eq!(
        row.core_round_trip_before_ns, None,
        "they may not be one machine"
    );
    assert!(!row.server_cpu_by_thread_us.is_empty() && !row.client_cpu_by_thread_us.is_empty());
    assert_eq!(row.server_link_sent_bytes.is_some(), apart);
    if let Some(sent) = row.server_link_sent_bytes {
        assert!(sent > row.response_bytes.unwrap(), "{row:?}");
    }
}

#[test]
fn a_run_has_rows_from_both_hosts_and_executes_only_what_has_the_right_hash() {
    let Some(sshd) = Sshd::start() else { return };
    let directory = directory();
    let (ended, stdout, stderr) = run(&mut sshd.bench(directory.path(), &RUN));
    assert!(ended.status.success(), "{stderr}");
    assert_eq!(stdout, "run\n");
    let folder = directory.path().join("run");
    let (rows, loads, series) = (rows(&folder), loads(&folder), series(&folder));
    assert_eq!((rows.len(), loads.len(), series.len()), (1, 1, 1));
    check_both_hosts(&rows[0], sshd.apart);
    assert_eq!(bench::results::Folder::plan(&folder).unwrap().host, "ssh");
    let series = &series[0];
    assert!(series.at_ms.len() > 2, "{series:?}");
    for readings in [
        &series.requests,
        &series.server_cpu_us,
        &series.client_cpu_us,
    ] {
        assert_eq!(readings.len(), series.at_ms.len());
        assert!(
            readings.is_sorted() && readings.last() > Some(&0),
            "{series:?}"
        );
    }
    let text = fs::read_to_string(folder.join(ENVIRONMENT_FILE)).unwrap();
    let environment: Environment = serde_json::from_str(&text).unwrap();
    assert!(environment.load_generator.starts_with("wrk"), "{text}");

    // The harness, the server, and the one that calibrates, each under its hash.
    let kept = || -> Vec<(std::path::PathBuf, u64)> {
        let files = fs::read_dir(sshd.store()).unwrap().flatten();
        let mut files: Vec<_> = files
            .map(|f| (f.path(), f.metadata().unwrap().len()))
            .collect();
        files.sort();
        files
    };
    let before = kept();
    assert_eq!(before.len(), 3);
    assert!(
        before
            .iter()
            .any(|(path, _)| path.ends_with(&rows[0].subject_sha256))
    );
    let executed = directory.path().join("executed");
    let script = format!("#!/bin/sh\ntouch {}\n", executed.display());
    wait_for("the end of all there", || sshd.running().is_empty());
    // In its place, not into it: a file stays busy for a moment after its process is gone from /proc.
    let other = directory.path().join("other");
    for (path, _) in &before {
        fs::write(&other, &script).unwrap();
        fs::set_permissions(&other, fs::metadata(path).unwrap().permissions()).unwrap();
        fs::rename(&other, path).unwrap();
    }
    let again = ["run", "there.toml", "--seed", "1", "--out", "again"];
    let (ended, _, stderr) = run(&mut sshd.bench(directory.path(), &again));
    assert!(ended.status.success(), "{stderr}");
    check_both_hosts(
        &support::rows(&directory.path().join("again"))[0],
        sshd.apart,
    );
    assert_eq!(kept(), before);
    assert!(!executed.exists());
    wait_for("the end of all there", || sshd.running().is_empty());
}

#[test]
fn a_cut_connection_is_an_error_row_and_the_run_goes_on() {
    let Some(sshd) = Sshd::start() else { return };
    let directory = directory();
    let folder = directory.path().join("run");
    let blocks = [&RUN[..], &["--blocks", "4"]].concat();
    let process = start(&mut sshd.bench(directory.path(), &blocks));
    let bench = process.id();

    wait_for_window(&sshd, bench, &folder, 0);
    let there = sshd.running();
    kill(ssh_of(bench));
    wait_for("the end of both", || !there.iter().any(|pid| runs(*pid)));

    wait_for_window(&sshd, bench, &folder, 1);
    let there = sshd.running();
    sshd.sessions().into_iter().for_each(kill);
    wait_for("the end of both", || !there.iter().any(|pid| runs(*pid)));

    wait_for_window(&sshd, bench, &folder, 2);
    // The probe itself: its server ends with it.
    let there = sshd.running();
    kill(*there.iter().min().unwrap());
    wait_for("the end of both", || !there.iter().any(|pid| runs(*pid)));

    let ended = process.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{message}");
    let rows = rows(&folder);
    assert_eq!(rows.len(), 4);
    for row in &rows[..3] {
        assert!(
            row.error
                .contains("the connection to the server's machine was cut"),
            "{row:?}"
        );
    }
    check_both_hosts(&rows[3], sshd.apart);
    wait_for("the end of all there", || sshd.running().is_empty());
}

#[test]
fn a_machine_that_is_lost_ends_the_run_which_can_go_on_and_kill_leaves_nothing() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    let directory = directory();
    let folder = directory.path().join("run");
    let blocks = [&RUN[..], &["--blocks", "3"]].concat();
    let mut process = start(&mut sshd.bench(directory.path(), &blocks));
    wait_for_window(&sshd, process.id(), &folder, 1);
    let (there, own) = (sshd.running(), children(process.id()));
    process.kill().unwrap();
    process.wait().unwrap();
    wait_for("the end of all", || {
        !there.iter().chain(&own).any(|pid| runs(*pid)) && sshd.running().is_empty()
    });

    let resume = ["run", "there.toml", "--resume", "run"];
    let process = start(&mut sshd.bench(directory.path(), &resume));
    wait_for_window(&sshd, process.id(), &folder, 1);
    sshd.end();
    let ended = process.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{message}");
    assert!(message.contains("cannot be reached any more"), "{message}");
    assert!(message.contains("--resume run --host ssh://"), "{message}");
    let rows = rows(&folder);
    assert_eq!(rows.len(), 2);
    assert!(
        rows[0].error.is_empty() && rows[1].error.contains("was cut"),
        "{rows:?}"
    );
}

#[test]
fn ctrl_c_while_connecting_ends_the_run() {
    let directory = directory();
    let place = directory.path();
    // A way to the machine on which nothing ever comes back.
    let proxy = place.join("proxy");
    let started = place.join("started");
    let script = format!(
        "#!/bin/sh\necho $$ >{0}.new && mv {0}.new {0}\nexec sleep 1000\n",
        started.display()
    );
    fs::write(&proxy, script).unwrap();
    fs::set_permissions(&proxy, fs::Permissions::from_mode(0o755)).unwrap();
    let host = ["--host", "ssh://there", "--server-address", "127.0.0.1"];
    let mut command = support::real::bench(place, &[&RUN[..], &host].concat());
    let options = format!("-F /dev/null -o ProxyCommand={}", proxy.display());
    let process = start(command.env("KIO_SSH_OPTIONS", options));
    wait_for("the connecting", || started.exists());
    let there = fs::read_to_string(&started)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let own = children(process.id());
    interrupt(process.id());
    let ended = process.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{message}");
    assert!(message.contains("interrupted"), "{message}");
    assert!(!place.join("run").exists(), "nothing was measured");
    wait_for("the end of ssh and of its way", || {
        !own.iter().chain([&there]).any(|pid| runs(*pid))
    });
}

#[test]
fn what_ssh_cannot_do_is_told_before_anything_is_written() {
    let directory = directory();
    let refused = |host: &str, options: &[&str], part: &str| {
        let arguments = [&RUN[..], &["--host", host], options].concat();
        let mut command = support::real::bench(directory.path(), &arguments);
        command.env("KIO_SSH_OPTIONS", "-F /dev/null -o ConnectTimeout=5");
        let (ended, _, stderr) = run(&mut command);
        assert!(!ended.status.success());
        assert!(stderr.contains(part), "{stderr}");
    };
    refused("ssh://-oProxyCommand=x", &[], "is no host");
    refused(
        "local",
        &["--server-address", "127.0.0.1"],
        "for --host ssh://... only",
    );
    refused("ssh://no-such-machine.invalid", &[], "--server-address");
    let nobody = ["--server-address", "127.0.0.1"];
    refused("ssh://127.0.0.1:1", &nobody, "must work without a question");
    assert!(!directory.path().join("run").exists());
}
