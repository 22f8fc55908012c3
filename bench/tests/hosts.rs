//! Runs in network namespaces, and what the readings within a window cost.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use bench::results::Folder;
use procfs::process::all_processes;
use records::{ENVIRONMENT_FILE, Environment, Generator};
use support::checks::{check_reports, check_row};
use support::real::{bench, children, run, runs, start, wait_for};
use support::sshd::namespaces_are_refused;
use support::{rows, series};

/// One arm under both generators.
const EXPERIMENT: &str = r#"
    name = "apart"
    description = "Each side in a network namespace"
    blocks = 1
    window_s = 1
    warm_up_ms = 20
    workers = 1
    client_threads = 1
    arms = ["kio-uring"]
    [[load]]
    connections = 10
    [[load]]
    connections = 10
    generator = "flood"
    idle_connections = 20
"#;

const RUN: [&str; 8] = [
    "run",
    "apart.toml",
    "--host",
    "netns",
    "--seed",
    "1",
    "--out",
    "run",
];

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("apart.toml"), EXPERIMENT).unwrap();
    directory
}

/// The network namespace of a process.
fn namespace(pid: i32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/net")).ok()
}

/// The network namespaces that a process or an open file of one keeps.
fn kept() -> BTreeSet<PathBuf> {
    let mut kept = BTreeSet::new();
    for process in all_processes().unwrap().flatten() {
        kept.extend(namespace(process.pid));
        let files = fs::read_dir(format!("/proc/{}/fd", process.pid))
            .into_iter()
            .flatten();
        let targets = files
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok());
        kept.extend(targets.filter(|target| target.to_string_lossy().starts_with("net:")));
    }
    kept
}

#[test]
fn both_sides_have_a_namespace_and_a_link() {
    if namespaces_are_refused() {
        return;
    }
    let directory = directory();
    let (ended, _, stderr) = run(&mut bench(directory.path(), &RUN));
    assert!(ended.status.success(), "{stderr}");
    let folder = directory.path().join("run");
    assert_eq!(Folder::plan(&folder).unwrap().host, "netns");
    let text = fs::read_to_string(folder.join(ENVIRONMENT_FILE)).unwrap();
    let environment: Environment = serde_json::from_str(&text).unwrap();
    for name in [
        "net.ipv4.ip_local_port_range",
        "net.core.somaxconn",
        "net.ipv4.tcp_rmem",
    ] {
        let own = bench::machine::Sysctls::of_this_machine().get(name);
        assert_eq!(
            environment.server.sysctls.get(name),
            own.as_ref(),
            "as this machine has it"
        );
    }

    let (rows, series) = (rows(&folder), series(&folder));
    assert_eq!((rows.len(), series.len()), (2, 2));
    for (row, series) in rows.iter().zip(&series) {
        check_row(row);
        let before = u64::from(row.generator == Generator::Flood);
        let opened = if before == 1 { 30 } else { 11 };
        check_reports(row, opened, before);
        assert!(row.server_link_sent_bytes > row.response_bytes, "{row:?}");
        assert!(row.client_tcp_retransmits.is_some());
        assert_eq!(
            row.client_host_cpu_busy_us, None,
            "the machine is the server's"
        );
        let processors = row.host_cpu_busy_by_cpu_us.split(';').count();
        assert!(processors > 1 || processors as u32 == environment.server.cpus);
        let pinned = !Folder::plan(&folder).unwrap().server_cpus.is_empty();
        assert!(pinned || row.core_round_trip_before_ns.is_none());
        assert!(
            row.client_cpu_by_thread_us.contains(';'),
            "the generator's main thread and its worker"
        );

        assert_eq!((series.block, &series.load), (row.block, &row.load_point()));
        assert_eq!(series.at_ms[0], 0);
        for readings in [
            &series.requests,
            &series.server_cpu_us,
            &series.client_cpu_us,
        ] {
            assert_eq!(readings.len(), series.at_ms.len());
            assert!(readings[0] == 0 && readings.is_sorted(), "{series:?}");
        }
        let last = *series.requests.last().unwrap();
        assert!(last > 0 && last <= row.requests.unwrap() + 10, "{series:?}");
    }
}

#[test]
fn kill_leaves_no_process_and_no_namespace() {
    if namespaces_are_refused() {
        return;
    }
    let directory = directory();
    let mut process = start(&mut bench(directory.path(), &RUN));
    let own = namespace(process.id().cast_signed()).unwrap();
    let started = || -> BTreeSet<PathBuf> {
        children(process.id())
            .into_iter()
            .filter_map(namespace)
            .collect()
    };
    // The server's and the load generator's, which are neither this test's nor each other's.
    wait_for("a window", || started().len() == 2);
    let (pids, namespaces) = (children(process.id()), started());
    assert!(!namespaces.contains(&own) || namespaces.len() == 2);
    process.kill().unwrap();
    process.wait().unwrap();
    wait_for("the end of its children", || {
        !pids.iter().any(|pid| runs(*pid))
    });
    let test = namespace(std::process::id().cast_signed()).unwrap();
    assert!(!namespaces.contains(&test), "both were made");
    wait_for("the end of its namespaces", || {
        kept().is_disjoint(&namespaces)
    });
}

#[test]
fn readings_cost_less_than_a_hundredth_of_a_processor() {
    let directory = tempfile::tempdir().unwrap();
    for arm in ["kio-uring", "tokio-published"] {
        let (ended, stdout, stderr) = run(&mut bench(directory.path(), &["probe", "--cost", arm]));
        assert!(ended.status.success(), "{stderr}");
        let cost: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        let figure = |name: &str| cost[name].as_u64().unwrap();
        assert!(figure("readings") > 10, "{stdout}");
        let parts = ["sampler", "client_sampler", "server"];
        let parts = parts.map(|part| figure(&format!("{part}_cpu_us_per_reading")));
        let cpu_us: u64 = parts.iter().sum();
        assert!(cpu_us > 0 && cpu_us * 100 < figure("step_us"), "{stdout}");
    }
}
