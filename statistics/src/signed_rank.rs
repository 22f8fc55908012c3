//! Wilcoxon's signed-rank procedures for paired differences: the Hodges-Lehmann estimate, the interval
//! of Walsh averages, and the p-value, which agree with each other exactly.
//!
//! The Walsh averages are the means of all pairs of values, each with itself too. Their median is
//! the estimate: of normal noise it is nearly as sharp as the mean, and three outliers in ten do not
//! move it far. Under symmetry the number of averages below the truth has a known distribution, so the
//! interval between two of them is exact for every number of blocks and every such noise.

use std::sync::OnceLock;

use crate::walsh::Walsh;
use crate::{ALPHA, Estimate, Interval};

/// Up to so many values the distribution is computed, beyond them taken from the normal one.
const EXACT_UP_TO: usize = 100;

/// Estimate and 95 % interval of the centre of the values. `None` of nothing.
///
/// Of fewer than [`crate::MIN_BLOCKS`] values the interval is their whole range, which holds less.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    let averages = Walsh::of(values);
    let Interval { low, high } = between(&averages, values.len(), ALPHA)?;
    let upper = averages.len() / 2;
    let value = averages.at(upper)?;
    Some(Estimate {
        value: if averages.len() % 2 == 1 {
            value
        } else {
            f64::midpoint(averages.at(upper - 1)?, value)
        },
        low,
        high,
        blocks: values.len(),
    })
}

/// The interval alone, of another error rate than 5 %.
pub fn interval(values: &[f64], alpha: f64) -> Option<Interval> {
    between(&Walsh::of(values), values.len(), alpha)
}

fn between(averages: &Walsh, values: usize, alpha: f64) -> Option<Interval> {
    let last = averages.len().checked_sub(1)?;
    let outside = rank_of_bound(values, alpha).saturating_sub(1).min(last / 2);
    Some(Interval {
        low: averages.at(outside)?,
        high: averages.at(last - outside)?,
    })
}

/// Two-sided p-value of the hypothesis that the centre is `bound`. It is at most 5 % where, and only
/// where, the 95 % interval of [`crate::MIN_BLOCKS`] or more values leaves `bound` out. 1 of nothing.
pub fn p_value(values: &[f64], bound: f64) -> f64 {
    let (below, above) = Walsh::sides(values, bound);
    // An average on the bound speaks for it.
    let against = values.len() * (values.len() + 1) / 2 - above.max(below);
    (2.0 * at_most(values.len(), against)).min(1.0)
}

/// Which average from either end, from 1, is the interval's bound; 0 where not even the range holds
/// so much.
fn rank_of_bound(values: usize, alpha: f64) -> usize {
    if values > EXACT_UP_TO {
        let (mean, deviation) = moments(values);
        let rank = mean + 0.5 + deviation * crate::level::normal_quantile(alpha / 2.0);
        return rank.max(0.0) as usize;
    }
    let tail = alpha / 2.0 * (1.0 + 1e-12);
    distribution(values).partition_point(|at_most| *at_most <= tail)
}

/// Probability that at most so many averages lie on one side of the truth.
fn at_most(values: usize, averages: usize) -> f64 {
    if values > EXACT_UP_TO {
        let (mean, deviation) = moments(values);
        return crate::level::normal_probability((averages as f64 + 0.5 - mean) / deviation);
    }
    let distribution = distribution(values);
    distribution[averages.min(distribution.len() - 1)]
}

/// Mean and standard deviation of the number of averages on one side.
fn moments(values: usize) -> (f64, f64) {
    let n = values as f64;
    let mean = n * (n + 1.0) / 4.0;
    (mean, (mean * (2.0 * n + 1.0) / 6.0).sqrt())
}

/// Probability of at most each number of averages on one side, for up to [`EXACT_UP_TO`] values: it is
/// wanted thousands of times in a report and computed once.
fn distribution(values: usize) -> &'static [f64] {
    static OF_VALUES: [OnceLock<Vec<f64>>; EXACT_UP_TO + 1] =
        [const { OnceLock::new() }; EXACT_UP_TO + 1];
    OF_VALUES[values].get_or_init(|| {
        let mut sum = 0.0;
        (probabilities(values).into_iter())
            .map(|probability| {
                sum += probability;
                sum
            })
            .collect()
    })
}

/// Probability of each number of averages on one side: the sums of the ranks of which a coin chooses
/// each or not.
fn probabilities(values: usize) -> Vec<f64> {
    let mut of_sum = vec![1.0];
    for rank in 1..=values {
        let mut next = vec![0.0; of_sum.len() + rank];
        for (sum, probability) in of_sum.iter().enumerate() {
            next[sum] += probability / 2.0;
            next[sum + rank] += probability / 2.0;
        }
        of_sum = next;
    }
    of_sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ranks_are_those_of_the_tables() {
        // The published two-sided 5 % points of the signed-rank statistic, each plus one.
        let ranks = [5, 6, 7, 8, 10, 12, 15, 20].map(|values| rank_of_bound(values, ALPHA));
        assert_eq!(ranks, [0, 1, 3, 4, 9, 14, 26, 53]);
    }

    #[test]
    fn the_normal_distribution_goes_on_where_the_exact_one_ends() {
        let (mean, deviation) = moments(EXACT_UP_TO);
        let exact = rank_of_bound(EXACT_UP_TO, ALPHA) as f64;
        let normal = mean + deviation * crate::level::normal_quantile(ALPHA / 2.0);
        assert!((exact - normal).abs() < 3.0, "{exact} and {normal}");
        let next = rank_of_bound(EXACT_UP_TO + 1, ALPHA);
        assert!(next > rank_of_bound(EXACT_UP_TO, ALPHA) && next < exact as usize + 100);
    }

    #[test]
    fn six_of_one_sign_are_just_enough() {
        let six = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06];
        assert!((p_value(&six, 0.0) - 2.0 / 64.0).abs() < 1e-12);
        assert!((p_value(&six[..5], 0.0) - 2.0 / 32.0).abs() < 1e-12);
        assert_eq!(estimate(&six).unwrap().low, 0.01);
    }

    #[test]
    fn data_on_the_bound_do_not_contradict_it() {
        assert!((p_value(&[0.25; 8], 0.25) - 1.0).abs() < 1e-12);
        assert!((p_value(&[], 0.0) - 1.0).abs() < 1e-12);
        assert_eq!(estimate(&[]), None);
    }

    #[test]
    fn a_wild_outlier_hardly_moves_it() {
        let mut values = [1.0, 1.01, 0.99, 1.02, 0.98, 1.0, 1.01, 0.99, 1.0, 1.0];
        let before = estimate(&values).unwrap();
        values[3] = 1000.0;
        let after = estimate(&values).unwrap();
        assert!((after.value - before.value).abs() < 0.01, "{after:?}");
    }

    proptest! {
        #[test]
        fn interval_and_p_value_agree(
            values in prop::collection::vec(-1.0_f64..1.0, 6..30),
            bound in -0.5_f64..0.5,
        ) {
            let found = estimate(&values).unwrap();
            let outside = bound < found.low || bound > found.high;
            prop_assert_eq!(p_value(&values, bound) <= ALPHA, outside);
            prop_assert!(found.low <= found.value && found.value <= found.high);
        }

        #[test]
        fn it_follows_shift_and_sign(
            values in prop::collection::vec(-1.0_f64..1.0, 1..20),
            shift in -1.0_f64..1.0,
        ) {
            let found = estimate(&values).unwrap();
            let moved: Vec<f64> = values.iter().map(|value| shift - value).collect();
            let moved = estimate(&moved).unwrap();
            let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
            prop_assert!(close(moved.value, shift - found.value));
            prop_assert!(close(moved.low, shift - found.high));
            prop_assert!(close(moved.high, shift - found.low));
        }

        #[test]
        fn a_smaller_error_rate_is_a_wider_interval(
            values in prop::collection::vec(-1.0_f64..1.0, 6..30),
        ) {
            let (narrow, wide) = (interval(&values, 0.05).unwrap(), interval(&values, 0.01).unwrap());
            prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high);
        }
    }
}
