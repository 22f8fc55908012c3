//! `series.jsonl`: how a window went, a line a measurement.

use serde::{Deserialize, Serialize};

use crate::plan::LoadPoint;

/// One line of `series.jsonl`: cumulative readings from the window's start, at equal steps.
///
/// All lists have the length of `at_ms`, or none where the reading cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesRecord {
    /// Block, from 0.
    pub block: u32,
    /// The arm's name.
    pub arm: String,
    /// The load point.
    pub load: LoadPoint,
    /// When, in milliseconds since the window's start.
    pub at_ms: Vec<u32>,
    /// Requests the server had answered, as it counts them.
    pub requests: Vec<u64>,
    /// CPU time the server had used, user and kernel.
    pub server_cpu_us: Vec<u64>,
    /// CPU time the load generator had used.
    pub client_cpu_us: Vec<u64>,
}
