//! What is spliced and where the parts of a report of several runs lie.

use std::fs;

use super::command_line::{analysis, root_with, small, stderr};

#[test]
fn a_figure_that_is_not_there_fails_the_check_and_an_old_one_too() {
    let root = root_with(&small());
    let markers = "<!-- results:begin -->\n<!-- results:end -->\n";
    fs::write(root.path().join("README.md"), markers).unwrap();
    let splice = |more: &[&str]| {
        let arguments = ["splice", "README.md", "--figure", "figure.svg"];
        analysis(root.path(), &[&arguments[..], more].concat())
    };
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
