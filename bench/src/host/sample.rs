//! All that is read of a server and its machine at one moment.

use std::time::Duration;

use anyhow::Result;
use nix::time::ClockId;
use serde::{Deserialize, Serialize};
use server_kit::CountersLine;

use super::machine_usage::MachineUsage;
use super::network_usage::NetworkUsage;
use super::server_usage::ServerUsage;

/// The side of a window that a sample is taken on. What is read nearest to the window is the machine's
/// usage, so that reading the rest is not counted as load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Before it: the machine comes last.
    Before,
    /// After it: the machine comes first.
    After,
}

/// What a server and its machine have used until a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When the server's usage was read, on its machine's clock that never goes back.
    pub at_ns: u64,
    /// The server's own counters, where it reports.
    pub counters: Option<CountersLine>,
    /// What the server has used.
    pub server: ServerUsage,
    /// What its machine has used.
    pub machine: MachineUsage,
    /// What its network namespace has counted.
    pub network: NetworkUsage,
}

/// The clock that never goes back.
///
/// # Errors
/// When the kernel has none.
pub fn monotonic_ns() -> Result<u64> {
    let now = Duration::from(ClockId::CLOCK_MONOTONIC.now()?);
    Ok(u64::try_from(now.as_nanos())?)
}
