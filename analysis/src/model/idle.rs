//! What idle connections cost: an arm at a load with them against the same load without.

use super::Study;
use crate::metric::Metric;
use crate::stats::Estimate;
use crate::stats::level::median_estimate;
use crate::stats::ratio::{log_ratios, ratio_estimate};

/// Resident memory of the server with idle connections less that without, over their number,
/// paired inside blocks. `None` where a cell is invalid or was not measured.
pub fn bytes_an_idle_connection(
    study: &Study,
    arm: usize,
    with: usize,
    without: usize,
) -> Option<Estimate> {
    let idle = f64::from(study.load(with).idle_connections);
    let pairs = paired(study, arm, [with, without], Metric::ServerRssBytes)?;
    let values: Vec<f64> = pairs
        .iter()
        .map(|(with, without)| (with - without) / idle)
        .collect();
    median_estimate(&values)
}

/// A quantity with idle connections as a ratio to the same without, paired inside blocks.
pub fn against_without_idle(
    study: &Study,
    arm: usize,
    with: usize,
    without: usize,
    metric: Metric,
) -> Option<Estimate> {
    let pairs = paired(study, arm, [with, without], metric)?;
    ratio_estimate(&log_ratios(&pairs))
}

fn paired(
    study: &Study,
    arm: usize,
    points: [usize; 2],
    metric: Metric,
) -> Option<Vec<(f64, f64)>> {
    if points.iter().any(|point| !study.cell(arm, *point).valid()) {
        return None;
    }
    let [with, without] = points.map(|point| study.by_block(arm, point, metric));
    let both = with
        .iter()
        .filter_map(|(block, value)| Some((*value, *without.get(block)?)));
    Some(both.collect())
}
