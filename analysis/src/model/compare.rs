//! Comparisons of two arms, paired inside blocks.

use std::collections::BTreeMap;
use std::fmt;

use rayon::prelude::*;
use records::{Measurement, Plan};

use super::judged::Judged;
use super::{Cell, Pair};
use crate::frame::Paired;
use crate::load::{Key, Row};
use crate::metric::Metric;
use crate::stats::ratio::{log_ratios, ratio_estimate};
use crate::stats::{Estimate, distance};
use crate::text::{load_id, load_label, slug};

/// Two arms at every load point in every compared quantity.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The arms.
    pub pair: Pair,
    /// The one thing in which they differ, where the plan says it.
    pub differs_by: Option<String>,
    /// The ratios, by load point and quantity.
    pub ratios: Vec<Ratio>,
}

/// One ratio.
#[derive(Clone, Debug)]
pub struct Ratio {
    /// Place of the load point in the plan.
    pub point: usize,
    /// The quantity.
    pub metric: Metric,
    /// The quantity that was compared in its place: of CPU a request the one of its two measures
    /// that both arms have.
    pub measure: Metric,
    /// Blocks whose two windows were measured at other distances of the processors, and have no ratio.
    pub unlike: usize,
    /// The number, or why there is none.
    pub outcome: Outcome,
}

/// A ratio's number, or why there is none.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Both cells are valid.
    Measured {
        /// The centre of the paired ratios with its interval.
        estimate: Estimate,
        /// The logarithms of the paired ratios.
        log_ratios: Vec<f64>,
    },
    /// A cell is invalid: which, and why.
    Invalid(String),
    /// No block has the quantity for both arms.
    NotMeasured,
}

impl Outcome {
    /// The estimate, where there is one.
    pub fn estimate(&self) -> Option<Estimate> {
        match self {
            Self::Measured { estimate, .. } => Some(*estimate),
            Self::Invalid(_) | Self::NotMeasured => None,
        }
    }
}

/// Identifier of a comparison's row in the table of ratios.
pub fn ratio_id(plan: &Plan, pair: Pair, point: usize) -> String {
    format!(
        "ratio-{}-to-{}-{}",
        slug(&plan.arms[pair.ours].name),
        slug(&plan.arms[pair.base].name),
        load_id(&plan.load_points[point])
    )
}

pub(super) fn comparisons(
    plan: &Plan,
    rows: &[Row],
    pairs: &[Pair],
    cells: &[Cell],
    judged: &Judged,
) -> Vec<Comparison> {
    let points = plan.load_points.len();
    let valid = judged.valid();
    let by_key: BTreeMap<Key, &Measurement> =
        rows.iter().map(|row| (row.key, &row.measurement)).collect();
    pairs
        .par_iter()
        .map(|&pair| {
            let paired = judged.measures.pairs(&valid, pair.ours, pair.base);
            let mut ratios = Vec::new();
            for point in 0..points {
                let sides = [pair.ours, pair.base].map(|arm| &cells[arm * points + point]);
                let here = paired.iter().filter(|p| p.point == point);
                let (here, unlike): (Vec<_>, Vec<_>) = here.partition(|paired| {
                    let row = |arm| {
                        let block = paired.block;
                        by_key.get(&Key { arm, point, block })
                    };
                    match (row(pair.ours), row(pair.base)) {
                        (Some(ours), Some(base)) => distance::alike(ours, base),
                        _ => true,
                    }
                });
                for metric in Metric::COMPARED {
                    let measure = measure(metric, &here);
                    ratios.push(Ratio {
                        point,
                        metric,
                        measure,
                        unlike: unlike.len(),
                        outcome: outcome(sides, &here, measure),
                    });
                }
            }
            let entry = &plan.arms[pair.ours];
            let from = entry.differs_from.as_deref() == Some(&plan.arms[pair.base].name);
            Comparison {
                pair,
                differs_by: entry.differs_by.clone().filter(|_| from),
                ratios,
            }
        })
        .collect()
}

/// Like with like: CPU a request of the steady part where every measurement of both arms has it,
/// of the whole window for both where one lacks it.
fn measure(metric: Metric, paired: &[&Paired]) -> Metric {
    if metric != Metric::CpuUsPerRequest {
        return metric;
    }
    let steady = Metric::SteadyCpuUsPerRequest;
    let both = |pair: &&Paired| pair.ours.get(steady).is_some() && pair.base.get(steady).is_some();
    if !paired.is_empty() && paired.iter().all(both) {
        steady
    } else {
        Metric::WindowCpuUsPerRequest
    }
}

fn outcome(sides: [&Cell; 2], paired: &[&Paired], measure: Metric) -> Outcome {
    let invalid: Vec<String> = (sides.iter())
        .filter(|cell| cell.measured > 0 && !cell.valid())
        .map(|cell| InvalidCell(cell).to_string())
        .collect();
    if !invalid.is_empty() {
        return Outcome::Invalid(invalid.join("; "));
    }
    let values: Vec<(f64, f64)> = paired
        .iter()
        .filter_map(|pair| Some((pair.ours.get(measure)?, pair.base.get(measure)?)))
        .collect();
    let log_ratios = log_ratios(&values);
    match ratio_estimate(&log_ratios) {
        Some(estimate) => Outcome::Measured {
            estimate,
            log_ratios,
        },
        None => Outcome::NotMeasured,
    }
}

/// `ARM at LOAD (why)`.
struct InvalidCell<'a>(&'a Cell);

impl fmt::Display for InvalidCell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(cell) = self;
        write!(
            f,
            "{} at {} ({})",
            cell.arm_name,
            load_label(&cell.load),
            cell.invalid_because()
        )
    }
}
