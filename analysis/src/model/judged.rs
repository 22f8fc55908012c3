//! Which windows count: every measurement held against the gates, before anything is summarised.

use std::collections::{BTreeMap, BTreeSet};

use records::Environment;

use crate::frame::{FrameError, Measures};
use crate::gates::{self, Failure, Setting};
use crate::load::{Key, Run};
use crate::stats::MIN_BLOCKS;

/// The measurements of a run with what they failed.
#[derive(Debug)]
pub struct Judged {
    /// What is derived from them.
    pub(super) measures: Measures,
    /// The gates that each failed, in the order of the run's rows.
    pub(super) failures: Vec<Vec<Failure>>,
    /// Windows that something else on the machine disturbed, and that no estimate is of. Where they are
    /// many in a cell they are none of these: then the cell is invalid.
    pub left_out: BTreeSet<Key>,
}

impl Judged {
    /// Holds every measurement of a run against the gates.
    pub fn new(run: &Run) -> Result<Self, FrameError> {
        let measures = Measures::derive(run)?;
        let setting = setting(run);
        let failures: Vec<Vec<Failure>> = (run.rows.iter().zip(measures.rows()))
            .map(|(row, derived)| gates::failures(&row.measurement, derived, &setting))
            .collect();
        let left_out = left_out(run, &failures);
        Ok(Self {
            measures,
            failures,
            left_out,
        })
    }

    /// Whether estimates are of this measurement: not of what was disturbed and left out.
    pub(super) fn counts(&self, key: &Key) -> bool {
        !self.left_out.contains(key)
    }

    /// Which measurements passed all gates, in the order of the run's rows.
    pub(super) fn valid(&self) -> Vec<bool> {
        self.failures.iter().map(Vec::is_empty).collect()
    }
}

/// What a run's measurements are held against.
pub(super) fn setting(run: &Run) -> Setting<'_> {
    Setting {
        plan: &run.plan,
        link_bits_per_s: link_bits_per_s(&run.environment),
    }
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

fn left_out(run: &Run, failures: &[Vec<Failure>]) -> BTreeSet<Key> {
    let mut cells: BTreeMap<(usize, usize), (usize, Vec<Key>)> = BTreeMap::new();
    for (row, failures) in run.rows.iter().zip(failures) {
        let (measured, disturbed) = cells.entry((row.key.arm, row.key.point)).or_default();
        *measured += 1;
        if failures.iter().any(Failure::is_disturbance) {
            disturbed.push(row.key);
        }
    }
    (cells.into_values())
        .filter(|(measured, disturbed)| !too_many(disturbed.len(), *measured))
        .flat_map(|(_, disturbed)| disturbed)
        .collect()
}

/// Most of a cell's windows that may be left out as disturbed: a quarter. With more the machine was
/// not fit to measure on, and who is hit is no longer chance.
fn too_many(left_out: usize, measured: usize) -> bool {
    left_out * 4 > measured || measured - left_out < MIN_BLOCKS.min(measured)
}
