//! Whether a run may end: every headline ratio is as sharp as asked, or the time is spent.
//!
//! The rule looks at the width of the intervals and never at where they lie. Under symmetric noise width
//! and place of an interval are not related, so a run that stops when it is sharp covers the truth as
//! often as one that was told its blocks; a rule that stopped at a difference would find one in every run
//! that goes on long enough. What is left is a run whose first blocks happened to agree: the least number
//! of blocks bounds that, and [`crate::simulate`] shows what remains.

use std::collections::BTreeMap;

use records::{EndReason, Measurement, Placement, Plan};

use crate::headline::{self, Pair};
use crate::{Estimate, distance, median, ratio};

/// From this share on a core counts as saturated: scheduling and interrupts leave a few percent
/// of a core unused even under endless load.
pub const SATURATED: f64 = 0.90;

/// Least blocks of a rule that names none. After 8 blocks intervals that happen to be narrow end
/// noticeably many runs; after 12 they no longer matter.
pub const LEAST_BLOCKS: u32 = 12;

/// A step between two measurements that is longer was a pause of the run, beside its window and warm-up.
const LONGEST_STEP_MS: u64 = 60_000;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// CPU time a request.
    Cpu,
    /// Requests a second, where the server and not the load generator sets them.
    Rate,
}

/// A headline ratio after some blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sharpness {
    /// The arms.
    pub pair: Pair,
    /// Place of the load point in the plan.
    pub point: usize,
    /// What is compared.
    pub quantity: Quantity,
    /// The ratio so far.
    pub estimate: Estimate,
}

/// Whether a run that has these rows ends here, between two blocks, and why.
pub fn ended(plan: &Plan, rows: &[Measurement]) -> Option<EndReason> {
    let blocks = whole_blocks(plan, rows);
    if blocks >= plan.blocks {
        return Some(EndReason::Blocks);
    }
    let rule = plan.stop?;
    if elapsed_s(plan, rows) >= u64::from(rule.budget_s) {
        return Some(EndReason::Budget);
    }
    let wanted = f64::from(rule.half_width_permille) / 1000.0;
    let ratios = sharpness(plan, rows);
    let sharp = !ratios.is_empty() && ratios.iter().all(|ratio| is_sharp(&ratio.estimate, wanted));
    (blocks >= rule.least_blocks && sharp).then_some(EndReason::Sharp)
}

/// Whether a ratio may end a run that asks for this half-width, as a share.
pub fn is_sharp(estimate: &Estimate, half_width: f64) -> bool {
    estimate.blocks >= crate::MIN_BLOCKS && estimate.half_width() <= half_width
}

/// Blocks of which every cell has a row.
pub fn whole_blocks(plan: &Plan, rows: &[Measurement]) -> u32 {
    let cells = plan.arms.len() * plan.load_points.len();
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.block).or_default() += 1;
    }
    let whole = (0..plan.blocks).take_while(|block| counts.get(block) == Some(&cells));
    u32::try_from(whole.count()).unwrap_or(u32::MAX)
}

/// Seconds that were spent measuring these rows. It is read off the rows, so that a run that was resumed
/// knows it too: a step between two windows that is longer than any measurement takes was a pause.
pub fn elapsed_s(plan: &Plan, rows: &[Measurement]) -> u64 {
    let mut starts: Vec<u64> = rows
        .iter()
        .map(|row| row.started_unix_ms)
        .filter(|ms| *ms > 0)
        .collect();
    starts.sort_unstable();
    let window = u64::from(plan.window_s) * 1000 + u64::from(plan.warm_up_ms);
    let mut steps: Vec<u64> = (starts.windows(2))
        .map(|pair| pair[1] - pair[0])
        .map(|step| {
            if step > window + LONGEST_STEP_MS {
                window
            } else {
                step
            }
        })
        .collect();
    let spent: u64 = steps.iter().sum();
    // The last one has no next: it took what they usually take.
    steps.sort_unstable();
    let last = steps.get(steps.len() / 2).copied().unwrap_or(window);
    (spent + if starts.is_empty() { 0 } else { last }).div_ceil(1000)
}

/// The headline ratios of the rows, as far as both arms were measured.
pub fn sharpness(plan: &Plan, rows: &[Measurement]) -> Vec<Sharpness> {
    let mut found = Vec::new();
    for (point, load) in plan.load_points.iter().enumerate() {
        let of = |arm: usize| -> BTreeMap<u32, &Measurement> {
            let name = &plan.arms[arm].name;
            (rows.iter())
                .filter(|row| row.arm == *name && row.load_point() == *load && row.error.is_empty())
                .map(|row| (row.block, row))
                .collect()
        };
        for pair in headline::pairs(plan) {
            let (ours, base) = (of(pair.ours), of(pair.base));
            let pairs: Vec<[&Measurement; 2]> = (ours.iter())
                .filter_map(|(block, ours)| Some([*ours, *base.get(block)?]))
                .filter(|[ours, base]| distance::alike(ours, base))
                .collect();
            let mut add = |quantity, logs: &[f64]| {
                let estimate = ratio::ratio_estimate(logs);
                found.extend(estimate.map(|estimate| Sharpness {
                    pair,
                    point,
                    quantity,
                    estimate,
                }));
            };
            add(Quantity::Cpu, &cpu_logs(&pairs));
            if load.offered_rate_per_s.is_none() && servers_set_the_rate(plan, &pairs) {
                add(Quantity::Rate, &logs(&pairs, rate));
            }
        }
    }
    found
}

fn logs(pairs: &[[&Measurement; 2]], of: impl Fn(&Measurement) -> Option<f64>) -> Vec<f64> {
    let values: Vec<(f64, f64)> = (pairs.iter())
        .filter_map(|[ours, base]| Some((of(ours)?, of(base)?)))
        .collect();
    ratio::log_ratios(&values)
}

/// Like with like: of the steady part where every measurement has it, else of the whole window.
fn cpu_logs(pairs: &[[&Measurement; 2]]) -> Vec<f64> {
    let steady = |row: &Measurement| quotient(row.steady_server_cpu_us?, row.steady_requests?);
    if pairs.iter().flatten().all(|row| steady(row).is_some()) {
        return logs(pairs, steady);
    }
    let server = |row: &Measurement| Some(row.server_cpu_user_us? + row.server_cpu_system_us?);
    logs(pairs, |row| quotient(server(row)?, row.requests?))
}

fn rate(row: &Measurement) -> Option<f64> {
    quotient(row.requests?, row.window_us?)
}

fn quotient(dividend: u64, divisor: u64) -> Option<f64> {
    (divisor > 0).then(|| dividend as f64 / divisor as f64)
}

/// Whether the load generator had time to spare with both arms, on processors of its own.
fn servers_set_the_rate(plan: &Plan, pairs: &[[&Measurement; 2]]) -> bool {
    let threads = u64::from(plan.client_threads.max(1));
    let spare = |side: usize| {
        let busy: Vec<f64> = (pairs.iter())
            .filter_map(|pair| quotient(pair[side].client_cpu_us?, pair[side].window_us? * threads))
            .collect();
        median(&busy).is_some_and(|busy| busy < SATURATED)
    };
    plan.placement == Placement::Apart && spare(0) && spare(1)
}

#[cfg(test)]
mod tests;
