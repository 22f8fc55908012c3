//! What the harness asks of `bench probe` on another machine, and what that answers: a line of JSON
//! each, one answer a question, in turn. Both ends are the same binary.

use std::net::IpAddr;

use records::{ArmEntry, Scheduling};
use serde::{Deserialize, Serialize};

use crate::host::local_server::{Facts, ServerSeries};
use crate::host::sample::{Moment, Sample};

/// A question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// Get ready for servers.
    Prepare(Prepare),
    /// Describe the machine.
    Environment,
    /// Is there a binary of this SHA-256?
    Has { sha256: String },
    /// The next part of it, in base64.
    Receive {
        sha256: String,
        part: String,
        last: bool,
    },
    /// Look whether other programs leave the machine alone.
    Look,
    /// Start a server. One that runs is killed.
    Start(Box<StartOrder>),
    /// Read all that the server and the machine have used.
    Sample { moment: Moment },
    /// Begin readings at every step.
    Watch { step_ms: u64 },
    /// End them.
    Series,
    /// Stop the server.
    Stop,
    /// Tell how the server ended, if it has.
    End,
    /// Kill the server.
    Kill,
}

/// What holds for all servers of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepare {
    /// The address they listen on.
    pub address: IpAddr,
    /// Their scheduling policy.
    pub scheduling: Scheduling,
    /// Files that one of them has open at most.
    pub open_files: u64,
    /// Seconds without a question after which the other side is taken for gone.
    pub lease_s: u64,
}

/// How to start a server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StartOrder {
    /// The arm.
    pub entry: ArmEntry,
    /// Whether it prints the lines of `server-kit`.
    pub reports: bool,
    /// The port that it always has.
    pub port: Option<u16>,
    /// Whether it ends with its standard input.
    pub ends_with_stdin: bool,
    /// Its binary.
    pub sha256: String,
    /// Its worker threads.
    pub workers: u32,
    /// Its processors; none leave it free.
    pub cpus: Vec<u32>,
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Answer {
    /// Said first, without a question.
    Ready {
        /// As [`std::env::consts::ARCH`].
        architecture: String,
        /// The processors that may be used, those of a core next to each other.
        cpus: Vec<u32>,
    },
    /// It is done.
    Done,
    /// Whether there is such a binary.
    Held { held: bool },
    /// The machine.
    Environment { environment: serde_json::Value },
    /// Whether other programs leave the machine alone.
    Looked { quiet: bool },
    /// The server listens.
    Started(Facts),
    /// What was used.
    Sampled(Box<Sample>),
    /// The readings.
    Series(ServerSeries),
    /// How the server ended, if it has.
    Ended { end: Option<String> },
    /// It was not done, and why.
    Failed { error: String },
}
