//! A run as the report sees it: cells, comparisons, noise.

mod balance;
mod cell;
mod compare;
mod drift;
mod idle;
mod noise;
mod structure;
mod sweep;
mod words;

use std::collections::BTreeMap;

use records::{CalibrationRecord, End, Environment, LoadPoint, Placement, Plan, SeriesRecord};

pub use crate::stats::headline::{BASELINE_ARM, OUR_ARM, Pair};
pub use balance::worker_shares;
pub use cell::Cell;
pub use compare::{Comparison, Outcome, Ratio, ratio_id};
pub use drift::Drift;
pub use idle::{against_without_idle, bytes_an_idle_connection};
pub use noise::{Deviation, NoiseFloor};
pub use structure::{floors, idle_loads, peers, rungs, sides};
pub use sweep::{Dimension, Sweep, sweeps};

use crate::frame::{FrameError, Measures};
use crate::gates::{self, Setting};
use crate::load::{Key, Row, Run};
use crate::metric::{Derived, Metric};

/// Why a run could not be summarised.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// A fault in the frames.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Histograms that cannot be merged.
    #[error(
        "the latency histograms of {arm} at {load} cannot be merged: {fault}. One of its lines \
         in load.jsonl is damaged; restore the file or measure again"
    )]
    Histogram {
        /// The arm.
        arm: String,
        /// The load.
        load: String,
        /// The reason.
        fault: String,
    },
}

/// A run with everything that is computed from it before anything is claimed.
#[derive(Debug)]
pub struct Study {
    /// Name of the results folder.
    pub name: String,
    /// What was to be measured.
    pub plan: Plan,
    /// Where.
    pub environment: Environment,
    /// Why the run ended; nothing for an unfinished one.
    pub end: Option<End>,
    /// What was measured before the first block.
    pub calibrations: Vec<CalibrationRecord>,
    /// The measurements.
    pub rows: Vec<Row>,
    /// What is derived from each measurement, in the order of `rows`.
    pub derived: Vec<Derived>,
    /// How windows went; nothing where that was not recorded.
    pub series: Vec<SeriesRecord>,
    /// Measurements of the plan that are not there.
    pub missing: Vec<Key>,
    /// All cells: each arm of the plan at each load point, in the plan's order.
    pub cells: Vec<Cell>,
    /// All comparisons, in the order of the report.
    pub comparisons: Vec<Comparison>,
    /// What the A/A control shows.
    pub noise: NoiseFloor,
}

/// The speed of the slower end of the link, where both sides are on one of a known speed.
fn link_bits_per_s(environment: &Environment) -> Option<u64> {
    let client = environment.client.as_ref()?;
    let ends = [&environment.server, client].map(|machine| machine.network.speed_mbit_per_s);
    ends.into_iter()
        .flatten()
        .min()
        .map(|speed| speed * 1_000_000)
}

impl Study {
    /// Summarises a run; `claimed` are pairs of arms that claims need beside the usual ones.
    pub fn new(mut run: Run, claimed: &[Pair]) -> Result<Self, StudyError> {
        let measures = Measures::derive(&run)?;
        let derived = measures.rows()?;
        let setting = Setting {
            plan: &run.plan,
            link_bits_per_s: link_bits_per_s(&run.environment),
        };
        let failures: Vec<_> = (run.rows.iter().zip(&derived))
            .map(|(row, derived)| gates::failures(&row.measurement, derived, &setting))
            .collect();
        let valid: Vec<bool> = failures.iter().map(Vec::is_empty).collect();
        let measures = measures.with_validity(&valid)?;
        let cells = cell::cells(
            &run,
            &setting,
            &derived,
            &failures,
            &measures.cell_medians()?,
        )?;
        for load in run.rows.iter_mut().filter_map(|row| row.load.as_mut()) {
            load.forget_histogram();
        }
        run.latencies.clear();
        let pairs = structure::pairs(&run.plan, claimed);
        let comparisons = compare::comparisons(&run.plan, &run.rows, &pairs, &cells, &measures)?;
        let noise = NoiseFloor::new(&run.plan, &comparisons);
        Ok(Self {
            name: run.name,
            plan: run.plan,
            environment: run.environment,
            end: run.end,
            calibrations: run.calibrations,
            rows: run.rows,
            derived,
            series: run.series,
            missing: run.missing,
            cells,
            comparisons,
            noise,
        })
    }

    /// The experiment as a heading names it, with its host where that is not the usual one.
    pub fn title(&self) -> String {
        let Plan {
            experiment, host, ..
        } = &self.plan;
        if self.local() {
            experiment.clone()
        } else {
            format!("{experiment}, host {host}")
        }
    }

    /// Whether the server was reached over this machine's loopback, as is usual.
    pub fn local(&self) -> bool {
        matches!(self.plan.host.as_str(), "local" | "")
    }

    /// Our server and the card's baseline; `None` where the run has not both.
    pub fn headline_pair(&self) -> Option<Pair> {
        Some(Pair {
            ours: self.arm(OUR_ARM)?,
            base: self.arm(BASELINE_ARM)?,
        })
    }

    /// The arm's place in the plan.
    pub fn arm(&self, name: &str) -> Option<usize> {
        self.plan.arms.iter().position(|arm| arm.name == name)
    }

    /// The arm's name.
    pub fn arm_name(&self, arm: usize) -> &str {
        &self.plan.arms[arm].name
    }

    /// The load point.
    pub fn load(&self, point: usize) -> &LoadPoint {
        &self.plan.load_points[point]
    }

    /// The load point's place in the plan.
    pub fn point(&self, load: &LoadPoint) -> Option<usize> {
        self.plan.load_points.iter().position(|p| p == load)
    }

    /// The cell of an arm at a load point.
    pub fn cell(&self, arm: usize, point: usize) -> &Cell {
        &self.cells[arm * self.plan.load_points.len() + point]
    }

    /// Whether server and load generator had processors of their own.
    pub fn apart(&self) -> bool {
        self.plan.placement == Placement::Apart
    }

    /// A quantity of a cell, block by block, in the blocks that have it.
    pub fn by_block(&self, arm: usize, point: usize, metric: Metric) -> BTreeMap<u32, f64> {
        (self.rows.iter().zip(&self.derived))
            .filter(|(row, _)| (row.key.arm, row.key.point) == (arm, point))
            .filter_map(|(row, derived)| Some((row.key.block, derived.get(metric)?)))
            .collect()
    }

    /// The comparison of two arms, where it was made.
    pub fn comparison(&self, pair: Pair) -> Option<&Comparison> {
        self.comparisons.iter().find(|c| c.pair == pair)
    }

    /// The ratio of a quantity of two arms at a load point, where the arms were compared.
    pub fn ratio(&self, pair: Pair, point: usize, metric: Metric) -> Option<&Ratio> {
        self.comparison(pair)?
            .ratios
            .iter()
            .find(|ratio| ratio.point == point && ratio.metric == metric)
    }
}
