//! How much the slowest arm can do.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use records::{CalibrationRecord, LoadPoint, Measurement, Plan, Purpose};

use super::Step;
use crate::experiment::Draft;

/// Windows of an arm at a load, of which the median counts.
const WINDOWS: usize = 3;

/// The measurements: every arm in turn, as in a block, so that no arm has the machine's best moment.
pub(super) fn steps(draft: &Draft, plan: &Plan) -> Vec<Step> {
    let mut steps = Vec::new();
    let loads = draft.closed_loops();
    for _ in 0..WINDOWS {
        for load in &loads {
            steps.extend(plan.arms.iter().map(|arm| Step {
                purpose: Purpose::Capacity,
                plan: plan.clone(),
                arm: arm.clone(),
                load: load.clone(),
            }));
        }
    }
    steps
}

/// The requests a second of the slowest arm at each load: of the medians of all arms' windows the least.
/// Arms without a window are not asked: they are unavailable, which their rows will say.
///
/// # Errors
/// When no arm has a window.
pub fn slowest_per_s(
    draft: &Draft,
    records: &[CalibrationRecord],
) -> Result<BTreeMap<LoadPoint, u64>> {
    let mut slowest = BTreeMap::new();
    for load in draft.closed_loops() {
        let at_load = |record: &&CalibrationRecord| {
            record.purpose == Purpose::Capacity && record.measurement.load_point() == load
        };
        let mut rates: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for record in records.iter().filter(at_load) {
            let row = &record.measurement;
            if let Some(rate) = rate_per_s(row) {
                rates.entry(&row.arm).or_default().push(rate);
            }
        }
        let least = rates.into_values().map(median).min().with_context(|| {
            let errors = records.iter().filter(at_load);
            let error = errors.map(|record| record.measurement.error.as_str()).next();
            format!(
                "no arm's capacity at {} connections could be measured, so that no rate can be offered: {}",
                load.connections,
                error.unwrap_or_default()
            )
        })?;
        slowest.insert(load, least);
    }
    Ok(slowest)
}

fn rate_per_s(row: &Measurement) -> Option<u64> {
    let clean = row.error.is_empty() && row.socket_errors == Some(0);
    let rate = (row.requests? * 1_000_000).checked_div(row.window_us?)?;
    (clean && rate > 0).then_some(rate)
}

/// Of an even number, the lower of the two in the middle.
fn median(mut rates: Vec<u64>) -> u64 {
    rates.sort_unstable();
    rates[(rates.len() - 1) / 2]
}
