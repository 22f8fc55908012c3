//! The loader of results folders takes or refuses whatever is in the files: it neither fails nor hangs,
//! and what it takes agrees with the plan.
//!
//! The loader is compiled from its sources rather than from the crate, whose data frames take most of an
//! hour to build with coverage.
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use records::{
    END_FILE, ENVIRONMENT_FILE, EXPERIMENT_FILE, LOAD_FILE, MEASUREMENTS_FILE, SERIES_FILE,
};
use tempfile::TempDir;

#[allow(dead_code, unused_imports, reason = "the analysis uses more of it")]
#[path = "../../analysis/src/load/mod.rs"]
mod load;
#[allow(dead_code, unused_imports, reason = "the loader uses a part")]
#[path = "../../analysis/src/text/mod.rs"]
mod text;

use load::{Completeness, load_run};

/// The files, each as it is in a folder that is taken.
const FILES: [(&str, &[u8]); 6] = [
    (EXPERIMENT_FILE, include_bytes!("../folder/experiment.toml")),
    (
        ENVIRONMENT_FILE,
        include_bytes!("../folder/environment.json"),
    ),
    (
        MEASUREMENTS_FILE,
        include_bytes!("../folder/measurements.csv"),
    ),
    (LOAD_FILE, include_bytes!("../folder/load.jsonl")),
    (SERIES_FILE, include_bytes!("../folder/series.jsonl")),
    (END_FILE, include_bytes!("../folder/end.json")),
];

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    // In memory where there is such a place: every input writes a file.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    };
    let folder = folder.expect("a temporary folder");
    for (name, bytes) in FILES {
        fs::write(folder.path().join(name), bytes).expect("a file of the folder");
    }
    load_run(folder.path(), Completeness::Whole).expect("the folder as it is");
    folder
});

fn check(folder: &Path, completeness: Completeness) -> bool {
    match load_run(folder, completeness) {
        Ok(run) => {
            let planned = run.plan.arms.len() * run.plan.load_points.len();
            let planned = planned as u64 * u64::from(run.plan.blocks);
            assert_eq!((run.rows.len() + run.missing.len()) as u64, planned);
            assert!(run.rows.is_sorted_by(|one, other| one.key < other.key));
            for row in run.rows {
                assert_eq!(run.plan.arms[row.key.arm].name, row.measurement.arm);
                let cell = (row.key.arm, row.key.point);
                let has_latencies = run.latencies.contains_key(&cell);
                assert!(has_latencies || !row.measurement.error.is_empty());
            }
            true
        }
        Err(refusal) => {
            let text = refusal.to_string();
            let named = FILES.iter().any(|(name, _)| text.contains(name));
            assert!(named, "no file is named: {text}");
            false
        }
    }
}

// The first byte chooses the file that the rest stands in for.
fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else {
        return;
    };
    let (name, original) = FILES[usize::from(*choice) % FILES.len()];
    let folder = FOLDER.path();
    fs::write(folder.join(name), bytes).expect("a file of the folder");
    let whole = check(folder, Completeness::Whole);
    let partial = check(folder, Completeness::PartialAllowed);
    assert!(partial || !whole, "whole, and yet not even partial");
    fs::write(folder.join(name), original).expect("a file of the folder");
});
