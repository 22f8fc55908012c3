//! The binary: exit codes, what is printed, what is written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::support::{NO_DIFFERENCE, Scenario, Truth};

fn analysis(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analysis"))
        .current_dir(dir)
        .args(arguments)
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A repository's root with one run in it.
fn root_with(scenario: &Scenario) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    scenario.write(
        &root
            .path()
            .join("results/2026-01-02-synthetic-2c-synthetic"),
    );
    root
}

fn small() -> Scenario {
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
fn the_readme_is_spliced_and_checked() {
    let root = root_with(&small());
    let readme = root.path().join("README.md");
    fs::write(
        &readme,
        "# T\n<!-- results:begin -->\n<!-- results:end -->\nrest\n",
    )
    .unwrap();

    let stale = analysis(root.path(), &["splice", "README.md", "--check"]);
    assert!(!stale.status.success());
    assert!(
        stderr(&stale).contains("README.md:3: does not say"),
        "{}",
        stderr(&stale)
    );

    assert!(
        analysis(root.path(), &["splice", "README.md"])
            .status
            .success()
    );
    assert!(
        analysis(root.path(), &["splice", "README.md", "--check"])
            .status
            .success()
    );
    let text = fs::read_to_string(&readme).unwrap();
    assert!(
        text.contains("](results/2026-01-02-synthetic-2c-synthetic)"),
        "{text}"
    );
    assert!(text.starts_with("# T\n") && text.ends_with("rest\n"));

    fs::write(&readme, text.replace("2\u{a0}%", "3\u{a0}%")).unwrap();
    let edited = analysis(root.path(), &["splice", "README.md", "--check"]);
    assert!(!edited.status.success());
    assert!(
        stderr(&edited).contains("README.md:3: "),
        "{}",
        stderr(&edited)
    );
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
