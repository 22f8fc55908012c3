//! The sign-flip permutation test on paired log ratios.

use rand::RngExt;

use super::Seed;

/// Up to this number of blocks all sign patterns are tried; beyond it a seeded sample of them.
pub const EXACT_UP_TO_BLOCKS: usize = 16;

/// Sign patterns drawn where there are too many to try all.
const DRAWN_PATTERNS: u64 = 1 << EXACT_UP_TO_BLOCKS;

/// Two-sided p-value of the hypothesis that the true ratio is `exp(bound_log)`: how often a
/// random choice of signs of the deviations from it gives a sum at least as far from zero.
///
/// Exact up to [`EXACT_UP_TO_BLOCKS`] blocks. 1 where there is nothing to test.
pub fn sign_flip_p(log_ratios: &[f64], bound_log: f64, seed: Seed, name: &str) -> f64 {
    let deviations: Vec<f64> = log_ratios.iter().map(|log| log - bound_log).collect();
    if deviations.is_empty() {
        return 1.0;
    }
    let observed = deviations.iter().sum::<f64>().abs();
    // Sums of the same deviations in another order of signs differ in the last bits only.
    let threshold = observed - 1e-12 * deviations.iter().map(|d| d.abs()).sum::<f64>();
    let as_far = |sum: f64| sum.abs() >= threshold;

    if deviations.len() <= EXACT_UP_TO_BLOCKS {
        let patterns = 1_u64 << deviations.len();
        let hits = (0..patterns)
            .filter(|flips| as_far(signed_sum(&deviations, |i| flips >> i & 1 == 1)))
            .count();
        return hits as f64 / patterns as f64;
    }
    let mut stream = seed.stream(name);
    let hits = (0..DRAWN_PATTERNS)
        .filter(|_| as_far(signed_sum(&deviations, |_| stream.random())))
        .count();
    // The observed pattern is one of the patterns, so p is never 0.
    (hits + 1) as f64 / (DRAWN_PATTERNS + 1) as f64
}

/// The sum with the sign of each deviation turned that `flip` says.
fn signed_sum(deviations: &[f64], mut flip: impl FnMut(usize) -> bool) -> f64 {
    deviations
        .iter()
        .enumerate()
        .map(|(i, d)| if flip(i) { -d } else { *d })
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn p(logs: &[f64], bound: f64) -> f64 {
        sign_flip_p(logs, bound, Seed::new(3), "test")
    }

    #[test]
    fn ten_of_one_sign_are_two_patterns_in_1024() {
        let logs: Vec<f64> = (1..=10).map(|i| 0.1 + 0.001 * f64::from(i)).collect();
        assert!((p(&logs, 0.0) - 2.0 / 1024.0).abs() < 1e-12);
    }

    #[test]
    fn data_on_the_bound_do_not_contradict_it() {
        assert!((p(&[0.25; 8], 0.25) - 1.0).abs() < 1e-12);
        assert!((p(&[], 0.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn many_blocks_are_sampled_and_never_give_zero() {
        let logs: Vec<f64> = (0..40).map(|i| 0.3 + 0.01 * f64::from(i)).collect();
        let found = p(&logs, 0.0);
        assert!(found > 0.0 && found < 1e-3, "{found}");
    }

    proptest! {
        #[test]
        fn it_is_a_probability_and_blind_to_the_sign(
            logs in prop::collection::vec(-1.0_f64..1.0, 1..10),
            bound in -0.5_f64..0.5,
        ) {
            let mirrored: Vec<f64> = logs.iter().map(|l| -l).collect();
            let found = p(&logs, bound);
            prop_assert!(found > 0.0 && found <= 1.0);
            prop_assert!((found - p(&mirrored, -bound)).abs() < 1e-12);
        }
    }
}
