//! Reads a results folder and refuses what is not whole and consistent.
//!
//! Nothing is repaired or skipped: every refusal names the file, the line and what to do.

mod completeness;
mod curve;
mod encoded;
mod ending;
mod error;
mod files;
mod histograms;
mod latencies;
mod profile;
mod rows;
mod series;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use records::{
    CalibrationRecord, ENVIRONMENT_FILE, EXPERIMENT_FILE, End, Environment, LOAD_FILE, LoadPoint,
    MEASUREMENTS_FILE, Measurement, Plan, SERIES_FILE, SeriesRecord,
};

use crate::text::load_name;

pub use curve::{Curve, curve};
pub use error::{Fault, LoadError};
pub use latencies::{CellLatencies, MOST_CURVES};
pub use profile::{ProfileRun, load_profile};
pub(crate) use rows::listed;

/// A results folder, read and checked.
#[derive(Debug)]
pub struct Run {
    /// The folder's name.
    pub name: String,
    /// What was to be measured; its blocks are those after which the run ended.
    pub plan: Plan,
    /// Where.
    pub environment: Environment,
    /// Why the run ended; nothing for an unfinished one.
    pub end: Option<End>,
    /// What was measured before the first block.
    pub calibrations: Vec<CalibrationRecord>,
    /// How windows went.
    pub series: Vec<SeriesRecord>,
    /// The measurements, in the order of their cells and blocks.
    pub rows: Vec<Row>,
    /// The latencies of each cell over its blocks that count, by the places of its arm and load point.
    pub latencies: BTreeMap<(usize, usize), CellLatencies>,
    /// Measurements of the plan that are not there. Empty unless a partial run was allowed.
    pub missing: Vec<Key>,
}

/// One measurement with the places of its arm and load point in the plan.
#[derive(Debug)]
pub struct Row {
    /// Block, arm and load point.
    pub key: Key,
    /// The row as recorded.
    pub measurement: Measurement,
}

/// Which measurement: the places of arm and load point in the plan, and the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Place in [`Plan::arms`].
    pub arm: usize,
    /// Place in [`Plan::load_points`].
    pub point: usize,
    /// Block, from 0.
    pub block: u32,
}

/// Whether an unfinished run is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Every measurement of the plan must be there.
    Whole,
    /// Measurements may be missing; the report says which.
    PartialAllowed,
}

/// Reads and checks the results folder `dir`. Every window counts.
pub fn load_run(dir: &Path, completeness: Completeness) -> Result<Run, LoadError> {
    load_counting(dir, completeness, |_| Ok(BTreeSet::new()))
}

/// The same, without the latencies of the windows that are left out. Which are is asked when all but the
/// latencies is read: they are by far the most, and read once.
pub fn load_counting<E: From<LoadError>>(
    dir: &Path,
    completeness: Completeness,
    left_out: impl FnOnce(&Run) -> Result<BTreeSet<Key>, E>,
) -> Result<Run, E> {
    let (mut run, lines) = without_latencies(dir, completeness)?;
    let left_out = left_out(&run)?;
    let files = histograms::Files {
        loads: &dir.join(LOAD_FILE),
        rows: &dir.join(MEASUREMENTS_FILE),
    };
    let places = Places::new(&run.plan);
    let latencies = histograms::read(&files, &run.rows, &lines, &places, completeness, &left_out)?;
    run.latencies = latencies;
    Ok(run)
}

/// All but `load.jsonl`, and the line of each row.
fn without_latencies(dir: &Path, completeness: Completeness) -> Result<(Run, Vec<u64>), LoadError> {
    let mut plan: Plan = files::read_toml(&dir.join(EXPERIMENT_FILE))?;
    let end = ending::end(dir, &plan, completeness)?;
    // What a rule spared is not missing.
    plan.blocks = end.as_ref().map_or(plan.blocks, |end| end.blocks);
    let calibrations = ending::calibrations(dir)?;
    let environment: Environment = files::read_json(&dir.join(ENVIRONMENT_FILE), &plan)?;
    let places = Places::new(&plan);

    let mut rows = rows::read(&dir.join(MEASUREMENTS_FILE), &places)?;
    rows::check_binaries(&dir.join(MEASUREMENTS_FILE), &rows, &plan, &environment)?;
    let missing = completeness::check(dir, &rows, &plan, completeness)?;
    let series = series::read(&dir.join(SERIES_FILE), &places)?;
    rows.sort_by_key(|numbered| numbered.row.key);
    let (lines, rows) = (rows.into_iter())
        .map(|numbered| (numbered.line, numbered.row))
        .unzip();
    let run = Run {
        name: folder_name(dir),
        plan,
        environment,
        end,
        calibrations,
        series,
        rows,
        latencies: BTreeMap::new(),
        missing,
    };
    Ok((run, lines))
}

/// The last component of the path, also of `.` and `results/x/`.
fn folder_name(dir: &Path) -> String {
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    whole
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// A row and the line of `measurements.csv` it stands on.
#[derive(Debug)]
struct NumberedRow {
    line: u64,
    row: Row,
}

/// Names of the plan and their places in it.
struct Places<'a> {
    plan: &'a Plan,
    arms: BTreeMap<&'a str, usize>,
    points: BTreeMap<&'a LoadPoint, usize>,
}

impl<'a> Places<'a> {
    fn new(plan: &'a Plan) -> Self {
        let arms = plan.arms.iter().enumerate();
        let points = plan.load_points.iter().enumerate();
        Self {
            plan,
            arms: arms.map(|(i, arm)| (arm.name.as_str(), i)).collect(),
            points: points.map(|(i, point)| (point, i)).collect(),
        }
    }

    /// The key of an entry, or what about it is not in the plan.
    fn key(&self, block: u32, arm: &str, point: &LoadPoint) -> Result<Key, String> {
        let Some(&arm_place) = self.arms.get(arm) else {
            return Err(format!("the arm {arm:?}"));
        };
        let Some(&point_place) = self.points.get(point) else {
            return Err(format!("the load point {}", load_name(point)));
        };
        if block >= self.plan.blocks {
            return Err(format!("block {block} (there are {})", self.plan.blocks));
        }
        Ok(Key {
            arm: arm_place,
            point: point_place,
            block,
        })
    }
}
