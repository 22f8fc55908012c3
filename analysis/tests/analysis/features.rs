//! What each feature of io_uring brings, as `analysis splice --features` writes it.

use std::fs;
use std::path::Path;
use std::process::Output;

use super::command_line::{analysis, stderr};
use super::runs;
use super::support::Scenario;

const PLACE: &str = "# T\n<!-- results:begin -->\n<!-- results:end -->\nrest\n";

/// The ladder, with start lines as the servers have them.
fn ladder() -> Scenario {
    let mut scenario = runs::ladder();
    for row in &mut scenario.rows {
        row.configuration = match row.arm.as_str() {
            "kio-uring" => "uring CLAMP multishot-recv",
            "kio-uring-oneshot" => "uring CLAMP oneshot-recv",
            "kio-uring-heap" => "uring CLAMP multishot-recv heap",
            "uring-floor" => "uring",
            _ => "epoll",
        }
        .to_owned();
    }
    scenario
}

/// A repository's root with these runs and a place for what is written.
fn root_with(scenarios: &[(&str, Scenario)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, scenario) in scenarios {
        scenario.write(&root.path().join("results").join(name));
    }
    fs::create_dir(root.path().join("docs")).unwrap();
    for file in ["README.md", "docs/features.md"] {
        fs::write(root.path().join(file), PLACE).unwrap();
    }
    root
}

fn splice(root: &Path, more: &[&str]) -> Output {
    let runs: Vec<String> = fs::read_dir(root.join("results"))
        .unwrap()
        .map(|run| format!("results/{}", run.unwrap().file_name().display()))
        .collect();
    let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
    let given = ["splice", "README.md", "--features", "docs/features.md"];
    analysis(root, &[&given[..], more, &runs].concat())
}

/// What is written of these runs.
fn written(scenarios: &[(&str, Scenario)]) -> String {
    let root = root_with(scenarios);
    let output = splice(root.path(), &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    fs::read_to_string(root.path().join("docs/features.md")).unwrap()
}

/// The part of a text about an arm.
fn part<'a>(text: &'a str, arm: &str) -> &'a str {
    let heading = format!("\n### `{arm}`\n");
    let (_, rest) = text
        .split_once(&heading)
        .unwrap_or_else(|| panic!("no {arm} in {text}"));
    rest.split("\n### ").next().unwrap()
}

#[test]
fn each_change_has_a_row_a_run_and_load() {
    let mut netns = ladder();
    netns.plan.host = "netns".to_owned();
    let row = netns.row(2, "kio-uring", 500);
    row.socket_errors = Some(7);
    row.socket_errors_read = Some(7);
    let text = written(&[("a", ladder()), ("b", netns)]);
    assert!(text.starts_with("# T\n") && text.ends_with("rest\n"));
    assert!(
        text.contains("- [ladder](../results/a): Synthetic CPU, Linux 6.18.0; "),
        "{text}"
    );
    assert!(text.contains("- [ladder-netns](../results/b): "), "{text}");

    let ours = part(&text, "kio-uring");
    assert!(
        ours.contains("Differs from `kio-uring-oneshot` by: what kio-uring has and"),
        "{ours}"
    );
    assert!(ours.contains("kio-rs does so by default."), "{ours}");
    for start in [
        "| ladder | 50 | 0.7",
        "| ladder | 500 | 1.0",
        "| ladder-netns | 50 | 0.7",
    ] {
        assert_eq!(ours.matches(start).count(), 1, "{start}: {ours}");
    }
    assert!(
        ours.contains("| ladder-netns | 500 | – | invalid: kio-uring at 500"),
        "{ours}"
    );

    let oneshot = part(&text, "kio-uring-oneshot");
    let in_part = "By default kio-rs has only this of it: `uring` and `CLAMP`.";
    assert!(oneshot.contains(in_part), "{oneshot}");
}

#[test]
fn what_is_not_about_the_ring_is_left_out() {
    let text = written(&[("a", ladder())]);
    assert_eq!(text.matches("\n### ").count(), 2, "{text}");
    for other in ["### `kio-uring-heap`", "### `kio-epoll`", "### `tokio"] {
        assert!(!text.contains(other), "{other}: {text}");
    }
    let none = written(&[("a", runs::peers())]);
    assert!(
        none.contains("No run has measured a feature of io_uring alone."),
        "{none}"
    );
}

#[test]
fn an_arm_that_was_not_so_says_so() {
    let mut refused = ladder();
    let mut arms = refused.plan.arms.iter_mut();
    let ours = arms.find(|arm| arm.name == "kio-uring").unwrap();
    ours.changes = Some(vec!["-oneshot-recv".to_owned(), "+SQPOLL".to_owned()]);
    let text = written(&[("a", refused)]);
    let ours = part(&text, "kio-uring");
    assert!(ours.contains("kio-rs does not do so by default."), "{ours}");
    assert!(
        ours.contains("| not so by its start lines: +SQPOLL |"),
        "{ours}"
    );
}

#[test]
fn an_edited_row_fails_the_check() {
    let root = root_with(&[("a", ladder())]);
    assert!(splice(root.path(), &[]).status.success());
    assert!(splice(root.path(), &["--check"]).status.success());
    let file = root.path().join("docs/features.md");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replacen("| ladder | 50 | 0.", "| ladder | 50 | 1.", 1),
    )
    .unwrap();
    let edited = splice(root.path(), &["--check"]);
    assert_eq!(edited.status.code(), Some(1));
    let said = stderr(&edited);
    assert!(
        said.contains("docs/features.md:") && said.contains("does not say"),
        "{said}"
    );
}

#[test]
fn a_text_elsewhere_is_refused() {
    let root = root_with(&[("a", ladder())]);
    let given = [
        "splice",
        "README.md",
        "--features",
        "../features.md",
        "results/a",
    ];
    let outside = analysis(root.path(), &given);
    assert_eq!(outside.status.code(), Some(1));
    assert!(
        stderr(&outside).contains("give a path below"),
        "{}",
        stderr(&outside)
    );
}
