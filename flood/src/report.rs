//! What a run reports: the two lines that the harness's script for wrk prints too.

use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest latency that is told apart from longer ones, in microseconds: an hour.
const LONGEST_US: u64 = 3_600_000_000;
const DIGITS: u8 = 3;

/// What one thread counts.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names are those of the report")]
pub struct Tally {
    pub began: Instant,
    pub ended: Instant,
    pub requests: u64,
    pub bytes: u64,
    pub errors_connect: u64,
    pub errors_read: u64,
    pub errors_write: u64,
    pub errors_status: u64,
    pub errors_timeout: u64,
    /// Active connections without an error.
    pub connections_left: u64,
    pub latencies_us: Histogram<u64>,
}

impl Tally {
    pub(crate) fn new(now: Instant) -> Result<Self> {
        Ok(Self {
            began: now,
            ended: now,
            requests: 0,
            bytes: 0,
            errors_connect: 0,
            errors_read: 0,
            errors_write: 0,
            errors_status: 0,
            errors_timeout: 0,
            connections_left: 0,
            latencies_us: Histogram::new_with_bounds(1, LONGEST_US, DIGITS)?,
        })
    }

    #[inline]
    pub(crate) fn record(&mut self, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.latencies_us.saturating_record(us.max(1));
    }

    /// Adds what another thread counted.
    pub(crate) fn add(&mut self, other: &Self) -> Result<()> {
        self.began = self.began.min(other.began);
        self.ended = self.ended.max(other.ended);
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.errors_connect += other.errors_connect;
        self.errors_read += other.errors_read;
        self.errors_write += other.errors_write;
        self.errors_status += other.errors_status;
        self.errors_timeout += other.errors_timeout;
        self.connections_left += other.connections_left;
        self.latencies_us.add(&other.latencies_us)?;
        Ok(())
    }
}

/// What a run counts.
#[derive(Clone, Debug)]
pub struct Report {
    /// The sums over all threads.
    pub tally: Tally,
    /// CPU time of this process in the window.
    pub cpu: Duration,
}

#[derive(Serialize)]
struct WindowLine {
    line: &'static str,
    duration_us: u64,
    requests: u64,
    bytes: u64,
    errors_connect: u64,
    errors_read: u64,
    errors_write: u64,
    errors_status: u64,
    errors_timeout: u64,
    client_cpu_us: u64,
    latency_min_us: u64,
    latency_mean_us: u64,
    latency_stdev_us: u64,
    latency_p50_us: u64,
    latency_p90_us: u64,
    latency_p99_us: u64,
    latency_p999_us: u64,
    latency_max_us: u64,
    connections_left: u64,
}

#[derive(Serialize)]
struct HistogramLine {
    line: &'static str,
    pairs: Vec<(u64, u64)>,
}

impl Report {
    /// The window: counts, errors, percentiles.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn window_line(&self) -> Result<String> {
        let Tally {
            latencies_us: latencies,
            ..
        } = &self.tally;
        let quantile = |quantile| latencies.value_at_quantile(quantile);
        let whole_us = |duration: Duration| u64::try_from(duration.as_micros());
        Ok(serde_json::to_string(&WindowLine {
            line: "window",
            duration_us: whole_us(self.tally.ended.duration_since(self.tally.began))?,
            requests: self.tally.requests,
            bytes: self.tally.bytes,
            errors_connect: self.tally.errors_connect,
            errors_read: self.tally.errors_read,
            errors_write: self.tally.errors_write,
            errors_status: self.tally.errors_status,
            errors_timeout: self.tally.errors_timeout,
            client_cpu_us: whole_us(self.cpu)?,
            latency_min_us: latencies.min(),
            latency_mean_us: latencies.mean().round() as u64,
            latency_stdev_us: latencies.stdev().round() as u64,
            latency_p50_us: quantile(0.5),
            latency_p90_us: quantile(0.9),
            latency_p99_us: quantile(0.99),
            latency_p999_us: quantile(0.999),
            latency_max_us: latencies.max(),
            connections_left: self.tally.connections_left,
        })?)
    }

    /// The whole histogram, as pairs of a latency in microseconds and how often it was seen.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn histogram_line(&self) -> Result<String> {
        let recorded = self.tally.latencies_us.iter_recorded();
        let pairs = recorded.map(|value| (value.value_iterated_to(), value.count_at_value()));
        Ok(serde_json::to_string(&HistogramLine {
            line: "histogram",
            pairs: pairs.collect(),
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(latencies_us: &[u64]) -> Tally {
        let mut tally = Tally::new(Instant::now()).unwrap();
        for us in latencies_us {
            tally.record(Duration::from_micros(*us));
        }
        tally
    }

    #[test]
    fn threads_add_up_to_one_window() {
        let mut sum = tally(&[100, 200]);
        let mut other = tally(&[300]);
        other.requests = 3;
        other.errors_read = 2;
        other.ended = sum.began + Duration::from_micros(5000);
        other.began = sum.began + Duration::from_micros(1000);
        sum.add(&other).unwrap();
        let report = Report {
            tally: sum,
            cpu: Duration::from_micros(7),
        };
        let line = report.window_line().unwrap();
        assert!(
            line.starts_with(r#"{"line":"window","duration_us":5000,"requests":3,"bytes":0,"#),
            "{line}"
        );
        for part in [
            r#""errors_read":2"#,
            r#""client_cpu_us":7"#,
            r#""latency_min_us":100,"latency_mean_us":200"#,
            r#""latency_p50_us":200"#,
            r#""latency_max_us":300"#,
        ] {
            assert!(line.contains(part), "{line}");
        }
    }

    #[test]
    fn the_histogram_has_every_latency() {
        let report = Report {
            tally: tally(&[0, 7, 7, 120, u64::MAX / 1_000_000]),
            cpu: Duration::ZERO,
        };
        let line = report.histogram_line().unwrap();
        let start = r#"{"line":"histogram","pairs":[[1,1],[7,2],[120,1],["#;
        assert!(line.starts_with(start), "{line}");
    }

    #[test]
    fn nothing_is_reported_as_nothing() {
        let report = Report {
            tally: tally(&[]),
            cpu: Duration::ZERO,
        };
        let line = report.window_line().unwrap();
        assert!(
            line.ends_with(r#""latency_max_us":0,"connections_left":0}"#),
            "{line}"
        );
        let line = report.histogram_line().unwrap();
        assert_eq!(line, r#"{"line":"histogram","pairs":[]}"#);
    }
}
