//! Which runs may stand in one report, and with which words the others are refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::support::{NO_DIFFERENCE, Scenario, Truth, USUAL};

const A: &str = "results/2026-01-02-synthetic-2c-synthetic";
const B: &str = "results/2026-01-03-synthetic-2c-synthetic";

fn small() -> Scenario {
    Scenario::new(Truth {
        blocks: 6,
        ..NO_DIFFERENCE
    })
    .only(50)
}

fn report(root: &Path, runs: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analysis"))
        .current_dir(root)
        .arg("report")
        .args(runs)
        .args(["--out", "out"])
        .output()
        .unwrap()
}

/// A report of a run and of the same with a change.
fn with(change: impl Fn(&mut Scenario)) -> Output {
    let root = tempfile::tempdir().unwrap();
    small().write(&root.path().join(A));
    let mut other = small();
    change(&mut other);
    other.write(&root.path().join(B));
    report(root.path(), &[A, B])
}

/// The words of the refusal.
fn refusal(change: impl Fn(&mut Scenario)) -> String {
    let output = with(change);
    assert!(!output.status.success(), "not refused");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn repeats_stand_in_one_report() {
    let output = with(|repeat| {
        repeat.plan.seed += 1;
        repeat.environment.git_revision = "fedcba".into();
        repeat.environment.server.memory_bytes += 4096;
    });
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn repeats_are_taken_together_run_by_run() {
    let root = tempfile::tempdir().unwrap();
    for (run, seed) in [(A, 1), (B, 2)] {
        let mut scenario = small();
        scenario.plan.seed = seed;
        let mut scenario = Scenario::of(scenario.plan, 0.02, |_, _| USUAL);
        scenario.plan.seed = seed;
        scenario.write(&root.path().join(run));
    }
    assert!(report(root.path(), &[A, B]).status.success());
    let table = root.path().join("out/tables/repeats.csv");
    let mut rows = csv::Reader::from_path(table).unwrap();
    let rows: Vec<BTreeMap<String, String>> = rows.deserialize().map(Result::unwrap).collect();
    let headline = (rows.iter())
        .find(|row| row["arm"] == "kio-uring" && row["to_arm"] == "tokio-published")
        .unwrap();
    assert_eq!(headline["runs"], "2");
    let number = |name: &str| headline[name].parse::<f64>().unwrap();
    let (least, greatest) = (number("least"), number("greatest"));
    let (value, low) = (
        number("cpu_us_per_request_ratio"),
        number("cpu_us_per_request_ratio_low"),
    );
    assert!(least < greatest, "{headline:?}");
    assert!(
        (value - (least * greatest).sqrt()).abs() < 1e-6,
        "{headline:?}"
    );
    // Student's 12.706 with one degree of freedom, times the half of the distance.
    let half = 12.706_2 * (greatest / least).ln() / 2.0;
    assert!(((value / low).ln() - half).abs() < 1e-4, "{headline:?}");
    let text = fs::read_to_string(root.path().join("out/report.md")).unwrap();
    assert!(text.contains("id=\"repeats\""), "a chapter of its own");
}

#[test]
fn one_run_has_no_repeats() {
    let root = tempfile::tempdir().unwrap();
    small().write(&root.path().join(A));
    assert!(report(root.path(), &[A]).status.success());
    assert!(!root.path().join("out/tables/repeats.csv").exists());
}

#[test]
fn another_kernel_is_refused_by_the_field_and_both_values() {
    let message = refusal(|other| other.environment.server.kernel_release = "6.12.1".into());
    for part in [
        "server.kernel_release is \"6.18.0\" and \"6.12.1\"",
        "2026-01-02-synthetic-2c-synthetic and 2026-01-03-synthetic-2c-synthetic",
        "experiment \"synthetic\"",
        "Give one of them",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn another_binary_window_or_setting_is_refused() {
    let message = refusal(|other| {
        let hash = "b".repeat(64);
        let kio = other.environment.subjects.get_mut("kio-rs").unwrap();
        kio.sha256.clone_from(&hash);
        for row in &mut other.rows {
            if row.arm.starts_with("kio") {
                row.subject_sha256.clone_from(&hash);
            }
        }
    });
    assert!(message.contains("subjects.kio-rs.sha256 is"), "{message}");
    let message = refusal(|other| other.plan.window_s += 1);
    assert!(message.contains("window_s is 3 and 4"), "{message}");
    let message = refusal(|other| {
        let sysctls = &mut other.environment.server.sysctls;
        sysctls.insert("net.core.somaxconn".into(), "128".into());
    });
    assert!(
        message.contains("server.sysctls.net.core.somaxconn is"),
        "{message}"
    );
}

#[test]
fn many_differences_are_counted() {
    let message = refusal(|other| {
        let server = &mut other.environment.server;
        server.cpus = 4;
        server.clocksource = "hpet".into();
        server.microcode = "0x2".into();
        server.cpu_model = "Another".into();
        server.architecture = "aarch64".into();
        server.numa_nodes = 2;
        server.virtualization = "kvm".into();
    });
    assert!(message.contains("; 2 more fields."), "{message}");
}

#[test]
fn different_experiments_may_differ() {
    let output = with(|other| {
        other.plan.experiment = "another".into();
        other.environment.server.kernel_release = "6.12.1".into();
    });
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn the_same_experiment_on_another_kind_of_host_stands_beside_it() {
    let root = tempfile::tempdir().unwrap();
    small().write(&root.path().join(A));
    let mut other = small();
    other.plan.host = "netns".into();
    other.plan.window_s += 1;
    other.write(&root.path().join(B));
    let output = report(root.path(), &[A, B]);
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(root.path().join("out/report.md")).unwrap();
    // That of this machine's loopback first, though it is the older one.
    let place = |heading: &str| text.find(heading).unwrap_or_else(|| panic!("no {heading}"));
    assert!(place("</a>Experiment synthetic\n") < place("</a>Experiment synthetic, host netns\n"));
}

#[test]
fn a_load_generator_with_a_machine_of_its_own_has_its_own_column() {
    let root = tempfile::tempdir().unwrap();
    let mut scenario = small();
    let mut client = scenario.environment.server.clone();
    client.cpu_model = "Client CPU".into();
    client
        .sysctls
        .insert("net.core.busy_poll".into(), "50".into());
    scenario.environment.client = Some(client);
    scenario.write(&root.path().join(A));
    small().write(&root.path().join(B));
    let mut command = Command::new(env!("CARGO_BIN_EXE_analysis"));
    let output = command
        .current_dir(root.path())
        .args(["report", A, "--out", "out"]);
    assert!(output.status().unwrap().success());
    let read = |file: &str| fs::read_to_string(root.path().join("out").join(file)).unwrap();
    let table = read("tables/environment.csv");
    assert!(
        table.contains("Processor,Synthetic CPU,Client CPU"),
        "{table}"
    );
    assert!(table.contains("net.core.busy_poll,,50"), "{table}");
    assert!(read("report.md").contains("The load generator ran on its own: Client CPU"));
}
