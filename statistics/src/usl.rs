//! The Universal Scalability Law (Gunther 1993): throughput at a size `n` of workers or connections is
//! `lambda n / (1 + sigma (n - 1) + kappa n (n - 1))`.

use rand::RngExt;

use crate::level::normal_probability;
use crate::runs::student_quantile;
use crate::{Estimate, Seed};

/// Resamples of the bootstrap.
const RESAMPLES: usize = 2000;

/// A throughput at a size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Workers, or connections.
    pub size: f64,
    /// Requests a second.
    pub throughput: f64,
}

/// The law's three coefficients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Law {
    /// Throughput at size 1.
    pub lambda: f64,
    /// Contention: the share of the work that waits for its turn.
    pub sigma: f64,
    /// Coherency: what each pair costs.
    pub kappa: f64,
}

impl Law {
    /// The throughput at a size.
    pub fn throughput(&self, size: f64) -> f64 {
        let others = size - 1.0;
        self.lambda * size / (1.0 + self.sigma * others + self.kappa * size * others)
    }

    /// The size of the highest throughput. `None` where it never falls.
    pub fn peak(&self) -> Option<f64> {
        (self.kappa > 0.0).then(|| ((1.0 - self.sigma).max(0.0) / self.kappa).sqrt())
    }
}

/// The coefficients with their intervals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The law of all blocks together.
    pub law: Law,
    /// Throughput at size 1.
    pub lambda: Estimate,
    /// Contention.
    pub sigma: Estimate,
    /// Coherency.
    pub kappa: Estimate,
}

/// Fits the law to the points of each block; the intervals are a bootstrap's over blocks. `None` where
/// there are fewer than two blocks or three sizes.
pub fn fit(blocks: &[Vec<Point>], seed: Seed, name: &str) -> Option<Fit> {
    let law = law(&blocks.concat())?;
    let tail = expanded_tail(blocks.len())?;
    let mut stream = seed.stream(name);
    let laws: Vec<Law> = (0..RESAMPLES)
        .filter_map(|_| {
            let drawn =
                (0..blocks.len()).map(|_| blocks[stream.random_range(0..blocks.len())].as_slice());
            self::law(&drawn.collect::<Vec<_>>().concat())
        })
        .collect();
    let estimate = |of: fn(&Law) -> f64| {
        let mut values: Vec<f64> = laws.iter().map(of).collect();
        values.sort_unstable_by(f64::total_cmp);
        let outside = (tail * values.len() as f64) as usize;
        let value = of(&law);
        Estimate {
            value,
            low: values[outside].min(value),
            high: values[values.len() - 1 - outside].max(value),
            blocks: blocks.len(),
        }
    };
    (!laws.is_empty()).then(|| Fit {
        law,
        lambda: estimate(|law| law.lambda),
        sigma: estimate(|law| law.sigma),
        kappa: estimate(|law| law.kappa),
    })
}

/// The share of resamples to leave out at either end: less than 2.5 %, because the resamples of few
/// blocks spread too little (Hesterberg's expanded percentile interval).
fn expanded_tail(blocks: usize) -> Option<f64> {
    let n = blocks as f64;
    Some(normal_probability(
        -student_quantile(blocks)? * (n / (n - 1.0)).sqrt(),
    ))
}

/// The law by least squares of relative errors: `size / throughput` is linear in `1 / lambda`,
/// `sigma / lambda` and `kappa / lambda`, none of which is negative.
pub fn law(points: &[Point]) -> Option<Law> {
    let mut sizes: Vec<f64> = points.iter().map(|point| point.size).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    sizes.dedup();
    if sizes.len() < 3
        || points
            .iter()
            .any(|point| point.throughput <= 0.0 || point.size < 1.0)
    {
        return None;
    }
    // Each row divided by its `size / throughput`: the right side is 1, the errors are shares.
    let rows: Vec<[f64; 3]> = (points.iter())
        .map(|Point { size, throughput }| {
            [1.0, size - 1.0, size * (size - 1.0)].map(|term| term * throughput / size)
        })
        .collect();
    // All coefficients, or without those that would be negative: the best of what is left.
    [[true, true], [true, false], [false, true], [false, false]]
        .into_iter()
        .filter_map(|[sigma, kappa]| solve(&rows, [true, sigma, kappa]))
        .filter(|found| found[0] > 0.0 && found[1] >= 0.0 && found[2] >= 0.0)
        .min_by(|a, b| error(&rows, a).total_cmp(&error(&rows, b)))
        .map(|[base, contention, coherency]| Law {
            lambda: 1.0 / base,
            sigma: contention / base,
            kappa: coherency / base,
        })
}

fn error(rows: &[[f64; 3]], of: &[f64; 3]) -> f64 {
    let off = |row: &[f64; 3]| 1.0 - row.iter().zip(of).map(|(term, by)| term * by).sum::<f64>();
    rows.iter().map(|row| off(row).powi(2)).sum()
}

/// Least squares with the chosen coefficients, the others 0: Gauss' elimination of the normal equations.
fn solve(rows: &[[f64; 3]], chosen: [bool; 3]) -> Option<[f64; 3]> {
    let places: Vec<usize> = (0..3).filter(|place| chosen[*place]).collect();
    let n = places.len();
    // Columns of very different size: each is scaled to length 1.
    let length = |place: usize| {
        rows.iter()
            .map(|row| row[place].powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let lengths: Vec<f64> = places.iter().map(|place| length(*place)).collect();
    let term = |row: &[f64; 3], i: usize| row[places[i]] / lengths[i];
    let mut matrix = vec![vec![0.0; n + 1]; n];
    for row in rows {
        for (i, line) in matrix.iter_mut().enumerate() {
            for (j, cell) in line[..n].iter_mut().enumerate() {
                *cell += term(row, i) * term(row, j);
            }
            line[n] += term(row, i);
        }
    }
    for column in 0..n {
        let pivot = (column..n).max_by(|a, b| {
            matrix[*a][column]
                .abs()
                .total_cmp(&matrix[*b][column].abs())
        })?;
        matrix.swap(column, pivot);
        let pivot = matrix[column].clone();
        if pivot[column].abs() < 1e-12 {
            return None;
        }
        for (place, line) in matrix.iter_mut().enumerate() {
            let times = if place == column {
                0.0
            } else {
                line[column] / pivot[column]
            };
            line.iter_mut()
                .zip(&pivot)
                .for_each(|(cell, by)| *cell -= times * by);
        }
    }
    let mut found = [0.0; 3];
    for (i, place) in places.into_iter().enumerate() {
        found[place] = matrix[i][n] / matrix[i][i] / lengths[i];
    }
    Some(found)
}

#[cfg(test)]
mod tests;
