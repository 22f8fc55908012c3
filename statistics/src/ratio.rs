//! Block-paired ratios.

use crate::{Estimate, signed_rank};

/// The log ratios of the pairs. A pair without two positive numbers has none and is left out.
pub fn log_ratios(pairs: &[(f64, f64)]) -> Vec<f64> {
    pairs
        .iter()
        .filter(|(ours, base)| *ours > 0.0 && *base > 0.0)
        .map(|(ours, base)| ours.ln() - base.ln())
        .collect()
}

/// The centre of the ratios with its interval, from their logarithms. `None` of nothing.
pub fn ratio_estimate(log_ratios: &[f64]) -> Option<Estimate> {
    signed_rank::estimate(log_ratios).map(Estimate::exp)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn estimate(pairs: &[(f64, f64)]) -> Estimate {
        ratio_estimate(&log_ratios(pairs)).unwrap()
    }

    fn close(a: f64, b: f64) -> bool {
        (a / b - 1.0).abs() < 1e-9
    }

    #[test]
    fn a_known_shift_is_found() {
        let noise = [0.97, 1.02, 0.99, 1.03, 1.0, 0.98, 1.01, 1.02, 0.99, 1.0];
        let pairs: Vec<(f64, f64)> = noise
            .iter()
            .enumerate()
            .map(|(block, n)| {
                (
                    90.0 * n * (1.0 + block as f64),
                    100.0 * (1.0 + block as f64),
                )
            })
            .collect();
        let found = estimate(&pairs);
        assert!((found.value - 0.9).abs() < 0.01, "{found:?}");
        assert!(
            found.low < 0.9 && 0.9 < found.high && found.high < 0.95,
            "{found:?}"
        );
        assert_eq!(found.blocks, 10);
    }

    #[test]
    fn a_pair_that_has_no_ratio_is_left_out() {
        assert_eq!(log_ratios(&[(0.0, 1.0), (1.0, 0.0), (2.0, 2.0)]), [0.0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_ratio_of_a_thing_to_itself_is_one(xs in prop::collection::vec(0.01_f64..1e6, 1..16)) {
            let pairs: Vec<(f64, f64)> = xs.iter().map(|x| (*x, *x)).collect();
            let found = estimate(&pairs);
            prop_assert_eq!((found.value, found.low, found.high), (1.0, 1.0, 1.0));
        }

        #[test]
        fn swapping_the_arms_inverts_estimate_and_interval(
            pairs in prop::collection::vec((0.1_f64..10.0, 0.1_f64..10.0), 1..16),
        ) {
            let swapped: Vec<(f64, f64)> = pairs.iter().map(|(a, b)| (*b, *a)).collect();
            let (there, back) = (estimate(&pairs), estimate(&swapped));
            prop_assert!(close(there.value, 1.0 / back.value));
            prop_assert!(close(there.low, 1.0 / back.high));
            prop_assert!(close(there.high, 1.0 / back.low));
        }

        #[test]
        fn the_unit_of_measurement_does_not_matter(
            pairs in prop::collection::vec((0.1_f64..10.0, 0.1_f64..10.0), 1..16),
            scale in 0.001_f64..1000.0,
        ) {
            let scaled: Vec<(f64, f64)> = pairs.iter().map(|(a, b)| (a * scale, b * scale)).collect();
            let (plain, other) = (estimate(&pairs), estimate(&scaled));
            prop_assert!(close(plain.value, other.value));
            prop_assert!(close(plain.low, other.low));
            prop_assert!(close(plain.high, other.high));
        }
    }
}
