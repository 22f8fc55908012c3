//! `calibration.jsonl`: what was measured before the first block, a line a measurement.

use serde::{Deserialize, Serialize};

use crate::measurement::Measurement;

/// One line of `calibration.jsonl`. It bounds or sets the loads, and is never a result itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationRecord {
    /// What it is for.
    pub purpose: Purpose,
    /// Threads of the load generator.
    pub client_threads: u32,
    /// Processors the server was pinned to; empty when it was not.
    pub server_cpus: Vec<u32>,
    /// Processors the load generator was pinned to; empty when it was not.
    pub client_cpus: Vec<u32>,
    /// The measurement, in the columns of `measurements.csv`; its block is 0.
    pub measurement: Measurement,
}

/// What a calibration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// How much the load generator can do at best, in a closed loop against the cheapest arm (a floor)
    /// on all processors that the load generator leaves. It is the ceiling only where the
    /// load generator's processors were the busy ones. Where the server's were (two processors and a
    /// cheap generator), the load generator can do more, and the rate is a lower bound of its ceiling.
    ClientCeiling,
    /// How much an arm can do at best in a closed loop, from which an open loop's rates are set.
    Capacity,
}
