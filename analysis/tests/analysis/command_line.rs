//! The binary: exit codes, what is printed, what is written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::support::{NO_DIFFERENCE, Scenario, Truth};

pub fn analysis(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analysis"))
        .current_dir(dir)
        .args(arguments)
        .output()
        .unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A repository's root with one run in it.
pub fn root_with(scenario: &Scenario) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    scenario.write(
        &root
            .path()
            .join("results/2026-01-02-synthetic-2c-synthetic"),
    );
    root
}

pub fn small() -> Scenario {
    Scenario::new(Truth {
        blocks: 12,
        ..NO_DIFFERENCE
    })
    .only(50)
}

#[test]
fn a_report_of_the_newest_run_is_written_and_its_path_printed() {
    let root = root_with(&small());
    let output = analysis(root.path(), &["report", "--out", "out"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "out/report.html"
    );
    let page = fs::read_to_string(root.path().join("out/report.html")).unwrap();
    assert!(page.contains("2026-01-02-synthetic-2c-synthetic"));
}

#[test]
fn nothing_is_written_into_a_results_folder() {
    let root = root_with(&small());
    let run = "results/2026-01-02-synthetic-2c-synthetic";
    let output = analysis(
        root.path(),
        &["report", run, "--out", &format!("{run}/report")],
    );
    assert!(!output.status.success());
    assert!(
        stderr(&output).contains("lies in the results folder"),
        "{}",
        stderr(&output)
    );
    assert_eq!(fs::read_dir(root.path().join(run)).unwrap().count(), 6);
}

#[test]
fn an_unfinished_run_needs_partial_and_the_report_says_so() {
    let mut scenario = small();
    scenario.rows.truncate(53);
    scenario.loads.truncate(53);
    let root = root_with(&scenario);
    let refused = analysis(root.path(), &["report", "--out", "out"]);
    assert!(!refused.status.success());
    assert!(
        stderr(&refused).contains("7 of 60 measurements are missing"),
        "{}",
        stderr(&refused)
    );
    let output = analysis(root.path(), &["report", "--out", "out", "--partial"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = fs::read_to_string(root.path().join("out/report.md")).unwrap();
    assert!(text.contains("This run is not finished: 7 of 60 measurements are missing"));
}

#[test]
fn a_later_run_says_where_its_machine_and_arms_are_not_the_firsts() {
    let root = tempfile::tempdir().unwrap();
    let mut first = small();
    first.plan.experiment = "quick".into();
    first.write(&root.path().join("a-quick"));
    let mut same = small();
    same.plan.experiment = "single".into();
    same.write(&root.path().join("b-single"));
    let mut other = small();
    other.plan.experiment = "idle".into();
    other.plan.arms[0].args.push("--other".into());
    (other.environment.server.sysctls).insert("net.core.busy_poll".into(), "50".into());
    other
        .environment
        .server
        .sysctls
        .remove("net.core.somaxconn");
    // A machine of its own for the load generator, like the server's in all but one setting.
    let mut client = other.environment.server.clone();
    (client.sysctls).insert("net.core.busy_poll".into(), "60".into());
    other.environment.client = Some(client);
    other.write(&root.path().join("c-idle"));

    let given = ["report", "a-quick", "b-single", "c-idle", "--out", "out"];
    let output = analysis(root.path(), &given);
    assert!(output.status.success(), "{}", stderr(&output));
    let file = |name: &str| fs::read_to_string(root.path().join("out").join(name));
    let text = file("report.md").unwrap();
    assert_eq!(
        text.matches("The machine and its settings are those of quick.")
            .count(),
        1
    );
    assert_eq!(
        text.matches("Each arm is as in quick.").count(),
        1,
        "{text}"
    );
    assert!(file("tables/single/arms-beside.csv").is_err());

    let settings = file("tables/idle/environment-beside.csv").unwrap();
    let lines: Vec<&str> = settings.lines().collect();
    assert_eq!(
        lines,
        [
            "setting,value,client",
            "net.core.busy_poll,50,60",
            "net.core.somaxconn,,"
        ]
    );
    let arms = file("tables/idle/arms-beside.csv").unwrap();
    assert_eq!(arms.lines().count(), 2, "{arms}");
    assert!(arms.contains("--other"), "{arms}");
}

#[test]
fn check_passes_a_good_run_and_lists_what_fell() {
    let good = root_with(
        &Scenario::new(Truth {
            kio_cpu: 0.9,
            blocks: 12,
            ..NO_DIFFERENCE
        })
        .only(50),
    );
    let output = analysis(good.path(), &["check"]);
    assert!(output.status.success(), "{}", stderr(&output));

    let mut scenario = Scenario::new(Truth {
        kio_cpu: 1.2,
        blocks: 12,
        ..NO_DIFFERENCE
    })
    .only(50);
    scenario.row(1, "kio-uring-again", 50).connections_open = Some(49);
    let bad = root_with(&scenario);
    let output = analysis(bad.path(), &["check"]);
    assert!(!output.status.success());
    let text = stderr(&output);
    assert!(
        text.contains("invalid cell: kio-uring-again at 50 connections"),
        "{text}"
    );
    assert!(text.contains("claim ours-cpu-50"), "{text}");
}

/// A scenario of so dear a kio at 50 connections, under a name.
fn written(root: &Path, name: &str, kio_cpu: f64) {
    let truth = Truth {
        kio_cpu,
        blocks: 8,
        ..NO_DIFFERENCE
    };
    Scenario::new(truth).only(50).write(&root.join(name));
}

#[test]
fn the_answer_is_that_of_the_experiment_that_comes_first() {
    let root = tempfile::tempdir().unwrap();
    for (name, experiment) in [("a-idle", "idle"), ("b-quick", "quick"), ("c-mine", "mine")] {
        let mut scenario = small();
        scenario.plan.experiment = experiment.into();
        scenario.write(&root.path().join(name));
    }
    let output = analysis(
        root.path(),
        &["report", "a-idle", "b-quick", "c-mine", "--out", "out"],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let text = fs::read_to_string(root.path().join("out/report.md")).unwrap();
    let first = text.find("<a id=\"quick.headline-cpu\">").unwrap();
    for later in ["idle", "mine"] {
        assert!(
            first
                < text
                    .find(&format!("<a id=\"{later}.headline-cpu\">"))
                    .unwrap()
        );
    }
    assert!(text.contains("Experiment mine"));
    let missing = text
        .lines()
        .find(|line| line.starts_with("Not measured in these"))
        .unwrap();
    assert!(
        missing.contains("`ladder`") && !missing.contains("`idle`"),
        "{missing}"
    );
}

#[test]
fn compare_shows_what_differs_and_by_how_much() {
    let root = tempfile::tempdir().unwrap();
    written(root.path(), "a", 1.0);
    let mut other = Scenario::new(Truth {
        kio_cpu: 0.5,
        ..NO_DIFFERENCE
    })
    .only(50);
    other.environment.server.kernel_release = "7.0.0".into();
    other.write(&root.path().join("b"));
    let output = analysis(root.path(), &["compare", "a", "b", "--out", "out"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("| `environment.server.kernel_release` | 6.18.0 | 7.0.0 |"),
        "{text}"
    );
    assert!(text.contains("these quotients are unpaired"), "{text}");
    let row = text
        .lines()
        .find(|line| line.starts_with("| `kio-uring` | 50 |"))
        .unwrap();
    assert!(row.contains("| less |"), "{row}");
    let same = text
        .lines()
        .find(|line| line.starts_with("| `tokio-published` | 50 |"))
        .unwrap();
    assert!(
        !same.contains("| less |") && !same.contains("| more |"),
        "{same}"
    );
    assert!(!text.contains("<a id"), "{text}");
    for file in [
        "compare.md",
        "tables/quotients.csv",
        "tables/quotients.parquet",
    ] {
        assert!(root.path().join("out").join(file).is_file(), "{file}");
    }
}

#[test]
fn check_is_a_gate_against_an_earlier_run() {
    let root = tempfile::tempdir().unwrap();
    written(root.path(), "earlier", 0.9);
    written(root.path(), "same", 0.9);
    written(root.path(), "dearer", 2.0);
    let good = analysis(root.path(), &["check", "same", "--baseline", "earlier"]);
    assert!(good.status.success(), "{}", stderr(&good));
    let bad = analysis(root.path(), &["check", "dearer", "--baseline", "earlier"]);
    assert_eq!(bad.status.code(), Some(1));
    let text = stderr(&bad);
    assert!(
        text.contains("kio-uring at 50 connections spends"),
        "{text}"
    );
    assert!(
        !text.contains("tokio-published at 50 connections spends"),
        "{text}"
    );
}

#[test]
fn check_judges_a_readers_claims_and_names_the_one_that_fell() {
    let root = tempfile::tempdir().unwrap();
    written(root.path(), "run", 0.9);
    let claim = |id: &str, limit: f64, connections: u32| {
        format!(
            "[[claim]]\nid = \"{id}\"\nours = \"kio-uring\"\nbase = \"tokio-published\"\n\
             metric = \"cpu_us_per_request\"\nload = {{ connections = {connections} }}\nat_most = {limit}\n"
        )
    };
    let put = |text: String| fs::write(root.path().join("claims.toml"), text).unwrap();
    let run = || analysis(root.path(), &["check", "run", "--claims", "claims.toml"]);
    put(claim("holds", 0.95, 50));
    assert!(run().status.success(), "{}", stderr(&run()));
    put(claim("holds", 0.95, 50) + &claim("falls", 0.7, 50));
    let fell = run();
    assert_eq!(fell.status.code(), Some(1));
    let text = stderr(&fell);
    assert!(
        text.contains("claim falls: ") && !text.contains("claim holds: "),
        "{text}"
    );
    put(claim("elsewhere", 0.7, 51));
    assert!(stderr(&run()).contains("arms or loads that the run run does not have"));
}

#[test]
fn a_large_run_needs_no_more_memory_than_a_small_machine_has() {
    const GIBIBYTE_IN_KIB: u32 = 1 << 20;
    let root = tempfile::tempdir().unwrap();
    let truth = Truth {
        blocks: 1000,
        ..NO_DIFFERENCE
    };
    Scenario::new(truth)
        .only(2000)
        .write(&root.path().join("large"));
    let limited = format!(
        "ulimit -v {GIBIBYTE_IN_KIB} && exec {} report large --out out",
        env!("CARGO_BIN_EXE_analysis")
    );
    let output = Command::new("sh")
        .current_dir(root.path())
        .args(["-c", &limited])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn without_a_run_the_error_says_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let output = analysis(root.path(), &["report", "--out", "out"]);
    assert!(!output.status.success());
    assert!(
        stderr(&output).contains("holds no run"),
        "{}",
        stderr(&output)
    );
}
