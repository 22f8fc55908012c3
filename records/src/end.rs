//! `end.json`: why a run ended.

use serde::{Deserialize, Serialize};

/// Written after the last block. A run without it was interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// [`crate::SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// Why.
    pub reason: EndReason,
    /// Blocks that were measured, each whole.
    pub blocks: u32,
    /// Seconds from the first block's start to the last one's end, pauses of a resumed run not included.
    pub elapsed_s: u64,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// Every block of the plan was measured.
    Blocks,
    /// Every headline ratio was as sharp as the [`crate::StopRule`] asks.
    Sharp,
    /// The rule's time was spent first.
    Budget,
}
