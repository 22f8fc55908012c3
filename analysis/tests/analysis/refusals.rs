//! Damaged results folders: each is a good one with one thing spoilt, and each refusal names the
//! file, the line or field, and what to do.

use std::fs;
use std::path::Path;

use analysis::load::{Completeness, Fault, LoadError, load_run};
use records::{
    COLUMNS, END_FILE, ENVIRONMENT_FILE, EXPERIMENT_FILE, LOAD_FILE, MEASUREMENTS_FILE, SERIES_FILE,
};

use super::support::{NO_DIFFERENCE, Scenario, Truth};

pub(super) fn small() -> Scenario {
    Scenario::new(Truth {
        blocks: 2,
        ..NO_DIFFERENCE
    })
}

/// Writes a good run, lets `spoil` change a file's text, and loads it.
pub(super) fn refusal(file: &str, spoil: impl FnOnce(String) -> String) -> LoadError {
    let root = tempfile::tempdir().unwrap();
    small().write(root.path());
    assert!(load_run(root.path(), Completeness::Whole).is_ok());
    edit(root.path(), file, spoil);
    load_run(root.path(), Completeness::Whole).unwrap_err()
}

pub(super) fn edit(dir: &Path, file: &str, spoil: impl FnOnce(String) -> String) {
    let path = dir.join(file);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, spoil(text)).unwrap();
}

/// The error of a scenario that is spoilt before it is written.
fn refusal_of(spoil: impl FnOnce(&mut Scenario)) -> LoadError {
    let root = tempfile::tempdir().unwrap();
    let mut scenario = small();
    spoil(&mut scenario);
    scenario.write(root.path());
    load_run(root.path(), Completeness::Whole)
        .map(|_| ())
        .unwrap_err()
}

pub(super) fn says(error: &LoadError, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

fn line(text: &str, number: usize) -> String {
    text.lines().nth(number - 1).unwrap().to_owned()
}

#[test]
fn an_absent_file() {
    let root = tempfile::tempdir().unwrap();
    small().write(root.path());
    fs::remove_file(root.path().join(LOAD_FILE)).unwrap();
    let error = load_run(root.path(), Completeness::Whole).unwrap_err();
    assert!(matches!(error.fault(), Fault::Unreadable(_)));
    says(&error, &["load.jsonl: cannot be read", "give the path"]);
}

#[test]
fn a_field_that_is_missing() {
    let error = refusal(ENVIRONMENT_FILE, |text| {
        text.replace("\"cpus\"", "\"cpu_count\"")
    });
    assert!(matches!(error.fault(), Fault::Malformed(_)));
    says(
        &error,
        &["environment.json", "cpu_count", "line", "Restore the file"],
    );
    let error = refusal(EXPERIMENT_FILE, |text| text.replace("seed = ", "seeds = "));
    says(&error, &["experiment.toml", "seed"]);
}

#[test]
fn a_plan_that_names_an_arm_twice() {
    let error = refusal_of(|scenario| scenario.plan.arms[1].name = "tokio-published".into());
    assert!(matches!(error.fault(), Fault::Plan { .. }));
    says(
        &error,
        &["experiment.toml: field arms", "tokio-published", "twice"],
    );
}

#[test]
fn another_header() {
    let error = refusal(MEASUREMENTS_FILE, |text| {
        text.replacen("window_us", "window_ms", 1)
    });
    assert!(matches!(error.fault(), Fault::Header { .. }));
    let column = COLUMNS
        .iter()
        .position(|name| *name == "window_us")
        .unwrap()
        + 1;
    says(
        &error,
        &[
            "measurements.csv:1: the header",
            &format!("column {column}"),
            "window_ms",
            "window_us",
        ],
    );
}

#[test]
fn a_last_line_without_an_end() {
    for file in [MEASUREMENTS_FILE, LOAD_FILE] {
        let error = refusal(file, |text| text[..text.len() - 9].to_owned());
        assert!(matches!(error.fault(), Fault::Truncated));
        let last = if file == LOAD_FILE { 30 } else { 31 };
        says(
            &error,
            &[&format!("{file}:{last}: "), "truncated", "--resume"],
        );
    }
}

#[test]
fn a_row_with_too_few_fields() {
    let error = refusal(MEASUREMENTS_FILE, |text| {
        let row = line(&text, 5);
        text.replace(&row, &row[..row.rfind(',').unwrap()])
    });
    assert!(matches!(error.fault(), Fault::FieldCount { .. }));
    let columns = COLUMNS.len();
    says(
        &error,
        &[&format!(
            "measurements.csv:5: {} fields where the header has {columns}",
            columns - 1
        )],
    );
}

#[test]
fn a_field_of_another_type() {
    let root = tempfile::tempdir().unwrap();
    let mut scenario = small();
    scenario.rows[3].requests = Some(77_123_456);
    scenario.write(root.path());
    edit(root.path(), MEASUREMENTS_FILE, |text| {
        text.replacen("77123456", "many", 1)
    });
    let error = load_run(root.path(), Completeness::Whole).unwrap_err();
    assert!(matches!(error.fault(), Fault::Field { .. }));
    says(
        &error,
        &[
            "measurements.csv:5: field requests: \"many\"",
            "invalid digit",
        ],
    );
}

#[test]
fn sums_that_contradict_each_other() {
    let error = refusal_of(|scenario| scenario.rows[3].socket_errors = Some(2));
    assert!(matches!(error.fault(), Fault::Field { .. }));
    says(
        &error,
        &["measurements.csv:5: field socket_errors: 2 is not the sum"],
    );
    let error = refusal_of(|scenario| {
        let row = &mut scenario.rows[3];
        let of = (row.host_cpu_busy_us.unwrap(), row.host_cpu_softirq_us);
        row.host_cpu_system_us = Some(0);
        row.host_cpu_user_us = Some(of.0 - of.1.unwrap() - 1);
    });
    says(
        &error,
        &["measurements.csv:5: field host_cpu_busy_us: ", "the sum"],
    );
}

#[test]
fn a_list_that_is_none() {
    let error = refusal_of(|scenario| scenario.rows[0].requests_by_worker = "1;x".into());
    says(
        &error,
        &["measurements.csv:2: field requests_by_worker", "\"1;x\""],
    );
    let error = refusal_of(|run| run.rows[0].server_cpu_user_by_thread_us = "1;;2".into());
    says(&error, &["field server_cpu_user_by_thread_us", "\"1;;2\""]);
    // More than all that the thread spent, and of a thread that there is not.
    for user in ["999999999999", "0;0;0;0;0;0;0;0;0"] {
        let error = refusal_of(|run| run.rows[0].server_cpu_user_by_thread_us = user.into());
        says(
            &error,
            &[
                "measurements.csv:2: field server_cpu_user_by_thread_us",
                "no parts of",
            ],
        );
    }
}

#[test]
fn what_is_not_in_the_plan() {
    let arm = refusal_of(|scenario| scenario.rows[1].arm = "stranger".into());
    assert!(matches!(arm.fault(), Fault::NotInPlan(_)));
    says(
        &arm,
        &[
            "measurements.csv:3: the arm \"stranger\" is not in experiment.toml",
            "mixed",
        ],
    );
    let load = refusal_of(|scenario| scenario.rows[1].connections = 51);
    says(
        &load,
        &["measurements.csv:3: the load point 51 connections"],
    );
    let block = refusal_of(|scenario| scenario.rows[1].block = 2);
    says(&block, &["measurements.csv:3: block 2 (there are 2)"]);
    let line = refusal_of(|scenario| scenario.loads[4].arm = "stranger".into());
    says(&line, &["load.jsonl:5: the arm \"stranger\""]);
}

#[test]
fn a_row_that_is_there_twice() {
    let error = refusal(MEASUREMENTS_FILE, |text| {
        let row = line(&text, 4);
        format!("{text}{row}\n")
    });
    assert!(matches!(error.fault(), Fault::Duplicate { .. }));
    says(
        &error,
        &[
            "measurements.csv:32: block 0, kio-uring-again at 50 connections",
            "on line 4",
        ],
    );
    let error = refusal(LOAD_FILE, |text| {
        let load = line(&text, 3);
        format!("{text}{load}\n")
    });
    says(&error, &["load.jsonl:31: ", "on line 3"]);
}

#[test]
fn two_binaries_of_one_arm() {
    let error = refusal_of(|scenario| {
        scenario.row(1, "kio-uring", 500).subject_sha256 = "c".repeat(64);
    });
    assert!(matches!(error.fault(), Fault::MixedBinaries { .. }));
    says(
        &error,
        &[
            "measurements.csv:23: field subject_sha256: arm kio-uring",
            "line 3",
            "one build",
        ],
    );
}

#[test]
fn a_binary_that_the_environment_does_not_know() {
    let error = refusal_of(|scenario| {
        let kio = scenario.environment.subjects.get_mut("kio-rs").unwrap();
        kio.sha256 = "e".repeat(64);
    });
    says(&error, &["environment.json (subjects.kio-rs.sha256)"]);
    let error = refusal_of(|scenario| {
        scenario.environment.subjects.remove("kio-rs");
    });
    says(&error, &["environment.json (subjects.kio-rs)"]);
}

#[test]
fn measurements_that_are_missing() {
    let error = refusal_of(|scenario| {
        scenario.rows.truncate(20);
        scenario.loads.truncate(20);
    });
    assert!(matches!(error.fault(), Fault::Missing { .. }));
    says(
        &error,
        &[
            "measurements.csv: 10 of 30 measurements are missing",
            "block 1, tokio-published at 500 connections",
            "and 4 more",
            "--partial",
        ],
    );
}

#[test]
fn a_load_line_without_a_row_and_a_row_without_a_load_line() {
    let error = refusal_of(|scenario| {
        scenario.rows[4].error = "gone".into();
        scenario.loads.remove(7);
    });
    assert!(matches!(error.fault(), Fault::RowWithoutLoad(_)));
    says(
        &error,
        &["measurements.csv:9: block 0", "has no line in load.jsonl"],
    );

    let root = tempfile::tempdir().unwrap();
    let mut scenario = small();
    scenario.rows.remove(7);
    scenario.write(root.path());
    let error = load_run(root.path(), Completeness::PartialAllowed).unwrap_err();
    assert!(matches!(error.fault(), Fault::LoadWithoutRow(_)));
    says(
        &error,
        &["load.jsonl:8: block 0", "has no row in measurements.csv"],
    );
}

#[test]
fn a_histogram_that_is_none() {
    let error = refusal_of(|scenario| scenario.loads[2].latency_histogram = "AAAA".into());
    says(
        &error,
        &["load.jsonl:3: field latency_histogram: not an HdrHistogram"],
    );
    let error = refusal_of(|scenario| scenario.loads[2].latency_histogram = "!".into());
    says(
        &error,
        &["load.jsonl:3: field latency_histogram: not base64"],
    );
}

#[test]
fn a_line_that_is_no_record() {
    let error = refusal(LOAD_FILE, |text| {
        text.replacen("{\"block\":0", "{\"blok\":0", 1)
    });
    says(&error, &["load.jsonl:1: field line: ", "blok"]);
}

#[test]
fn a_partial_run_is_read_when_allowed_and_names_what_is_missing() {
    let root = tempfile::tempdir().unwrap();
    let mut scenario = small();
    // Stopped between the two writes of a measurement: the last line has no row yet.
    scenario.rows.truncate(19);
    scenario.loads.truncate(20);
    scenario.write(root.path());
    assert!(load_run(root.path(), Completeness::Whole).is_err());
    let run = load_run(root.path(), Completeness::PartialAllowed).unwrap();
    assert_eq!((run.rows.len(), run.missing.len()), (19, 11));
}

#[test]
fn a_finished_run_has_an_end_and_an_unfinished_one_need_not() {
    let root = tempfile::tempdir().unwrap();
    small().write(root.path());
    fs::remove_file(root.path().join(END_FILE)).unwrap();
    let error = load_run(root.path(), Completeness::Whole).unwrap_err();
    says(&error, &[END_FILE, "--resume"]);
    let run = load_run(root.path(), Completeness::PartialAllowed).unwrap();
    assert_eq!(run.end, None);
}

#[test]
fn a_series_that_contradicts_itself_or_the_plan() {
    let series = |block, requests: Vec<u64>| records::SeriesRecord {
        block,
        arm: "kio-uring".into(),
        load: super::support::load(50),
        at_ms: vec![0, 100, 200],
        requests,
        server_cpu_us: Vec::new(),
        client_cpu_us: Vec::new(),
    };
    let good = series(0, vec![1, 2, 3]);
    let error = refusal_of(|run| run.series = vec![good.clone(), good.clone()]);
    says(&error, &[SERIES_FILE, ":2", "is there already, on line 1"]);
    let error = refusal_of(|run| run.series = vec![series(0, vec![1, 2])]);
    says(&error, &["requests", "2 readings at 3 times"]);
    let error = refusal_of(|run| run.series = vec![series(0, vec![1, 3, 2])]);
    says(&error, &["below the one before it"]);
    let error = refusal_of(|run| run.series = vec![series(7, vec![1, 2, 3])]);
    says(&error, &["block 7"]);
}
