//! The percentile bootstrap of a median.

use std::collections::BTreeMap;

use rand::RngExt;

use super::Seed;

/// Resamples of every bootstrap.
pub const RESAMPLES: usize = 10_000;

/// Resamples left out at either end: 2.5 % each, so that the interval is a 95 % one.
const TAIL: usize = RESAMPLES / 40;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// Draws blocks with replacement, from the random stream of one name.
///
/// All quantities of one comparison share its draws: they were measured in the same blocks.
#[derive(Debug)]
pub struct Resampler {
    seed: Seed,
    name: String,
    /// Number of blocks -> the blocks drawn, resample after resample.
    drawn: BTreeMap<usize, Vec<usize>>,
}

impl Resampler {
    /// The resampler of the estimate with this name.
    pub fn new(seed: Seed, name: impl Into<String>) -> Self {
        Self {
            seed,
            name: name.into(),
            drawn: BTreeMap::new(),
        }
    }

    /// 95 % interval of the median of `values` (one a block): blocks are drawn with replacement
    /// [`RESAMPLES`] times and the outer 2.5 % of the medians are cut off at either end. `None`
    /// of nothing.
    ///
    /// Of few blocks such an interval covers less than it says (of seven, 87.5 %). It is therefore
    /// never narrower than the exact interval of the median from the order of the values
    /// alone, which holds for any distribution.
    pub fn median_interval(&mut self, values: &[f64]) -> Option<Interval> {
        if values.is_empty() {
            return None;
        }
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let sorted: Vec<f64> = order.iter().map(|&index| values[index]).collect();
        let mut rank = vec![0; values.len()];
        for (position, &index) in order.iter().enumerate() {
            rank[index] = position;
        }

        let mut times_drawn = vec![0_usize; values.len()];
        let mut medians = Vec::with_capacity(RESAMPLES);
        for resample in self.draws(values.len()).chunks_exact(values.len()) {
            times_drawn.fill(0);
            for &index in resample {
                times_drawn[rank[index]] += 1;
            }
            medians.push(resample_median(&sorted, &times_drawn));
        }
        let mut nth = |place| *medians.select_nth_unstable_by(place, f64::total_cmp).1;
        let rank = exact_rank(sorted.len());
        Some(Interval {
            low: nth(TAIL - 1).min(sorted[rank]),
            high: nth(RESAMPLES - TAIL).max(sorted[sorted.len() - 1 - rank]),
        })
    }

    fn draws(&mut self, blocks: usize) -> &[usize] {
        self.drawn.entry(blocks).or_insert_with(|| {
            let mut stream = self.seed.stream(&self.name);
            (0..RESAMPLES * blocks)
                .map(|_| stream.random_range(0..blocks))
                .collect()
        })
    }
}

/// How many values at either end may be left out for the rest to span the median with 95 %: each
/// value is above the median or below, like a coin. With fewer than six values not even all do.
fn exact_rank(values: usize) -> usize {
    let mut rank = 0;
    // Probability that exactly `rank` values are on one side, and that at most so many are.
    let mut exactly = 0.5_f64.powi(i32::try_from(values).unwrap_or(i32::MAX));
    let mut at_most = exactly;
    loop {
        exactly *= (values - rank) as f64 / (rank + 1) as f64;
        if at_most + exactly > 0.025 || rank + 1 > values / 2 {
            return if at_most > 0.025 { 0 } else { rank };
        }
        at_most += exactly;
        rank += 1;
    }
}

/// The median of the multiset in which `sorted[i]` stands `times[i]` times.
fn resample_median(sorted: &[f64], times: &[usize]) -> f64 {
    let upper = sorted.len() / 2;
    let lower = (sorted.len() - 1) / 2;
    let (mut seen, mut below) = (0, f64::NAN);
    for (place, drawn) in times.iter().enumerate() {
        let before = seen;
        seen += drawn;
        if before <= lower && seen > lower {
            below = sorted[place];
        }
        if seen > upper {
            return f64::midpoint(below, sorted[place]);
        }
    }
    below
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::median;

    fn median_interval(values: &[f64], seed: u64, name: &str) -> Option<Interval> {
        Resampler::new(Seed::new(seed), name).median_interval(values)
    }

    #[test]
    fn a_constant_has_no_width() {
        let interval = median_interval(&[7.0; 10], 1, "constant");
        assert_eq!(
            interval,
            Some(Interval {
                low: 7.0,
                high: 7.0
            })
        );
    }

    #[test]
    fn the_exact_ranks_are_those_of_the_binomial_distribution() {
        // For 6 to 8 values the whole range, for 9 without the outermost, ...
        let ranks = [1, 5, 6, 7, 8, 9, 10, 11, 12, 15, 17, 20].map(exact_rank);
        assert_eq!(ranks, [0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn of_seven_values_the_interval_is_their_range() {
        let interval = median_interval(&[3.0, 1.0, 7.0, 5.0, 2.0, 6.0, 4.0], 1, "seven").unwrap();
        assert!((interval.low, interval.high) == (1.0, 7.0), "{interval:?}");
    }

    #[test]
    fn nothing_has_no_interval() {
        assert_eq!(median_interval(&[], 1, "nothing"), None);
    }

    #[test]
    fn quantities_of_one_name_share_their_draws_and_other_names_do_not() {
        let values: Vec<f64> = (0..9).map(f64::from).collect();
        let mut resampler = Resampler::new(Seed::new(1), "a");
        let first = resampler.median_interval(&values);
        assert_eq!(resampler.median_interval(&values), first);
        let mut other = Resampler::new(Seed::new(1), "b");
        assert_ne!(other.draws(9), resampler.draws(9));
    }

    #[test]
    fn the_multiset_median_is_the_median_of_the_multiset() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert!((resample_median(&sorted, &[0, 3, 1, 0]) - 2.0).abs() < 1e-12);
        assert!((resample_median(&sorted, &[2, 0, 0, 2]) - 4.5).abs() < 1e-12);
    }

    #[test]
    fn it_covers_the_true_median_as_often_as_it_says_also_of_few_blocks() {
        // 200 samples each from a known symmetric population around 0, by a fixed stream.
        let mut stream = Seed::new(9).stream("population");
        for blocks in [6, 7, 9, 15] {
            let covered = (0..200)
                .filter(|sample| {
                    let values: Vec<f64> = (0..blocks)
                        .map(|_| (0..4).map(|_| stream.random_range(-1.0..1.0)).sum())
                        .collect();
                    let interval =
                        median_interval(&values, 9, &format!("sample {sample}")).unwrap();
                    interval.low <= 0.0 && 0.0 <= interval.high
                })
                .count();
            assert!(covered >= 186, "{covered} of 200 with {blocks} blocks");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_interval_holds_the_median_and_stays_in_range(
            values in prop::collection::vec(0.1_f64..10.0, 3..20),
            seed: u64,
        ) {
            let interval = median_interval(&values, seed, "x").unwrap();
            let center = median(&values).unwrap();
            prop_assert!(interval.low <= center && center <= interval.high);
            prop_assert!(values.iter().any(|v| *v <= interval.low));
            prop_assert!(values.iter().any(|v| *v >= interval.high));
        }
    }
}
