//! Files of other schema versions: those of the last one are read, all others are refused.

use std::fs;
use std::path::Path;

use analysis::load::{Completeness, Fault, Row, load_run};
use records::{
    ADDED_IN_4, END_FILE, ENVIRONMENT_FILE, EXPERIMENT_FILE, MEASUREMENTS_FILE, SCHEMA_VERSION,
};

use super::refusals::{edit, refusal, says, small};

#[test]
fn another_schema_version() {
    for file in [EXPERIMENT_FILE, ENVIRONMENT_FILE] {
        let error = refusal(file, |text| {
            text.replace(
                &format!("schema_version = {SCHEMA_VERSION}"),
                "schema_version = 1",
            )
            .replace(
                &format!("\"schema_version\": {SCHEMA_VERSION}"),
                "\"schema_version\": 1",
            )
        });
        assert!(matches!(error.fault(), Fault::SchemaVersion { .. }));
        says(
            &error,
            &[
                file,
                &format!("field schema_version is 1, this analysis reads {SCHEMA_VERSION}"),
                "revision",
            ],
        );
    }
}

#[test]
fn files_of_two_schema_versions() {
    for file in [ENVIRONMENT_FILE, END_FILE] {
        let error = refusal(file, |text| {
            text.replace(
                &format!("\"schema_version\": {SCHEMA_VERSION}"),
                "\"schema_version\": 3",
            )
        });
        assert!(matches!(error.fault(), Fault::MixedVersions { .. }));
        says(&error, &[file, "is 3, experiment.toml has", "of its own"]);
    }
}

#[test]
fn a_header_that_lacks_what_its_schema_version_has() {
    let error = refusal(MEASUREMENTS_FILE, |text| without(&text, &ADDED_IN_4));
    assert!(matches!(error.fault(), Fault::Header { .. }));
    says(&error, &[ADDED_IN_4[0], "schema version 4", "revision"]);
    let error = refusal(MEASUREMENTS_FILE, |text| without(&text, &ADDED_IN_4[4..]));
    says(&error, &[ADDED_IN_4[4]]);
}

#[test]
fn a_run_of_schema_version_3() {
    let root = tempfile::tempdir().unwrap();
    small().write(root.path());
    let named = |version: u32| {
        [
            format!("schema_version = {version}\n"),
            format!("\"schema_version\": {version},"),
        ]
    };
    for file in [EXPERIMENT_FILE, ENVIRONMENT_FILE, END_FILE] {
        edit(root.path(), file, |text| {
            let names = named(SCHEMA_VERSION).into_iter().zip(named(3));
            names.fold(text, |text, (now, then)| text.replace(&now, &then))
        });
    }
    let error = load_run(root.path(), Completeness::Whole).unwrap_err();
    says(&error, &["schema version 3", ADDED_IN_4[0]]);
    edit(root.path(), MEASUREMENTS_FILE, |text| {
        without(&text, &ADDED_IN_4)
    });
    let run = load_run(root.path(), Completeness::Whole).unwrap();
    let row = &run.rows[0].measurement;
    assert!(row.host_cpu_busy_us.is_some() && row.host_cpu_softirq_us.is_some());
    assert_eq!((row.host_cpu_user_us, row.host_cpu_system_us), (None, None));
    assert_eq!(row.server_cpu_user_by_thread_us, "");
}

/// A table without some of its columns.
fn without(text: &str, columns: &[&str]) -> String {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in std::iter::once(header.clone()).chain(reader.records().map(Result::unwrap)) {
        let kept = header.iter().zip(&record);
        let kept = kept.filter(|(column, _)| !columns.contains(column));
        writer.write_record(kept.map(|(_, field)| field)).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

#[test]
fn the_committed_runs_are_read_whatever_their_version() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let folders = fs::read_dir(results).unwrap();
    let mut read = 0;
    for folder in folders.map(|entry| entry.unwrap().path()) {
        // Neither the published figures nor a profile have rows.
        if !folder.join(MEASUREMENTS_FILE).is_file() {
            continue;
        }
        let run = load_run(&folder, Completeness::Whole);
        let run = run.unwrap_or_else(|fault| panic!("{fault}"));
        let of = |row: &Row| row.measurement.host_cpu_user_us.is_some();
        let measured = |row: &&Row| row.measurement.error.is_empty();
        let user = run.rows.iter().filter(measured).all(of);
        assert_eq!(user, run.plan.schema_version >= 4, "{}", run.name);
        read += 1;
    }
    assert!(read > 0);
}
