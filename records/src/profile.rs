//! `profile.jsonl`: where a server's CPU time went, a line a cell in a block.

use serde::{Deserialize, Serialize};

use crate::plan::LoadPoint;

/// How the name of a kernel's function ends in a stack.
pub const KERNEL_FRAME: &str = "_[k]";

/// One line of `profile.jsonl`: a server was sampled while it was loaded. Sampling costs time, so nothing
/// of it is ever compared with a measurement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileRecord {
    /// Block, from 0.
    pub block: u32,
    /// Position in the order of execution, from 0.
    pub sequence: u32,
    /// The arm's name.
    pub arm: String,
    /// The load point.
    pub load: LoadPoint,
    /// SHA-256 of the server's binary, hexadecimal.
    pub subject_sha256: String,
    /// The effective configuration the server named on its start line.
    pub configuration: String,
    /// Samples taken in a second of the server's CPU time.
    pub frequency_hz: u32,
    /// For how long samples were taken, inside the window.
    pub sampled_ms: u64,
    /// Length of the window as the load generator measured it; absent when the cell failed.
    pub window_us: Option<u64>,
    /// Complete responses the load generator received in the window.
    pub requests: Option<u64>,
    /// All samples.
    pub samples: u64,
    /// The samples by where they were taken.
    pub stacks: Vec<ProfileStack>,
    /// Why the cell failed; empty when it did not.
    pub error: String,
}

/// Samples that were taken at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileStack {
    /// The thread's name.
    pub thread: String,
    /// Names of functions, the innermost first, so many as were kept, with `;` between them. A kernel's
    /// ends with [`KERNEL_FRAME`]; an address or a file is never part of it.
    pub frames: String,
    /// How many.
    pub samples: u64,
}
