//! How many blocks an effect needs, and which effect some blocks find, from noise that was measured.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::{ALPHA, Seed, control, holm_adjusted, ratio, signed_rank};

/// The share of experiments in which a true effect shall be found.
pub const WANTED: f64 = 0.8;

/// Experiments simulated for one number.
const EXPERIMENTS: usize = 400;

/// Claims that are decided together where a run has one of each of the card's loads.
pub const FAMILY: usize = 3;

/// Beyond so many blocks no run goes.
const MOST_BLOCKS: usize = 200;

/// What is left of an A/A pair's log ratios without their centre: noise alone. Taking the centre away
/// made it smaller by a known share, which is given back.
pub fn residuals(log_ratios: &[f64]) -> Vec<f64> {
    let Some(centre) = signed_rank::estimate(log_ratios).filter(|centre| centre.blocks > 1) else {
        return Vec::new();
    };
    let n = centre.blocks as f64;
    let stretch = (n / (n - 1.0)).sqrt();
    log_ratios
        .iter()
        .map(|log| (log - centre.value) * stretch)
        .collect()
}

/// The share of experiments of so many blocks in which a true ratio is told from 1: as a verdict is, by
/// the interval, the A/A control and Holm over a family of so many claims, of all of which it is true.
pub fn power(residuals: &[f64], true_ratio: f64, blocks: usize, family: usize, seed: Seed) -> f64 {
    let mut stream = seed.stream(&format!("power {true_ratio} {blocks}"));
    let mut found = 0;
    for _ in 0..EXPERIMENTS {
        let claims: Vec<(f64, bool)> = (0..family)
            .map(|_| one(residuals, true_ratio.ln(), blocks, &mut stream))
            .collect();
        let ps: Vec<f64> = claims.iter().map(|(p, _)| *p).collect();
        let adjusted = holm_adjusted(&ps);
        found += (claims.iter().zip(adjusted))
            .filter(|((_, clear), p)| *clear && *p <= ALPHA)
            .count();
    }
    found as f64 / (EXPERIMENTS * family) as f64
}

/// p-value of there being no difference, and whether the estimate clears the control.
fn one(residuals: &[f64], effect: f64, blocks: usize, stream: &mut ChaCha8Rng) -> (f64, bool) {
    let mut draw = |shift: f64| -> Vec<f64> {
        (0..blocks)
            .map(|_| shift + residuals[stream.random_range(0..residuals.len())])
            .collect()
    };
    let (logs, control) = (draw(effect), draw(0.0));
    let estimates = (
        ratio::ratio_estimate(&logs),
        ratio::ratio_estimate(&control),
    );
    let clear = match estimates {
        (Some(found), Some(control)) => control::clears(&found, 1.0, &control),
        _ => false,
    };
    (signed_rank::p_value(&logs, 0.0), clear)
}

/// The least number of blocks with which such a ratio is found as often as [`WANTED`]. `None` where not
/// even the longest run does, or there is no noise to judge by.
pub fn blocks_needed(residuals: &[f64], true_ratio: f64, seed: Seed) -> Option<usize> {
    if residuals.is_empty() {
        return None;
    }
    let enough = |blocks: usize| power(residuals, true_ratio, blocks, FAMILY, seed) >= WANTED;
    let mut too_few = crate::MIN_BLOCKS - 1;
    let mut many = 2 * crate::MIN_BLOCKS;
    while !enough(many) {
        (too_few, many) = (many, many * 2);
        if many > MOST_BLOCKS {
            return None;
        }
    }
    Some(least(too_few, many, enough))
}

/// The least number that is enough, above one that is not and up to one that is.
pub(crate) fn least(
    mut too_small: usize,
    mut enough: usize,
    is_enough: impl Fn(usize) -> bool,
) -> usize {
    while enough - too_small > 1 {
        let middle = usize::midpoint(too_small, enough);
        if is_enough(middle) {
            enough = middle;
        } else {
            too_small = middle;
        }
    }
    enough
}

/// The reduction, a share of the whole, that so many blocks find as often as [`WANTED`], to half a
/// percent. `None` where they do not find even [`MOST_DETECTABLE`], or there is no noise to judge by.
pub fn detectable(residuals: &[f64], blocks: usize, family: usize, seed: Seed) -> Option<f64> {
    if residuals.is_empty() || family == 0 {
        return None;
    }
    let share = |steps: usize| steps as f64 * DETECTABLE_STEP;
    let found = |steps: usize| power(residuals, 1.0 - share(steps), blocks, family, seed) >= WANTED;
    found(MOST_DETECTABLE_STEPS).then(|| share(least(0, MOST_DETECTABLE_STEPS, found)))
}

const DETECTABLE_STEP: f64 = 0.005;
const MOST_DETECTABLE_STEPS: usize = 64;
/// The largest reduction that [`detectable`] looks for: beyond it nobody needs statistics.
pub const MOST_DETECTABLE: f64 = MOST_DETECTABLE_STEPS as f64 * DETECTABLE_STEP;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::normal;

    fn noise(deviation: f64) -> Vec<f64> {
        let mut stream = Seed::new(6).stream("noise");
        (0..200).map(|_| deviation * normal(&mut stream)).collect()
    }

    #[test]
    fn the_blocks_it_names_suffice_and_more_noise_needs_more() {
        let seed = Seed::new(1);
        let (quiet, loud) = (noise(0.02), noise(0.05));
        let few = blocks_needed(&quiet, 0.95, seed).unwrap();
        let more = blocks_needed(&loud, 0.95, seed).unwrap();
        assert!(few < more, "{few} and {more}");
        assert!(power(&loud, 0.95, more, FAMILY, Seed::new(2)) >= WANTED - 0.05);
        assert!(power(&loud, 0.95, more / 2, FAMILY, Seed::new(2)) < WANTED);
        assert_eq!(blocks_needed(&noise(3.0), 0.95, seed), None);
        assert_eq!(blocks_needed(&[], 0.95, seed), None);
    }

    #[test]
    fn what_is_detectable_is_found_and_half_of_it_is_not() {
        let noise = noise(0.04);
        let effect = detectable(&noise, 15, FAMILY, Seed::new(1)).unwrap();
        assert!(power(&noise, 1.0 - effect, 15, FAMILY, Seed::new(2)) >= WANTED - 0.05);
        assert!(power(&noise, 1.0 - effect / 2.0, 15, FAMILY, Seed::new(2)) < WANTED);
        let more_blocks = detectable(&noise, 40, FAMILY, Seed::new(1)).unwrap();
        assert!(more_blocks < effect, "{more_blocks} and {effect}");
        assert_eq!(
            detectable(&self::noise(3.0), 15, FAMILY, Seed::new(1)),
            None
        );
        // The least p of so few blocks is more than so large a family allows.
        assert_eq!(detectable(&noise, 8, 8, Seed::new(1)), None);
        assert_eq!(detectable(&[], 15, FAMILY, Seed::new(1)), None);
    }

    #[test]
    fn without_an_effect_almost_nothing_is_found() {
        assert!(power(&noise(0.05), 1.0, 12, FAMILY, Seed::new(1)) <= ALPHA / FAMILY as f64 * 1.2);
    }

    #[test]
    fn residuals_have_no_centre() {
        let left = residuals(&[0.1, 0.2, 0.3, 0.15, 0.25, 0.2]);
        assert!(signed_rank::estimate(&left).unwrap().value.abs() < 1e-12);
        assert!(residuals(&[0.1]).is_empty());
    }
}
