//! `experiment.toml` of a results folder: what was to be measured, with nothing left to resolve.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::difference::{Difference, between};

/// A resolved experiment. The cells are `arms` x `load_points`; every block holds each cell once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`crate::SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// The experiment's name: `smoke`, `quick`, `card`, ...
    pub experiment: String,
    /// Where the server ran: `local`, `netns` or `ssh`. A machine's name or address is never recorded.
    pub host: String,
    /// Seed of the cell order in every block.
    pub seed: u64,
    /// Number of blocks; the most of them where there is a [`StopRule`].
    pub blocks: u32,
    /// When the run may end before its last block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopRule>,
    /// Length of the timed window in seconds.
    pub window_s: u32,
    /// Length of the discarded warm-up in milliseconds.
    pub warm_up_ms: u32,
    /// Worker threads of the server.
    pub workers: u32,
    /// Load generator's threads (`wrk -t`).
    pub client_threads: u32,
    /// Whether server and load generator had processors of their own.
    pub placement: Placement,
    /// The scheduling policy of every server.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scheduling: Scheduling,
    /// Processors the server was pinned to; empty when it was not.
    pub server_cpus: Vec<u32>,
    /// Processors the load generator was pinned to; empty when it was not.
    pub client_cpus: Vec<u32>,
    /// The loads.
    pub load_points: Vec<LoadPoint>,
    /// Loads of the experiment that this machine's limits rule out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What is to fail at some of the loads, because it is what the experiment is to show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<Expected>,
    /// The arms.
    pub arms: Vec<ArmEntry>,
}

/// Fields that may differ between runs that are repeats of each other: how long they went on, the order
/// of their cells, and which processors of the machine they had (how many follows from the threads).
const OF_ONE_REPEAT: [&str; 7] = [
    "server_cpus",
    "client_cpus",
    "seed",
    "blocks",
    "stop.half_width_permille",
    "stop.budget_s",
    "stop.least_blocks",
];

impl Plan {
    /// In what another run's plan differs from this one's. Runs between which a difference matters are
    /// no repeats of each other.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        between(self, other, |field| !OF_ONE_REPEAT.contains(&field))
    }
}

/// Ends a run between two blocks: when every headline ratio is sharp, or the time is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopRule {
    /// Half of the 95 % interval that every headline ratio is to have at most, in thousandths of the ratio.
    pub half_width_permille: u32,
    /// Seconds after which no further block begins.
    pub budget_s: u32,
    /// Blocks before which the rule is not asked.
    pub least_blocks: u32,
}

/// A load that is not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Why, and what would allow it.
    pub because: String,
    /// Which.
    pub load: LoadPoint,
}

/// A failure that a load is to show: with it a measurement is as meant, without it it is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Connections that are open, of those asked for.
    pub connections_open: u64,
    /// Connections that cannot be opened. There are no other errors.
    pub socket_errors_connect: u64,
    /// At which load.
    pub load: LoadPoint,
}

/// Which processors server and load generator run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// Each on its own, pinned.
    #[default]
    Apart,
    /// Both on all of them, nothing pinned.
    Shared,
}

/// The policy by which the kernel schedules a server's threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheduling {
    /// `SCHED_OTHER`, what every process has unless told otherwise.
    #[default]
    Other,
    /// `SCHED_BATCH`: as the other, but a thread that wakes up does not preempt the running one.
    Batch,
}

/// What makes the load.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Generator {
    /// wrk 4, as the card.
    #[default]
    Wrk,
    /// This repository's `flood`: cheaper a request than wrk, so that one processor of it saturates
    /// one of a server, and it can hold idle connections open, open connections anew, and offer
    /// requests at a rate.
    Flood,
    /// oha, which offers requests at a rate: beside flood, so that neither is taken at its word.
    Oha,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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
    /// What makes the load.
    #[serde(default, skip_serializing_if = "is_default")]
    pub generator: Generator,
    /// Connections held open beside the others, on which nothing is sent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub idle_connections: u32,
    /// Requests after which a connection is closed and another opened; absent when it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_connection: Option<u32>,
    /// Bytes of the response's body; absent for the study's `Hello, World!`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<u32>,
    /// Worker threads of the server; absent for the plan's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
    /// Files that the load generator may have open; absent for as many as the machine allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_nofile: Option<u32>,
}

impl Plan {
    /// What is to fail at a load, if anything is.
    pub fn expected_at(&self, load: &LoadPoint) -> Option<&Expected> {
        self.expected.iter().find(|expected| expected.load == *load)
    }
}

impl Default for LoadPoint {
    /// One connection of wrk's, one request at a time.
    fn default() -> Self {
        Self {
            connections: 1,
            pipeline: 1,
            offered_rate_per_s: None,
            generator: Generator::default(),
            idle_connections: 0,
            requests_per_connection: None,
            body_bytes: None,
            workers: None,
            client_nofile: None,
        }
    }
}

/// An arm's place in the study.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A rung: compared with the one below it.
    Ladder,
    /// One change from a rung.
    #[default]
    Side,
    /// Hand-written for this one job, with the same parser: what a runtime can at best reach.
    Floor,
    /// Another runtime or server.
    Peer,
}

/// One arm: a subject and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmEntry {
    /// The arm's name, unique in the plan.
    pub name: String,
    /// The subject's name: which binary.
    pub subject: String,
    /// Its place in the study.
    #[serde(default)]
    pub role: Role,
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
    /// How the words of its start line differ from those of the arm it is compared with: `+word` for
    /// one that only it has, `-word` for one that only the other has. Absent where nothing is said of
    /// them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<String>>,
    /// The arm of which this one is an exact repeat (the A/A control).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_of: Option<String>,
    /// Whether the server parses requests; false for the `-no-parse` arms.
    pub parses: bool,
}
