//! One load of an experiment.

use anyhow::{Result, ensure};
use records::{Generator, LoadPoint};
use serde::Deserialize;

use super::check_range;

/// Far above what makes sense, and far below what overflows a figure or fills the memory.
const MOST_CONNECTIONS: u32 = 1_000_000;
const MOST_PIPELINE: u32 = 1024;

/// One load of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Connections held open at once.
    pub connections: u32,
    /// Requests a connection has in flight.
    #[serde(default = "one")]
    pub pipeline: u32,
    /// What makes the load.
    #[serde(default)]
    pub generator: Generator,
    /// Connections held open beside the others, on which nothing is sent.
    #[serde(default)]
    pub idle_connections: u32,
}

fn one() -> u32 {
    1
}

impl Load {
    /// Refuses what makes no sense.
    pub(super) fn check(&self) -> Result<()> {
        check_range("connections", self.connections, MOST_CONNECTIONS)?;
        check_range("pipeline", self.pipeline, MOST_PIPELINE)?;
        ensure!(
            self.idle_connections <= MOST_CONNECTIONS,
            "idle_connections is {} and must be a whole number from 0 to {MOST_CONNECTIONS}",
            self.idle_connections
        );
        ensure!(
            self.idle_connections == 0 || self.generator == Generator::Flood,
            "wrk cannot hold idle_connections; give generator = \"flood\" with them"
        );
        Ok(())
    }

    /// As the results record it.
    pub(super) fn point(&self) -> LoadPoint {
        LoadPoint {
            connections: self.connections,
            pipeline: self.pipeline,
            generator: self.generator,
            idle_connections: self.idle_connections,
            ..LoadPoint::default()
        }
    }
}
