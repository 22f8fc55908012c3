//! A run as the report sees it: cells, comparisons, noise.

mod balance;
mod cell;
mod compare;
mod drift;
mod idle;
mod judged;
mod noise;
mod series;
mod structure;
mod sweep;
mod window;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use records::{CalibrationRecord, End, Environment, LoadPoint, Placement, Plan};

pub use crate::stats::headline::{BASELINE_ARM, OUR_ARM, Pair};
pub use balance::worker_shares;
pub use cell::Cell;
pub use compare::{Comparison, Outcome, Ratio, ratio_id};
pub use drift::Drift;
pub use idle::{against_without_idle, bytes_an_idle_connection};
pub use judged::Judged;
pub use noise::{Deviation, NoiseFloor};
pub use series::{MOST_BLOCKS, Rates, Windows};
pub use structure::{floors, idle_loads, peers, rungs, sides};
pub use sweep::{Dimension, Sweep, sweeps};
pub use window::Window;

use crate::frame::FrameError;
use crate::load::{Key, Run};
use crate::metric::{Derived, Metric};

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
    /// What each arm's server called its configuration, on its first start line that does.
    pub configurations: Vec<Option<String>>,
    /// The measurements, in the order of their cells and blocks.
    pub rows: Vec<Window>,
    /// What is derived from each measurement, in the order of `rows`.
    pub derived: Vec<Derived>,
    /// Windows that something else on the machine disturbed, and that no estimate is of.
    pub left_out: BTreeSet<Key>,
    /// Measurements of the plan that are not there.
    pub missing: Vec<Key>,
    /// All cells: each arm of the plan at each load point, in the plan's order.
    pub cells: Vec<Cell>,
    /// All comparisons, in the order of the report.
    pub comparisons: Vec<Comparison>,
    /// What the A/A control shows.
    pub noise: NoiseFloor,
}

impl Study {
    /// Summarises a run whose measurements were judged; `claimed` are pairs of arms that claims need
    /// beside the usual ones.
    pub fn new(mut run: Run, judged: Judged, claimed: &[Pair]) -> Result<Self, FrameError> {
        let cells = cell::cells(&mut run, &judged)?;
        let pairs = structure::pairs(&run.plan, claimed);
        let comparisons = compare::comparisons(&run.plan, &run.rows, &pairs, &cells, &judged);
        let noise = NoiseFloor::new(&run.plan, &comparisons);
        Ok(Self {
            name: run.name,
            configurations: words::configurations(&run.plan, &run.rows),
            plan: run.plan,
            environment: run.environment,
            end: run.end,
            calibrations: run.calibrations,
            rows: run.rows.into_iter().map(Window::of).collect(),
            derived: judged.measures.into_rows(),
            left_out: judged.left_out,
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

    /// The windows of a cell that estimates are of, with what is derived from each: without those that
    /// were disturbed and left out.
    pub fn windows(&self, arm: usize, point: usize) -> impl Iterator<Item = (&Window, &Derived)> {
        (self.rows.iter().zip(&self.derived))
            .filter(move |(row, _)| (row.key.arm, row.key.point) == (arm, point))
            .filter(|(row, _)| !self.left_out.contains(&row.key))
    }

    /// A quantity of a cell, block by block, in the blocks that have it and count.
    pub fn by_block(&self, arm: usize, point: usize, metric: Metric) -> BTreeMap<u32, f64> {
        self.windows(arm, point)
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
