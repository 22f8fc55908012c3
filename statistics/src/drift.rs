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
    let p = p_value(values).filter(|p| *p <= ERROR_RATE)?;
    let change = change(values)?;
    (change.abs() >= LEAST_CHANGE).then_some(Trend { change, p })
}

/// The trend of the values. `None` of fewer than [`LEAST_VALUES`], or where their median is 0.
pub fn trend(values: &[f64]) -> Option<Trend> {
    let p = p_value(values)?;
    Some(Trend {
        change: change(values)?,
        p,
    })
}

/// The p-value of there being no trend. `None` of fewer than [`LEAST_VALUES`].
fn p_value(values: &[f64]) -> Option<f64> {
    if values.len() < LEAST_VALUES {
        return None;
    }
    let mut rising: i64 = 0;
    for (later, value) in values.iter().enumerate() {
        let earlier = &values[..later];
        let side = |before: &f64| i64::from(before < value) - i64::from(before > value);
        rising += earlier.iter().map(side).sum::<i64>();
    }
    let n = values.len() as f64;
    let variance = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
    let distance = (rising.abs() as f64 - 1.0).max(0.0) / variance.sqrt();
    Some(2.0 * normal_probability(-distance))
}

/// From the first value to the last along the median slope, as a share of their median. The slopes of
/// all pairs are many, so this is computed only of values that have a trend.
fn change(values: &[f64]) -> Option<f64> {
    let middle = median(values).filter(|middle| *middle != 0.0)?;
    let mut slopes = Vec::with_capacity(values.len() * values.len() / 2);
    for (later, value) in values.iter().enumerate() {
        for (earlier, before) in values[..later].iter().enumerate() {
            slopes.push((value - before) / (later - earlier) as f64);
        }
    }
    Some(median(&slopes)? * (values.len() as f64 - 1.0) / middle)
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
