//! `experiment.toml` of a results folder: what was to be measured, with nothing left to resolve.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A resolved experiment. The cells are `arms` x `load_points`; every block holds each cell once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`crate::SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// The experiment's name: `smoke`, `quick`, `card`, ...
    pub experiment: String,
    /// Where the server ran: `local`.
    pub host: String,
    /// Seed of the cell order in every block.
    pub seed: u64,
    /// Number of blocks.
    pub blocks: u32,
    /// Length of the timed window in seconds.
    pub window_s: u32,
    /// Length of the discarded warm-up in milliseconds.
    pub warm_up_ms: u32,
    /// Worker threads of the server.
    pub workers: u32,
    /// Load generator's threads (`wrk -t`).
    pub client_threads: u32,
    /// Processors the server was pinned to; empty when it was not.
    pub server_cpus: Vec<u32>,
    /// Processors the load generator was pinned to; empty when it was not.
    pub client_cpus: Vec<u32>,
    /// The loads.
    pub load_points: Vec<LoadPoint>,
    /// The arms.
    pub arms: Vec<ArmEntry>,
}

/// One load.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadPoint {
    /// Connections held open at once.
    pub connections: u32,
    /// Requests a connection has in flight: 1 is no pipelining.
    pub pipeline: u32,
    /// Requests offered a second in an open loop; absent in a closed loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered_rate_per_s: Option<u64>,
}

/// One arm: a subject and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmEntry {
    /// The arm's name, unique in the plan.
    pub name: String,
    /// The subject's name: which binary.
    pub subject: String,
    /// The arguments after the binary, with the placeholders still in place, so that no path or
    /// port of a machine is in the file.
    pub args: Vec<String>,
    /// Environment variables the arm sets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// The arm this one is compared with, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs_from: Option<String>,
    /// The one thing that differs from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs_by: Option<String>,
    /// The arm of which this one is an exact repeat (the A/A control).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_of: Option<String>,
    /// Whether the server parses requests; false for the `-no-parse` arms.
    pub parses: bool,
}
