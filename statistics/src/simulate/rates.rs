//! How often a procedure is right.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::noise::normal;
use super::{EXPERIMENTS, Noise};
use crate::runs::pooled_ratio;
use crate::stop::{LEAST_BLOCKS, is_sharp};
use crate::{ALPHA, Estimate, Seed, control, holm_adjusted, level, median, ratio, signed_rank};

/// All simulations draw from this seed.
const SEED: Seed = Seed::new(20_251_108);

/// Blocks of each run where several are simulated.
const BLOCKS_OF_A_RUN: usize = 8;

/// The share of so many experiments in which something is so.
fn share(name: &str, mut is_so: impl FnMut(&mut ChaCha8Rng) -> bool) -> f64 {
    let mut stream = SEED.stream(name);
    let hits = (0..EXPERIMENTS).filter(|_| is_so(&mut stream)).count();
    hits as f64 / EXPERIMENTS as f64
}

fn holds(estimate: &Estimate, truth: f64) -> bool {
    estimate.low <= truth && truth <= estimate.high
}

/// Log ratios of two arms that differ by `effect`, so many blocks.
fn logs(noise: Noise, effect: f64, blocks: usize, stream: &mut ChaCha8Rng) -> Vec<f64> {
    (0..blocks)
        .map(|_| {
            let arms = noise.block(2, stream);
            effect + arms[0] - arms[1]
        })
        .collect()
}

/// How often the interval of a ratio holds the true one, here 0.95.
pub fn coverage(noise: Noise, blocks: usize) -> f64 {
    share(&format!("coverage {} {blocks}", noise.name()), |stream| {
        let found = ratio::ratio_estimate(&logs(noise, 0.95_f64.ln(), blocks, stream));
        found.is_some_and(|found| holds(&found, 0.95))
    })
}

/// How often the interval of one arm's median holds the true median.
pub fn coverage_of_level(noise: Noise, blocks: usize) -> f64 {
    let mut stream = SEED.stream(&format!("truth {}", noise.name()));
    let many: Vec<f64> = (0..200_000)
        .map(|_| noise.block(1, &mut stream)[0])
        .collect();
    let truth = median(&many).unwrap_or(f64::NAN);
    share(&format!("level {} {blocks}", noise.name()), |stream| {
        let values: Vec<f64> = (0..blocks).map(|_| noise.block(1, stream)[0]).collect();
        level::median_estimate(&values).is_some_and(|found| holds(&found, truth))
    })
}

/// How often a difference is called between an arm and its exact repeat, by the interval alone and when
/// it must exceed the control too, itself a second exact repeat. Each arm is off by a number of its own, of the given spread, in
/// all blocks alike.
pub fn alarms(noise: Noise, blocks: usize, bias: f64) -> [f64; 2] {
    let name = format!("alarms {} {blocks} {bias}", noise.name());
    let mut alone = 0;
    let both = share(&name, |stream| {
        let off: Vec<f64> = (0..3).map(|_| bias * normal(stream)).collect();
        let measured: Vec<Vec<f64>> = (0..blocks).map(|_| noise.block(3, stream)).collect();
        let between = |a: usize, b: usize| {
            let logs = measured
                .iter()
                .map(|arms| arms[a] + off[a] - arms[b] - off[b]);
            ratio::ratio_estimate(&logs.collect::<Vec<_>>())
        };
        let (Some(found), Some(control)) = (between(0, 1), between(2, 0)) else {
            return false;
        };
        alone += usize::from(found.excludes_one());
        found.excludes_one() && control::clears(&found, 1.0, &control)
    });
    [alone as f64 / EXPERIMENTS as f64, both]
}

/// How often at least one difference is called in a family of so many claims without any, plain and by
/// Holm. Half as many claims with a real difference of 20 % stand beside them.
pub fn alarms_of_a_family(noise: Noise, blocks: usize, claims: usize) -> [f64; 2] {
    let name = format!("family {} {blocks} {claims}", noise.name());
    let mut plain = 0;
    let by_holm = share(&name, |stream| {
        let ps: Vec<f64> = (0..claims + claims / 2)
            .map(|claim| {
                let effect = if claim < claims { 0.0 } else { 0.8_f64.ln() };
                signed_rank::p_value(&logs(noise, effect, blocks, stream), 0.0)
            })
            .collect();
        plain += usize::from(ps[..claims].iter().any(|p| *p <= ALPHA));
        holm_adjusted(&ps)[..claims].iter().any(|p| *p <= ALPHA)
    });
    [plain as f64 / EXPERIMENTS as f64, by_holm]
}

/// How often the interval holds the truth of a run that ends as soon as so many ratios are sharp to 3 %,
/// after [`LEAST_BLOCKS`] at least and 40 at most, and the share of such runs that ended before.
pub fn coverage_when_sharp(noise: Noise, ratios: usize) -> [f64; 2] {
    let mut early = 0;
    let covered = share(&format!("sharp {} {ratios}", noise.name()), |stream| {
        let mut measured = vec![Vec::new(); ratios];
        for block in 1..=40 {
            for logs in &mut measured {
                logs.extend(self::logs(noise, 0.0, 1, stream));
            }
            let sharp = |logs: &Vec<f64>| {
                ratio::ratio_estimate(logs).is_some_and(|found| is_sharp(&found, 0.03))
            };
            if block >= LEAST_BLOCKS && measured.iter().all(sharp) {
                early += usize::from(block < 40);
                break;
            }
        }
        // Any of them: they are alike.
        ratio::ratio_estimate(&measured[0]).is_some_and(|found| holds(&found, 1.0))
    });
    [covered, early as f64 / EXPERIMENTS as f64]
}

/// Log ratios of several runs, each off by 3 % of its own in all blocks alike.
fn several(noise: Noise, runs: usize, stream: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    (0..runs)
        .map(|_| {
            let off = 0.03 * normal(stream);
            logs(noise, off, BLOCKS_OF_A_RUN, stream)
        })
        .collect()
}

/// How often the interval over several runs holds the true ratio.
pub fn coverage_of_runs(noise: Noise, runs: usize) -> f64 {
    share(&format!("runs {} {runs}", noise.name()), |stream| {
        pooled_ratio(&several(noise, runs, stream)).is_some_and(|found| holds(&found, 1.0))
    })
}

/// The same of a hierarchical bootstrap, which draws runs and then blocks: why it is not used.
pub fn coverage_of_runs_by_bootstrap(noise: Noise, runs: usize) -> f64 {
    const RESAMPLES: usize = 400;
    share(
        &format!("runs by bootstrap {} {runs}", noise.name()),
        |stream| {
            let measured = several(noise, runs, stream);
            let mut means: Vec<f64> = (0..RESAMPLES)
                .map(|_| {
                    let drawn = (0..runs).map(|_| {
                        let run = &measured[stream.random_range(0..runs)];
                        let blocks = (0..run.len()).map(|_| run[stream.random_range(0..run.len())]);
                        blocks.sum::<f64>() / run.len() as f64
                    });
                    drawn.sum::<f64>() / runs as f64
                })
                .collect();
            means.sort_unstable_by(f64::total_cmp);
            let tail = RESAMPLES / 40;
            means[tail] <= 0.0 && 0.0 <= means[RESAMPLES - 1 - tail]
        },
    )
}
