//! What the tests share.
#![allow(clippy::unwrap_used, reason = "a test may")]

pub mod checks;
pub mod experiment;
pub mod mock;
pub mod real;
pub mod sshd;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bench::arms::Arms;
use bench::experiment::Experiment;
use bench::machine;
use bench::schedule::Key;
use records::{
    Environment, LOAD_FILE, LoadRecord, MEASUREMENTS_FILE, Measurement, Plan, SERIES_FILE,
    SeriesRecord,
};

/// A plan of two arms, two loads and `blocks` blocks.
pub fn plan(blocks: u32, seed: u64) -> Plan {
    let arms = Arms::load(None, &[]).unwrap();
    let smoke = Experiment::load("smoke").unwrap();
    let mut plan = smoke.plan(&arms, &[0, 1], false, seed).unwrap();
    plan.blocks = blocks;
    plan
}

/// This machine, with no subject.
pub fn environment() -> Environment {
    let server = machine::facts(machine::LOOPBACK).unwrap();
    machine::environment("wrk 4", &BTreeMap::new(), server, None)
}

/// The rows of a results folder.
pub fn rows(folder: &Path) -> Vec<Measurement> {
    let reader = csv::Reader::from_path(folder.join(MEASUREMENTS_FILE)).unwrap();
    reader.into_deserialize().map(Result::unwrap).collect()
}

/// The lines of its load file.
pub fn loads(folder: &Path) -> Vec<LoadRecord> {
    let text = std::fs::read_to_string(folder.join(LOAD_FILE)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The lines of its series file.
pub fn series(folder: &Path) -> Vec<SeriesRecord> {
    let text = std::fs::read_to_string(folder.join(SERIES_FILE)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The cell of a row.
pub fn key(row: &Measurement) -> Key {
    (row.block, row.arm.clone(), row.load_point())
}

/// The cells of a results folder, each of which it has once.
pub fn cells(folder: &Path) -> BTreeSet<Key> {
    let rows = rows(folder);
    let keys: BTreeSet<Key> = rows.iter().map(key).collect();
    assert_eq!(keys.len(), rows.len(), "a cell has two rows");
    keys
}
