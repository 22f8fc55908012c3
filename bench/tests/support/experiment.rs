//! Runs of experiments that a test writes.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::path::{Path, PathBuf};

use bench::results::Folder;
use bench::subjects::find_command;
use records::{CALIBRATION_FILE, CalibrationRecord, Measurement, Plan};

use super::real::{bench, run};
use super::rows;

/// An experiment but for its arms and loads.
pub const HEAD: &str = r#"
    name = "loads"
    description = "One kind of load"
    blocks = 1
    window_s = 1
    warm_up_ms = 50
    workers = 1
    client_threads = 1
    placement = "shared"
"#;

/// A folder of results, and what was said.
pub struct Measured {
    pub directory: tempfile::TempDir,
    pub said: String,
}

impl Measured {
    /// Runs an experiment of one block: its arms, and its loads in TOML.
    pub fn of(arms: &str, loads: &str, options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let text = format!("{HEAD}arms = {arms}\n{loads}");
        fs::write(directory.path().join("loads.toml"), text).unwrap();
        let first = ["run", "loads.toml", "--out", "run", "--seed", "1"];
        let arguments = [&first[..], options].concat();
        let (ended, _, said) = run(&mut bench(directory.path(), &arguments));
        assert!(ended.status.success(), "{said}");
        Self { directory, said }
    }

    pub fn folder(&self) -> PathBuf {
        self.directory.path().join("run")
    }

    pub fn plan(&self) -> Plan {
        Folder::plan(&self.folder()).unwrap()
    }

    /// The rows, none of which has failed.
    pub fn rows(&self) -> Vec<Measurement> {
        let rows = rows(&self.folder());
        for row in &rows {
            assert_eq!(row.error, "", "{row:?}");
            assert!(row.requests.unwrap() > 0, "{row:?}");
        }
        rows
    }

    pub fn calibrations(&self) -> Vec<CalibrationRecord> {
        let path = self.folder().join(CALIBRATION_FILE);
        let text = fs::read_to_string(path).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Whether a tool is there; where it is not, says so, since the test then shows nothing.
pub fn has(tool: &str) -> bool {
    let found = find_command(Path::new(tool)).is_some();
    if !found {
        eprintln!("SKIPPED: {tool} is not in PATH (`cargo install --locked {tool}`)");
    }
    found
}
