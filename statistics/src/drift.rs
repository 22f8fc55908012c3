//! Whether values in time order have a trend: Mann's and Kendall's test with the slope of Theil and Sen.

use crate::level::normal_probability;
use crate::median;

/// With fewer values the test's normal approximation does not hold.
pub const LEAST_VALUES: usize = 8;

/// Probability of calling a trend where there is none. Of the many series of a run a few would be
/// flagged at the usual 5 %.
pub const ERROR_RATE: f64 = 0.01;

/// Least change from the first to the last value that counts. Smaller trends are real and harmless:
/// they are the same for all arms and cancel inside blocks.
pub const LEAST_CHANGE: f64 = 0.05;

/// A trend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Change from the first value to the last along the slope, as a share of their median.
    pub change: f64,
    /// Two-sided p-value of there being no trend.
    pub p: f64,
}

/// The trend of the values, where there is one worth a flag.
pub fn drift(values: &[f64]) -> Option<Trend> {
    trend(values).filter(|trend| trend.p <= ERROR_RATE && trend.change.abs() >= LEAST_CHANGE)
}

/// The trend of the values. `None` of fewer than [`LEAST_VALUES`], or where their median is 0.
pub fn trend(values: &[f64]) -> Option<Trend> {
    let middle = median(values).filter(|middle| *middle != 0.0)?;
    if values.len() < LEAST_VALUES {
        return None;
    }
    let mut slopes = Vec::new();
    let mut rising = 0.0;
    for (later, value) in values.iter().enumerate() {
        for (earlier, before) in values[..later].iter().enumerate() {
            slopes.push((value - before) / (later - earlier) as f64);
            rising += (value - before)
                .partial_cmp(&0.0)
                .map_or(0.0, |side| f64::from(side as i8));
        }
    }
    let n = values.len() as f64;
    let variance = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
    let distance = (rising.abs() - 1.0).max(0.0) / variance.sqrt();
    Some(Trend {
        change: median(&slopes)? * (n - 1.0) / middle,
        p: 2.0 * normal_probability(-distance),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;
    use crate::simulate::normal;

    #[test]
    fn a_steady_rise_is_a_drift_and_a_small_one_is_not() {
        let rise =
            |step: f64| -> Vec<f64> { (0..12).map(|i| 100.0 + step * f64::from(i)).collect() };
        let found = drift(&rise(1.0)).unwrap();
        assert!((found.change - 11.0 / 105.5).abs() < 1e-9, "{found:?}");
        assert_eq!(drift(&rise(0.1)), None);
        assert_eq!(drift(&rise(0.0)), None);
        let fall: Vec<f64> = rise(1.0).into_iter().rev().collect();
        assert!(drift(&fall).unwrap().change < 0.0);
    }

    #[test]
    fn too_few_values_show_nothing() {
        assert_eq!(trend(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), None);
        assert_eq!(trend(&[0.0; 9]), None);
    }

    #[test]
    fn noise_without_a_trend_is_flagged_no_more_often_than_it_says() {
        let mut stream = Seed::new(3).stream("drift");
        for values in [8, 12, 20] {
            let flagged = (0..2000)
                .filter(|_| {
                    let noise: Vec<f64> = (0..values)
                        .map(|_| 1.0 + 0.1 * normal(&mut stream))
                        .collect();
                    drift(&noise).is_some()
                })
                .count();
            assert!(flagged <= 30, "{flagged} of 2000 with {values} values");
        }
    }

    #[test]
    fn a_trend_twice_the_noise_is_found() {
        let mut stream = Seed::new(4).stream("drift");
        let found = (0..1000)
            .filter(|_| {
                let noise: Vec<f64> = (0..12)
                    .map(|i| 1.0 + 0.01 * f64::from(i) + 0.02 * normal(&mut stream))
                    .collect();
                drift(&noise).is_some()
            })
            .count();
        assert!(found >= 800, "{found} of 1000");
    }
}
