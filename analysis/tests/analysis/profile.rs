//! Profiles beside a run: the chapter that they make, and what is refused.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use analysis::profile::read;
use records::{
    ENVIRONMENT_FILE, EXPERIMENT_FILE, LoadPoint, PROFILE_FILE, ProfileRecord, ProfileStack,
};

use super::support::{NO_DIFFERENCE, Scenario, Truth, load};

const RUN: &str = "results/2026-01-02-synthetic-2c-synthetic";
const PROFILE: &str = "results/2026-01-02-synthetic-2c-profile";
const ARMS: [&str; 2] = ["kio-uring", "tokio-published"];
const BLOCKS: u32 = 6;

fn scenario() -> Scenario {
    Scenario::new(Truth {
        blocks: BLOCKS,
        ..NO_DIFFERENCE
    })
    .only(50)
}

fn stack(frames: &str, samples: u64) -> ProfileStack {
    ProfileStack {
        thread: "worker".to_owned(),
        frames: frames.to_owned(),
        samples,
    }
}

/// A tenth of Tokio's time is epoll, a fifth of kio's io_uring; the rest is TCP.
fn record(block: u32, arm: &str, load: &LoadPoint) -> ProfileRecord {
    let (own, samples) = match arm {
        "kio-uring" => ("io_send_[k];syscall", 200),
        _ => ("ep_poll_[k];syscall", 100),
    };
    ProfileRecord {
        block,
        arm: arm.to_owned(),
        load: load.clone(),
        frequency_hz: 1000,
        sampled_ms: 3000,
        window_us: Some(4_000_000),
        requests: Some(400_000),
        samples: 1000,
        stacks: vec![
            stack(own, samples),
            stack("_copy_to_iter_[k];tcp_recvmsg_[k]", 1000 - samples),
        ],
        ..ProfileRecord::default()
    }
}

fn records() -> Vec<ProfileRecord> {
    let load = load(50);
    let blocks = (0..BLOCKS).flat_map(|block| ARMS.map(|arm| (block, arm)));
    blocks
        .map(|(block, arm)| record(block, arm, &load))
        .collect()
}

fn write(dir: &Path, records: &[ProfileRecord]) {
    let mut scenario = scenario();
    scenario.plan.experiment = "profile".to_owned();
    scenario
        .plan
        .arms
        .retain(|arm| ARMS.contains(&arm.name.as_str()));
    fs::create_dir_all(dir).unwrap();
    let put = |name: &str, text: String| fs::write(dir.join(name), text).unwrap();
    put(EXPERIMENT_FILE, toml::to_string(&scenario.plan).unwrap());
    put(
        ENVIRONMENT_FILE,
        serde_json::to_string(&scenario.environment).unwrap(),
    );
    let lines = records
        .iter()
        .map(|record| serde_json::to_string(record).unwrap() + "\n");
    put(PROFILE_FILE, lines.collect());
}

fn report(root: &Path, folders: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_analysis"));
    let arguments = [&["report"], folders, &["--out", "out"]].concat();
    command.current_dir(root).args(arguments).output().unwrap()
}

#[test]
fn a_profile_makes_a_chapter_in_the_report_of_a_run() {
    let root = tempfile::tempdir().unwrap();
    scenario().write(&root.path().join(RUN));
    write(&root.path().join(PROFILE), &records());
    let output = report(root.path(), &[PROFILE, RUN]);
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(root.path().join("out/report.md")).unwrap();
    for part in ["Where the time goes", "6,000 samples of `kio-uring`"] {
        assert!(text.contains(part), "{text}");
    }
    let table = "out/tables/profile-2026-01-02-synthetic-2c-profile.csv";
    let table = fs::read_to_string(root.path().join(table)).unwrap();
    assert!(table.contains("\nio_uring,"), "{table}");
}

#[test]
fn without_a_profile_there_is_no_chapter_and_a_profile_alone_is_no_report() {
    let root = tempfile::tempdir().unwrap();
    scenario().write(&root.path().join(RUN));
    write(&root.path().join(PROFILE), &records());
    // The newest run, which the profile is not.
    let output = report(root.path(), &[]);
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(root.path().join("out/report.md")).unwrap();
    assert!(!text.contains("Where the time goes"));
    let output = report(root.path(), &[PROFILE]);
    assert!(!output.status.success());
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.contains("only profiles are given"), "{words}");
}

#[test]
fn shares_and_time_a_request_are_those_of_the_samples() {
    let root = tempfile::tempdir().unwrap();
    let mut records = records();
    records[1].error = "the server died".to_owned();
    write(root.path(), &records);
    let profile = read(root.path()).unwrap();
    let place = |name: &str| {
        profile
            .parts
            .iter()
            .position(|(part, _)| part == name)
            .unwrap()
    };
    let cell = |arm: &str| profile.cells.iter().find(|cell| cell.arm == arm).unwrap();
    let kio = cell("kio-uring");
    let share = kio.shares[place("io_uring")].unwrap();
    assert_eq!((share.value, share.low, share.high), (0.2, 0.2, 0.2));
    assert_eq!(kio.shares[place("epoll")].unwrap().value, 0.0);
    // 200 ms of CPU time over three quarters of 400 000 requests.
    let cost = kio.cpu_us_per_request[place("io_uring")].unwrap().value;
    assert!((cost - 200_000.0 / 300_000.0).abs() < 1e-9, "{cost}");
    let tokio = cell("tokio-published");
    assert_eq!(tokio.samples, 5000, "the failed block is left out");
    assert_eq!(tokio.shares[place("epoll")].unwrap().blocks, 5);
    assert!(profile.failed[0].contains("the server died"));
}

#[test]
fn what_does_not_add_up_is_refused_by_its_line() {
    let refused = |change: fn(&mut Vec<ProfileRecord>), part: &str| {
        let root = tempfile::tempdir().unwrap();
        let mut records = records();
        change(&mut records);
        write(root.path(), &records);
        let error = read(root.path()).unwrap_err().to_string();
        assert!(
            error.contains("profile.jsonl:") && error.contains(part),
            "{error}"
        );
    };
    refused(
        |records| records[2].samples += 1,
        "profile.jsonl:3: 1000 samples in stacks",
    );
    refused(
        |records| records[1].arm = "other".to_owned(),
        "not in experiment.toml",
    );
    refused(
        |records| records[3] = records[1].clone(),
        "is there already, on line 2",
    );
}
