//! `load.jsonl`: what the load generator saw, whole, a line a measurement.

use serde::{Deserialize, Serialize};

use crate::plan::LoadPoint;

/// One line of `load.jsonl`. It has the key (`block`, `arm`, load point) of its [`crate::Measurement`].
///
/// A failed measurement has no line unless the load generator had finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadRecord {
    /// Block, from 0.
    pub block: u32,
    /// The arm's name.
    pub arm: String,
    /// The load point.
    pub load: LoadPoint,
    /// The server's command line; the binary is given by the subject's name.
    pub server_command: Vec<String>,
    /// The load generator's command line; the binary is given by its name.
    pub client_command: Vec<String>,
    /// The server's start line (JSON), as it printed it; empty when it prints none.
    pub start_line: String,
    /// Latency in microseconds: an `HdrHistogram` V2 deflate log in base64, 3 significant digits.
    pub latency_histogram: String,
    /// Who corrected the histogram for coordinated omission: `wrk` (its own, by the number of
    /// connections), `generator` (it counts from when a request was due), or `none`.
    pub latency_corrected_by: String,
}
