//! Where a server's CPU time goes, from samples: shares by part of its work, block by block.

mod classes;

use records::{Plan, ProfileRecord};

pub use classes::{Classes, Part};

use crate::load::{LoadError, ProfileRun};
use crate::stats::Estimate;
use crate::stats::level::median_estimate;

/// A profile with what is computed from it.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Name of the results folder.
    pub name: String,
    /// What was to be sampled.
    pub plan: Plan,
    /// Its kernel, as which the functions are named.
    pub kernel_release: String,
    /// Names and notes of the parts.
    pub parts: Vec<(String, String)>,
    /// Each arm at each load, in the order of the plan.
    pub cells: Vec<ProfiledCell>,
    /// Cells of a block that failed, each with why.
    pub failed: Vec<String>,
}

/// An arm at a load.
#[derive(Clone, Debug)]
pub struct ProfiledCell {
    /// The arm.
    pub arm: String,
    /// Connections.
    pub connections: u32,
    /// Samples in all blocks.
    pub samples: u64,
    /// Share of each part in a block's samples.
    pub shares: Vec<Option<Estimate>>,
    /// CPU microseconds of each part a request, while being sampled.
    pub cpu_us_per_request: Vec<Option<Estimate>>,
}

/// Reads a profile's folder and sums it up.
pub fn read(dir: &std::path::Path) -> Result<Profile, LoadError> {
    Ok(Profile::new(crate::load::load_profile(dir)?))
}

impl Profile {
    /// Sums a profile up.
    pub fn new(run: ProfileRun) -> Self {
        let classes = Classes::of_the_study();
        let (good, bad): (Vec<_>, Vec<_>) = run
            .records
            .iter()
            .partition(|record| record.error.is_empty());
        let plan = &run.plan;
        let cells = plan.arms.iter().flat_map(|arm| {
            let (good, classes) = (&good, &classes);
            plan.load_points.iter().map(move |load| {
                let records = good.iter().copied();
                let records =
                    records.filter(|record| record.arm == arm.name && record.load == *load);
                let records: Vec<&ProfileRecord> = records.collect();
                cell(&arm.name, load.connections, &records, classes)
            })
        });
        Self {
            cells: cells.collect(),
            parts: (classes.parts().iter())
                .map(|part| (part.name.clone(), part.note.clone()))
                .collect(),
            failed: (bad.iter())
                .map(|record| format!("{} in block {}: {}", record.arm, record.block, record.error))
                .collect(),
            name: run.name,
            kernel_release: run.environment.server.kernel_release,
            plan: run.plan,
        }
    }
}

fn cell(
    arm: &str,
    connections: u32,
    records: &[&ProfileRecord],
    classes: &Classes,
) -> ProfiledCell {
    let counts: Vec<Vec<u64>> = records
        .iter()
        .map(|record| counts(record, classes))
        .collect();
    let estimate = |value: &dyn Fn(&ProfileRecord, u64) -> Option<f64>, part: usize| {
        let values = records.iter().zip(&counts);
        let values: Vec<f64> = values
            .filter_map(|(record, counts)| value(record, counts[part]))
            .collect();
        median_estimate(&values)
    };
    let parts = classes.parts().len();
    let share = |record: &ProfileRecord, count: u64| {
        (record.samples > 0).then(|| count as f64 / record.samples as f64)
    };
    ProfiledCell {
        arm: arm.to_owned(),
        connections,
        samples: records.iter().map(|record| record.samples).sum(),
        shares: (0..parts).map(|part| estimate(&share, part)).collect(),
        cpu_us_per_request: (0..parts)
            .map(|part| estimate(&cpu_us_per_request, part))
            .collect(),
    }
}

/// Samples of each part.
fn counts(record: &ProfileRecord, classes: &Classes) -> Vec<u64> {
    let mut counts = vec![0; classes.parts().len()];
    for stack in &record.stacks {
        counts[classes.part(&stack.frames)] += stack.samples;
    }
    counts
}

/// So many samples as CPU time, over the requests of the sampled part of the window.
fn cpu_us_per_request(record: &ProfileRecord, samples: u64) -> Option<f64> {
    let requests = record.requests? as f64;
    let sampled = record.sampled_ms as f64 * 1000.0 / record.window_us? as f64;
    let cpu_us = samples as f64 * 1e6 / f64::from(record.frequency_hz);
    (requests * sampled > 0.0).then(|| cpu_us / (requests * sampled))
}
