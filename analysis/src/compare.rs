//! Two runs beside each other: another machine, kernel or commit.
//!
//! Their blocks have nothing in common, so nothing cancels: a quotient is of the two medians, and its
//! interval adds up both intervals (as squares, of the logarithms). It is wider than a paired one, and
//! it cannot see what differed between the runs as a whole.

use records::{Difference, LoadPoint};

use crate::metric::Metric;
use crate::model::Study;
use crate::stats::{EQUIVALENCE_MARGIN, Estimate, MIN_BLOCKS};

/// What is compared.
pub const COMPARED: [Metric; 4] = [
    Metric::CpuUsPerRequest,
    Metric::RequestsPerSecond,
    Metric::LatencyP50Us,
    Metric::LatencyP99Us,
];

/// A cell that both runs have, by its places in their plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Common {
    /// The arm in the first run and in the second.
    pub arm: [usize; 2],
    /// The load point, likewise.
    pub point: [usize; 2],
}

/// The cells that both runs have, in the first one's order.
pub fn common<'a>(a: &'a Study, b: &'a Study) -> impl Iterator<Item = Common> {
    let arms = (a.plan.arms.iter().enumerate())
        .filter_map(|(place, arm)| Some([place, b.arm(&arm.name)?]));
    arms.flat_map(move |arm| loads(a, b).map(move |point| Common { arm, point }))
}

/// The loads that both runs have.
pub fn loads<'a>(a: &'a Study, b: &'a Study) -> impl Iterator<Item = [usize; 2]> {
    let places = a.plan.load_points.iter().enumerate();
    places.filter_map(|(place, load): (usize, &LoadPoint)| Some([place, b.point(load)?]))
}

/// The second run's quantity over the first one's, where both cells are valid.
pub fn quotient(a: &Study, b: &Study, cell: Common, metric: Metric) -> Option<Estimate> {
    over(
        &b.cell(cell.arm[1], cell.point[1]).quotable(metric)?,
        &a.cell(cell.arm[0], cell.point[0]).quotable(metric)?,
    )
}

/// The headline ratio in each run, our server to the baseline, and the second over the first.
pub fn headline(a: &Study, b: &Study, point: [usize; 2], metric: Metric) -> [Option<Estimate>; 3] {
    let of = |study: &Study, point: usize| {
        study
            .ratio(study.headline_pair()?, point, metric)?
            .outcome
            .estimate()
    };
    let (first, second) = (of(a, point[0]), of(b, point[1]));
    let both = second.zip(first);
    [first, second, both.and_then(|(b, a)| over(&b, &a))]
}

/// One estimate over another that is independent of it.
fn over(upper: &Estimate, lower: &Estimate) -> Option<Estimate> {
    let all = [upper, lower].map(|e| e.value.min(e.low));
    if all.iter().any(|number| *number <= 0.0) {
        return None;
    }
    let ln = |estimate: &Estimate| [estimate.value, estimate.low, estimate.high].map(f64::ln);
    let ([up, up_low, up_high], [down, down_low, down_high]) = (ln(upper), ln(lower));
    let value = up - down;
    Some(Estimate {
        value: value.exp(),
        low: (value - (up - up_low).hypot(down_high - down)).exp(),
        high: (value + (up_high - up).hypot(down - down_low)).exp(),
        blocks: upper.blocks.min(lower.blocks),
    })
}

/// What a quotient says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The interval lies below 1, and not within the margin.
    Less,
    /// The interval lies above 1, and not within the margin.
    More,
    /// The interval lies within the margin.
    Same,
    /// It does not decide, or a run has too few blocks.
    Undecided,
}

impl Change {
    /// By the same margin and number of blocks as every verdict.
    pub fn of(estimate: &Estimate) -> Self {
        let most = 1.0 + EQUIVALENCE_MARGIN;
        match estimate {
            found if found.blocks < MIN_BLOCKS => Self::Undecided,
            found if found.low >= 1.0 / most && found.high <= most => Self::Same,
            found if found.high < 1.0 => Self::Less,
            found if found.low > 1.0 => Self::More,
            _ => Self::Undecided,
        }
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Less => "less",
            Self::More => "more",
            Self::Same => "equivalent",
            Self::Undecided => "inconclusive",
        }
    }
}

/// In what plans and environments of two runs differ, by fields.
pub fn differences(a: &Study, b: &Study) -> Vec<Difference> {
    let environments = a.environment.differences(&b.environment);
    let of_plans = a.plan.differences(&b.plan);
    let below = |part: &'static str| {
        move |difference: Difference| Difference {
            field: format!("{part}.{}", difference.field),
            ..difference
        }
    };
    (environments.into_iter().map(below("environment")))
        .chain(of_plans.into_iter().map(below("plan")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(value: f64, low: f64, high: f64) -> Estimate {
        Estimate {
            value,
            low,
            high,
            blocks: 8,
        }
    }

    #[test]
    fn a_quotient_is_less_certain_than_either_part() {
        let (upper, lower) = (estimate(2.0, 1.8, 2.2), estimate(1.0, 0.9, 1.1));
        let found = over(&upper, &lower).unwrap();
        assert!((found.value - 2.0).abs() < 1e-12);
        assert!(found.high / found.low > (2.2_f64 / 1.8).max(1.1 / 0.9));
        // Swapping the runs inverts it exactly.
        let back = over(&lower, &upper).unwrap();
        assert!((back.low * found.high - 1.0).abs() < 1e-12);
        assert!((back.high * found.low - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_positive_has_no_quotient() {
        assert_eq!(
            over(&estimate(1.0, 0.0, 2.0), &estimate(1.0, 0.9, 1.1)),
            None
        );
    }

    #[test]
    fn a_change_has_a_direction_only_beyond_the_margin() {
        let of = |low, high| Change::of(&estimate(f64::midpoint(low, high), low, high));
        assert_eq!(of(0.8, 0.9), Change::Less);
        assert_eq!(of(1.1, 1.2), Change::More);
        assert_eq!(of(0.99, 1.01), Change::Same);
        assert_eq!(of(1.001, 1.015), Change::Same);
        assert_eq!(of(0.9, 1.1), Change::Undecided);
        let few = Estimate {
            blocks: MIN_BLOCKS - 1,
            ..estimate(0.5, 0.4, 0.6)
        };
        assert_eq!(Change::of(&few), Change::Undecided);
    }
}
