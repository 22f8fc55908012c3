//! The JSON lines of `report.lua`, which flood prints too.

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// What a load generator reports of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "the names of the report, with their units")]
pub struct Window {
    pub duration_us: u64,
    pub requests: u64,
    pub bytes: u64,
    pub errors_connect: u64,
    pub errors_read: u64,
    pub errors_write: u64,
    pub errors_status: u64,
    pub errors_timeout: u64,
    pub client_cpu_us: u64,
    pub latency_mean_us: u64,
    pub latency_p50_us: u64,
    pub latency_p90_us: u64,
    pub latency_p99_us: u64,
    pub latency_p999_us: u64,
    pub latency_max_us: u64,
    /// Connections without an error, at the end; only flood tells.
    pub connections_left: Option<u64>,
}

/// A latency in microseconds and how often it was seen.
pub type Pair = (u64, u64);

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line {
    Window(Window),
    Histogram { pairs: Vec<Pair> },
}

/// The window, when the line is about it; nothing for a line of other text.
///
/// # Errors
/// When the line is neither.
pub fn window(text: &str) -> Result<Option<Window>> {
    match parse(text)? {
        Some(Line::Window(window)) => Ok(Some(window)),
        Some(Line::Histogram { .. }) => {
            bail!("the load generator reported its histogram before its window")
        }
        None => Ok(None),
    }
}

/// The histogram.
///
/// # Errors
/// When the line is something else.
pub fn histogram(text: &str) -> Result<Vec<Pair>> {
    match parse(text)? {
        Some(Line::Histogram { pairs }) => Ok(pairs),
        _ => bail!("the load generator reported something else than its histogram: {text}"),
    }
}

fn parse(text: &str) -> Result<Option<Line>> {
    if !text.starts_with('{') {
        return Ok(None);
    }
    let line = serde_json::from_str(text).with_context(|| {
        format!(
            "the load generator's report is not readable: {}",
            start_of(text)
        )
    })?;
    Ok(Some(line))
}

fn start_of(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(200)
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// A window as wrk's script reports it.
#[cfg(test)]
pub const A_WINDOW: &str = r#"{"line":"window","duration_us":1100276,"requests":74104,"bytes":3853408,"errors_connect":1,"errors_read":2,"errors_write":3,"errors_status":4,"errors_timeout":5,"client_cpu_us":590988,"latency_min_us":7,"latency_mean_us":164,"latency_stdev_us":182,"latency_p50_us":110,"latency_p90_us":352,"latency_p99_us":810,"latency_p999_us":1942,"latency_max_us":4263}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_read_and_wrks_text_is_passed_over() {
        let read = window(A_WINDOW).unwrap().unwrap();
        assert_eq!((read.requests, read.errors_timeout), (74104, 5));
        assert_eq!((read.latency_p999_us, read.latency_max_us), (1942, 4263));
        assert_eq!(window("  Thread Stats   Avg").unwrap(), None);
        assert_eq!(window("").unwrap(), None);
    }

    #[test]
    fn the_histogram_is_read() {
        let text = r#"{"line":"histogram","pairs":[[7,1],[8,10]]}"#;
        assert_eq!(histogram(text).unwrap(), [(7, 1), (8, 10)]);
        assert_eq!(histogram(r#"{"line":"histogram","pairs":[]}"#).unwrap(), []);
    }

    #[test]
    fn mangled_output_is_an_error() {
        let torn = &A_WINDOW[..A_WINDOW.len() - 5];
        assert!(
            window(torn)
                .unwrap_err()
                .to_string()
                .contains("not readable")
        );
        assert!(window(&A_WINDOW.replace("74104", "-nan")).is_err());
        assert!(window(&A_WINDOW.replace("requests", "answers")).is_err());
        assert!(window(r#"{"line":"histogram","pairs":[]}"#).is_err());
        assert!(histogram(A_WINDOW).is_err());
        assert!(histogram("Transfer/sec: 1MB").is_err());
        assert!(histogram(r#"{"line":"histogram","pairs":[[1]]}"#).is_err());
    }
}
