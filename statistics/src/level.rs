//! The median of one arm's values, with its interval.
//!
//! The values of an arm need not lie symmetrically about anything, so only their order is used. Between
//! two neighbouring ranks, of which one holds too much and the other too little, the interval is
//! interpolated as Hettmansperger and Sheather (1986) do. They assume one peak; with values of two modes
//! the interval holds up to two percent less, so it aims a percent higher than it promises.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal};

use crate::power::least;
use crate::{ALPHA, Estimate, median};

/// What the interpolation aims at, above the promised 95 %.
const AIM: f64 = 1.0 - ALPHA + 0.01;

/// The median with its 95 % interval. `None` of nothing.
///
/// Of fewer than [`crate::MIN_BLOCKS`] values the interval is their whole range, which holds less.
pub fn median_estimate(values: &[f64]) -> Option<Estimate> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (rank, share) = depth(sorted.len())?;
    let (last, inner) = (sorted.len() - 1, (rank + 1).min(sorted.len() / 2));
    let between = |outer: f64, inner: f64| outer + (inner - outer) * share;
    Some(Estimate {
        value: median(values)?,
        low: between(sorted[rank], sorted[inner.min(last)]),
        high: between(sorted[last - rank], sorted[last - inner.min(last)]),
        blocks: values.len(),
    })
}

/// The last rank from either end, from 0, that holds at least [`AIM`], and how far towards the next.
fn depth(values: usize) -> Option<(usize, f64)> {
    let coin = Binomial::new(0.5, u64::try_from(values).ok().filter(|n| *n > 0)?).ok()?;
    let holds = |rank: usize| 1.0 - 2.0 * coin.cdf(rank as u64);
    if values < 2 || holds(0) < AIM {
        return Some((0, 0.0));
    }
    let ends = |rank: usize| rank >= values / 2 || holds(rank) < AIM;
    let rank = least(0, values / 2, ends) - 1;
    let (more, less) = (holds(rank), holds(rank + 1));
    let excess = (more - AIM) / (more - less);
    let (n, outer) = (values as f64, (rank + 1) as f64);
    Some((
        rank,
        (n - outer) * excess / (outer + (n - 2.0 * outer) * excess),
    ))
}

/// The quantile of the standard normal distribution.
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// The standard normal distribution's probability of at most `x`.
pub(crate) fn normal_probability(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_few_values_the_interval_is_their_range() {
        let found = median_estimate(&[3.0, 1.0, 5.0, 2.0, 4.0]).unwrap();
        assert_eq!((found.low, found.value, found.high), (1.0, 3.0, 5.0));
        let one = median_estimate(&[7.0]).unwrap();
        assert_eq!((one.low, one.value, one.high), (7.0, 7.0, 7.0));
        assert_eq!(median_estimate(&[]), None);
    }

    #[test]
    fn it_lies_between_the_ranks_that_hold_too_much_and_too_little() {
        for (values, outer) in [(6, 0), (8, 0), (9, 1), (12, 2), (20, 4)] {
            let (rank, share) = depth(values).unwrap();
            assert_eq!(rank, outer, "{values}");
            assert!((0.0..1.0).contains(&share), "{values}: {share}");
        }
    }

    proptest! {
        #[test]
        fn it_holds_the_median_and_stays_in_range(
            values in prop::collection::vec(0.1_f64..10.0, 1..40),
        ) {
            let found = median_estimate(&values).unwrap();
            prop_assert!(found.low <= found.value && found.value <= found.high);
            let least = values.iter().copied().fold(f64::MAX, f64::min);
            let most = values.iter().copied().fold(f64::MIN, f64::max);
            prop_assert!(least <= found.low && found.high <= most);
        }
    }
}
