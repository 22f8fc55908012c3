//! What is spliced and where the parts of a report of several runs lie.

use std::fs;
use std::path::Path;
use std::process::Output;

use super::command_line::{analysis, root_with, small, stderr};

/// A README with nothing but a place for results.
const PLACE: &str = "<!-- results:begin -->\n<!-- results:end -->\n";

/// A repository's root with one run, and a place for it.
fn root_with_a_place() -> tempfile::TempDir {
    let root = root_with(&small());
    fs::write(root.path().join("README.md"), PLACE).unwrap();
    root
}

fn splice_with_figure(root: &Path, more: &[&str]) -> Output {
    let arguments = ["splice", "README.md", "--figure", "figure.svg"];
    analysis(root, &[&arguments[..], more].concat())
}

#[test]
fn a_figure_that_is_not_there_fails_the_check_and_an_old_one_too() {
    let root = root_with_a_place();
    let splice = |more: &[&str]| splice_with_figure(root.path(), more);
    assert!(splice(&[]).status.success());
    assert!(splice(&["--check"]).status.success());

    let figure = root.path().join("figure.svg");
    let drawn = fs::read_to_string(&figure).unwrap();
    fs::write(&figure, drawn.replacen("<text", "<text ", 1)).unwrap();
    let old = splice(&["--check"]);
    assert_eq!(old.status.code(), Some(1));
    assert!(
        stderr(&old).contains("figure.svg:2: does not say"),
        "{}",
        stderr(&old)
    );

    fs::remove_file(&figure).unwrap();
    let missing = splice(&["--check"]);
    assert_eq!(missing.status.code(), Some(1));
    let said = stderr(&missing);
    assert!(
        said.contains("figure.svg: cannot be read; write it with"),
        "{said}"
    );
    assert!(!figure.exists());
}

#[test]
fn repeats_of_one_experiment_go_by_their_folders() {
    let root = tempfile::tempdir().unwrap();
    let repeats = ["2026-01-02-x-synthetic", "2026-01-03-x-synthetic"];
    for name in repeats {
        small().write(&root.path().join(name));
    }
    let report = |runs: &[&str], out: &str| {
        let arguments = [&["report"], runs, &["--out", out]].concat();
        let output = analysis(root.path(), &arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        root.path().join(out).join("tables")
    };
    let tables = report(&repeats, "both");
    for name in repeats {
        assert!(tables.join(name).join("cells.csv").is_file(), "{name}");
    }
    assert!(!tables.join("synthetic").exists());
    let page = fs::read_to_string(root.path().join("both/report.md")).unwrap();
    for name in repeats {
        let heading = format!("<a id=\"{name}.run\"></a>Experiment synthetic, run {name}\n");
        assert!(page.contains(&heading), "{name}");
    }
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
fn of_several_runs_the_readme_has_one_answer_a_figure_and_a_line_each() {
    let root = tempfile::tempdir().unwrap();
    for (name, experiment) in [("a-idle", "idle"), ("b-quick", "quick")] {
        let mut scenario = small();
        scenario.plan.experiment = experiment.into();
        scenario.write(&root.path().join("results").join(name));
    }
    fs::write(root.path().join("README.md"), PLACE).unwrap();
    fs::create_dir(root.path().join("docs")).unwrap();
    let splice = |more: &[&str]| {
        let given = ["splice", "README.md", "results/a-idle", "results/b-quick"];
        analysis(root.path(), &[&given, more].concat())
    };
    let figure = ["--figure", "docs/answer.svg"];
    let first = splice(&figure);
    assert!(first.status.success(), "{}", stderr(&first));
    let text = fs::read_to_string(root.path().join("README.md")).unwrap();
    assert_eq!(
        text.matches("times as much at 50 connections").count(),
        1,
        "{text}"
    );
    assert!(text.contains("](docs/answer.svg)"), "{text}");
    let place = |line: &str| {
        text.find(line)
            .unwrap_or_else(|| panic!("no {line} in {text}"))
    };
    assert!(place("| [quick](results/b-quick) |") < place("| [idle](results/a-idle) |"));

    assert!(
        text.contains("Of the run [quick](results/b-quick): **"),
        "{text}"
    );

    let check = ["--figure", "docs/answer.svg", "--check"];
    assert!(splice(&check).status.success());
    let svg = root.path().join("docs/answer.svg");
    fs::write(&svg, "<svg/>\n").unwrap();
    let edited = splice(&check);
    assert!(!edited.status.success());
    assert!(
        stderr(&edited).contains("docs/answer.svg:1: "),
        "{}",
        stderr(&edited)
    );

    let outside = splice(&["--figure", "/elsewhere.svg"]);
    assert!(!outside.status.success());
    assert!(stderr(&outside).contains("below"), "{}", stderr(&outside));
}

#[test]
fn a_figure_that_no_run_draws_any_more_fails_the_check_and_goes() {
    let root = root_with_a_place();
    let splice = |more: &[&str]| splice_with_figure(root.path(), more);
    assert!(splice(&[]).status.success());
    let figure = root.path().join("figure.svg");
    let drawn = fs::read_to_string(&figure).unwrap();

    // Without the arm that all are compared with.
    let mut scenario = small();
    scenario.rename("tokio-published", "tokio-other");
    fs::remove_dir_all(root.path().join("results")).unwrap();
    scenario.write(
        &root
            .path()
            .join("results/2026-01-02-synthetic-2c-synthetic"),
    );
    assert!(splice(&[]).status.success());
    assert!(!figure.exists());
    assert!(splice(&["--check"]).status.success());

    fs::write(&figure, drawn).unwrap();
    let left = splice(&["--check"]);
    assert_eq!(left.status.code(), Some(1));
    assert!(
        stderr(&left).contains("figure.svg: no run has it"),
        "{}",
        stderr(&left)
    );
}
