//! Trends where there should be none: within a cell's windows, and over its blocks.

use std::fmt;

use records::SeriesRecord;

use crate::metric::{Derived, Metric};
use crate::stats::drift::{Trend, drift};
use crate::stats::median;
use crate::text::percent;

/// A trend of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Drift {
    /// Over the blocks.
    Blocks(Metric, Trend),
    /// Within more than half of the windows.
    Windows {
        /// The quantity.
        metric: Metric,
        /// Windows that have it.
        drifting: usize,
        /// Windows of which there is a series.
        of: usize,
        /// Their median change from the first step to the last, as a share.
        change: f64,
    },
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signed = |change: f64| {
            let sign = if change < 0.0 { "\u{2212}" } else { "+" };
            format!("{sign}{}", percent(change.abs(), 0))
        };
        match self {
            Self::Blocks(metric, trend) => {
                write!(
                    f,
                    "{} over the blocks: {}",
                    metric.noun(),
                    signed(trend.change)
                )
            }
            Self::Windows {
                metric,
                drifting,
                of,
                change,
            } => write!(
                f,
                "{} within {drifting} of {of} windows: {}",
                metric.noun(),
                signed(*change)
            ),
        }
    }
}

/// The quantities that are watched.
const WATCHED: [Metric; 2] = [Metric::CpuUsPerRequest, Metric::RequestsPerSecond];

/// The trends of a cell that has these measurements and series, in the order of blocks.
pub(super) fn drifts<'a>(
    blocks: impl Iterator<Item = &'a Derived>,
    windows: &[&SeriesRecord],
) -> Vec<Drift> {
    let blocks: Vec<&Derived> = blocks.collect();
    let over_blocks = WATCHED.into_iter().filter_map(|metric| {
        let values: Vec<f64> = blocks
            .iter()
            .filter_map(|block| block.get(metric))
            .collect();
        drift(&values).map(|trend| Drift::Blocks(metric, trend))
    });
    let within = WATCHED
        .into_iter()
        .filter_map(|metric| within(metric, windows));
    over_blocks.chain(within).collect()
}

fn within(metric: Metric, windows: &[&SeriesRecord]) -> Option<Drift> {
    let trends: Vec<Trend> = windows
        .iter()
        .filter_map(|record| drift(&steps(metric, record)))
        .collect();
    if trends.len() * 2 <= windows.len() {
        return None;
    }
    Some(Drift::Windows {
        metric,
        drifting: trends.len(),
        of: windows.len(),
        change: median(&trends.iter().map(|trend| trend.change).collect::<Vec<_>>())?,
    })
}

/// The quantity step by step: the differences of neighbouring readings.
fn steps(metric: Metric, record: &SeriesRecord) -> Vec<f64> {
    let rises = |list: &[u64]| -> Vec<f64> {
        list.windows(2)
            .map(|pair| pair[1].saturating_sub(pair[0]) as f64)
            .collect()
    };
    let requests = rises(&record.requests);
    let divisors: Vec<f64> = match metric {
        Metric::CpuUsPerRequest => rises(&record.server_cpu_us),
        _ => record
            .at_ms
            .windows(2)
            .map(|pair| f64::from(pair[1].saturating_sub(pair[0])))
            .collect(),
    };
    (requests.iter().zip(divisors))
        .filter(|(requests, other)| **requests > 0.0 && *other > 0.0)
        .map(|(requests, other)| match metric {
            Metric::CpuUsPerRequest => other / requests,
            _ => requests / other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use records::LoadPoint;

    use super::*;

    fn record(a_step: impl Fn(u64) -> u64) -> SeriesRecord {
        let mut requests = vec![0];
        for step in 0..10 {
            requests.push(requests[step as usize] + a_step(step));
        }
        SeriesRecord {
            block: 0,
            arm: String::new(),
            load: LoadPoint::default(),
            at_ms: (0..=10).map(|step| step * 100).collect(),
            server_cpu_us: (0..=10).map(|step| step * 90_000).collect(),
            client_cpu_us: Vec::new(),
            requests,
        }
    }

    #[test]
    fn a_window_that_warms_up_has_a_trend_in_both_quantities() {
        let rising = record(|step| 1000 + 20 * step);
        let found = within(Metric::RequestsPerSecond, &[&rising]).unwrap();
        assert!(matches!(found, Drift::Windows { drifting: 1, change, .. } if change > 0.1));
        let found = within(Metric::CpuUsPerRequest, &[&rising]).unwrap();
        assert!(matches!(found, Drift::Windows { change, .. } if change < -0.1));
        assert!(
            found
                .to_string()
                .starts_with("CPU a request within 1 of 1 windows: \u{2212}")
        );
    }

    #[test]
    fn a_steady_window_and_one_drifting_window_of_several_have_none() {
        let steady = record(|step| 1000 + step % 3);
        let rising = record(|step| 1000 + 20 * step);
        assert_eq!(within(Metric::RequestsPerSecond, &[&steady]), None);
        assert_eq!(within(Metric::RequestsPerSecond, &[&steady, &rising]), None);
        assert_eq!(within(Metric::RequestsPerSecond, &[]), None);
    }

    #[test]
    fn readings_that_could_not_be_had_show_nothing() {
        let mut blind = record(|_| 1000);
        blind.requests.clear();
        assert!(steps(Metric::RequestsPerSecond, &blind).is_empty());
    }
}
