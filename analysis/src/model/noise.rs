//! The noise floor: what the A/A control shows where nothing differs.

use std::collections::BTreeMap;

use records::Plan;

use super::{Comparison, Pair};
use crate::metric::Metric;
use crate::stats::Estimate;
use crate::stats::control::threshold;

/// The interval that reaches farthest from 1 between an arm and its exact repeat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// The control and the arm it repeats.
    pub pair: Pair,
    /// Place of the load point in the plan.
    pub point: usize,
    /// The ratio of the two.
    pub estimate: Estimate,
}

/// What the A/A control shows, by quantity.
#[derive(Clone, Debug, Default)]
pub struct NoiseFloor {
    largest: BTreeMap<Metric, Deviation>,
    by_load: BTreeMap<(Metric, usize), Estimate>,
    controls: Vec<Pair>,
}

impl NoiseFloor {
    pub(super) fn new(plan: &Plan, comparisons: &[Comparison]) -> Self {
        let is_control = |pair: Pair| {
            let repeated = plan.arms[pair.ours].control_of.as_deref();
            repeated == Some(&plan.arms[pair.base].name)
        };
        let mut floor = Self::default();
        for comparison in comparisons.iter().filter(|c| is_control(c.pair)) {
            floor.controls.push(comparison.pair);
            for ratio in &comparison.ratios {
                let Some(estimate) = ratio.outcome.estimate() else {
                    continue;
                };
                let here = Deviation {
                    pair: comparison.pair,
                    point: ratio.point,
                    estimate,
                };
                let asks = floor
                    .by_load
                    .entry((ratio.metric, ratio.point))
                    .or_insert(estimate);
                if threshold(&estimate) > threshold(asks) {
                    *asks = estimate;
                }
                let largest = floor.largest.entry(ratio.metric).or_insert(here);
                if estimate.reach() > largest.estimate.reach() {
                    *largest = here;
                }
            }
        }
        floor
    }

    /// The controls of the run: each with the arm it repeats.
    pub fn controls(&self) -> &[Pair] {
        &self.controls
    }

    /// The interval that reaches farthest in this quantity.
    pub fn largest(&self, metric: Metric) -> Option<Deviation> {
        self.largest.get(&metric).copied()
    }

    /// The control's ratio in this quantity at this load; of several the one that asks for most.
    pub fn at(&self, metric: Metric, point: usize) -> Option<Estimate> {
        self.by_load.get(&(metric, point)).copied()
    }
}
