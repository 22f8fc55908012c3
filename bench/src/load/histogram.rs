//! The latency histogram, encoded; wrk's with its correction undone.
//!
//! wrk adds made-up samples to what it measured, to correct for coordinated omission: with an
//! expected interval of `e` = window / (requests / connections), a latency `n` of `2e` or more adds
//! one each at `n - e`, `n - 2e`, ... down to above `e`. With requests in flight at once `e` is too
//! short by their number, and the histogram is mostly made up. What was measured is recorded
//! instead: above `e`, what is found at `v + e` is exactly what wrk added at `v`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

use super::report::{Pair, Window};

/// Significant digits that are kept.
const DIGITS: u8 = 3;

/// The latencies of one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latencies {
    pairs: Vec<Pair>,
    corrected_by: &'static str,
}

impl Latencies {
    /// A histogram that nobody has corrected.
    pub fn measured(pairs: Vec<Pair>) -> Self {
        Self {
            pairs,
            corrected_by: "none",
        }
    }

    /// A histogram of an open loop, whose latencies count from when a request was due.
    pub fn since_due(pairs: Vec<Pair>) -> Self {
        Self {
            pairs,
            corrected_by: "generator",
        }
    }

    /// wrk's histogram with its correction undone. Where the outcome does not add up to the
    /// responses, wrk corrected in some other way, and its histogram stays as it is.
    pub fn of_wrk(corrected: Vec<Pair>, window: &Window, connections: u32, pipeline: u32) -> Self {
        match uncorrected(&corrected, window, connections, pipeline) {
            Some(pairs) => Self::measured(pairs),
            None => Self {
                pairs: corrected,
                corrected_by: "wrk",
            },
        }
    }

    /// Who corrected them, as the results name it.
    pub fn corrected_by(&self) -> &'static str {
        self.corrected_by
    }

    /// An `HdrHistogram` V2 deflate log in base64.
    ///
    /// # Errors
    /// When a latency is beyond what such a histogram holds.
    pub fn encode(&self) -> Result<String> {
        let mut histogram = Histogram::<u64>::new(DIGITS)?;
        for (latency_us, count) in &self.pairs {
            histogram
                .record_n(*latency_us, *count)
                .with_context(|| format!("a latency of {latency_us} us cannot be recorded"))?;
        }
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&histogram, &mut bytes)
            .context("cannot encode the histogram")?;
        Ok(STANDARD.encode(bytes))
    }
}

fn uncorrected(
    corrected: &[Pair],
    window: &Window,
    connections: u32,
    pipeline: u32,
) -> Option<Vec<Pair>> {
    // wrk corrects only when every connection had a response.
    let each = window.requests / u64::from(connections);
    let expected = window.duration_us.checked_div(each).unwrap_or(u64::MAX);
    let counts: BTreeMap<u64, u64> = corrected.iter().copied().collect();
    let mut pairs = Vec::new();
    for (value, count) in &counts {
        let added = if *value > expected {
            counts.get(&(value + expected)).copied().unwrap_or(0)
        } else {
            0
        };
        let count = count.checked_sub(added)?;
        if count > 0 {
            pairs.push((*value, count));
        }
    }
    // wrk times a batch of pipelined requests as one, and does not record what timed out.
    let total: u64 = pairs.iter().map(|(_, count)| count).sum();
    let recorded = total + window.errors_timeout;
    let least = window.requests / u64::from(pipeline);
    let most = if pipeline == 1 {
        least
    } else {
        least + u64::from(connections)
    };
    let lowest = least.saturating_sub(most - least);
    (lowest..=most).contains(&recorded).then_some(pairs)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use hdrhistogram::serialization::Deserializer;

    use super::*;

    fn window(requests: u64, duration_us: u64) -> Window {
        Window {
            duration_us,
            requests,
            bytes: 0,
            errors_connect: 0,
            errors_read: 0,
            errors_write: 0,
            errors_status: 0,
            errors_timeout: 0,
            client_cpu_us: 0,
            latency_mean_us: 0,
            latency_p50_us: 0,
            latency_p90_us: 0,
            latency_p99_us: 0,
            latency_p999_us: 0,
            latency_max_us: 0,
            connections_left: None,
        }
    }

    /// What wrk does to its samples, written from its description in the module's documentation.
    fn corrected_as_wrk_does(samples: &[Pair], expected: u64) -> Vec<Pair> {
        let mut counts: BTreeMap<u64, u64> = samples.iter().copied().collect();
        for (latency, count) in samples
            .iter()
            .filter(|(latency, _)| *latency >= 2 * expected)
        {
            let mut value = latency - expected;
            while value > expected {
                *counts.entry(value).or_default() += count;
                value -= expected;
            }
        }
        counts.into_iter().collect()
    }

    #[test]
    fn the_correction_is_undone_exactly() {
        let samples = vec![
            (90, 40),
            (100, 30),
            (101, 10),
            (250, 12),
            (333, 7),
            (1000, 1),
        ];
        let corrected = corrected_as_wrk_does(&samples, 100);
        assert_ne!(corrected, samples);
        // 100 requests, 10 connections: 10 each in 1000 us, so 100 us are expected between two.
        let latencies = Latencies::of_wrk(corrected, &window(100, 1000), 10, 1);
        assert_eq!(latencies.pairs, samples);
        assert_eq!(latencies.corrected_by(), "none");
    }

    #[test]
    fn pipelined_batches_are_counted_as_one() {
        let samples = vec![(10, 20), (35, 5)];
        let corrected = corrected_as_wrk_does(&samples, 1);
        let latencies = Latencies::of_wrk(corrected, &window(400, 100), 4, 16);
        assert_eq!(latencies.pairs, samples);
    }

    #[test]
    fn what_does_not_add_up_stays_as_wrk_reported_it() {
        let odd = vec![(90, 40), (250, 12)];
        let latencies = Latencies::of_wrk(odd.clone(), &window(100, 1000), 10, 1);
        assert_eq!((latencies.pairs, latencies.corrected_by), (odd, "wrk"));
    }

    #[test]
    fn no_request_is_an_empty_histogram() {
        let latencies = Latencies::of_wrk(Vec::new(), &window(0, 1000), 10, 1);
        assert_eq!(latencies.corrected_by(), "none");
        assert!(!latencies.encode().unwrap().is_empty());
    }

    #[test]
    fn an_encoded_histogram_reads_back() {
        let latencies = Latencies::of_wrk(vec![(120, 3), (99_999, 1)], &window(4, 4_000_000), 4, 1);
        let bytes = STANDARD.decode(latencies.encode().unwrap()).unwrap();
        let read: Histogram<u64> = Deserializer::new()
            .deserialize(&mut Cursor::new(bytes))
            .unwrap();
        assert_eq!((read.len(), read.sigfig()), (4, DIGITS));
        assert_eq!(read.value_at_quantile(0.5), 120);
        assert!(read.equivalent(read.max(), 99_999));
    }
}
