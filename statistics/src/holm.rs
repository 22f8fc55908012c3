//! Holm's step-down adjustment for a family of tests.

/// The adjusted p-values, in the order of `p_values`: the smallest is multiplied by the size of
/// the family, the next by one less, and so on; never falling, never above 1.
pub fn holm_adjusted(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (step, &index) in order.iter().enumerate() {
        let remaining = (p_values.len() - step) as f64;
        largest = largest.max((p_values[index] * remaining).min(1.0));
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_textbook_example() {
        let adjusted = holm_adjusted(&[0.01, 0.04, 0.03, 0.005]);
        let expected = [0.03, 0.06, 0.06, 0.02];
        for (found, wanted) in adjusted.iter().zip(expected) {
            assert!((found - wanted).abs() < 1e-12, "{adjusted:?}");
        }
    }

    #[test]
    fn one_test_needs_no_adjustment() {
        assert_eq!(holm_adjusted(&[0.2]), [0.2]);
        assert!(holm_adjusted(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn it_never_lowers_a_p_value_and_keeps_the_order(
            ps in prop::collection::vec(0.0_f64..=1.0, 1..20),
        ) {
            let adjusted = holm_adjusted(&ps);
            for (i, p) in ps.iter().enumerate() {
                prop_assert!(adjusted[i] >= *p && adjusted[i] <= 1.0);
                for (j, q) in ps.iter().enumerate() {
                    prop_assert!(p > q || adjusted[i] <= adjusted[j]);
                }
            }
        }
    }
}
