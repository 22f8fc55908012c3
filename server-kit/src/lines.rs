//! The JSON lines that a server prints, for the harness that reads them back.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::counters::WorkerCounters;

/// The line a server prints when its sockets listen: the configuration that is in effect, which
/// is not always the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartLine {
    /// Always [`Event::Start`].
    pub event: Event,
    /// The server's name.
    pub server: String,
    /// Its version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// The address it listens on, with the port the kernel gave when 0 was asked for.
    pub address: SocketAddr,
    /// Worker threads.
    pub workers: usize,
    /// The processor of each pinned worker; empty when they are not pinned.
    pub cpus: Vec<usize>,
    /// What waits for the sockets: `uring`, `epoll`, `tokio-multi-thread`, ...
    pub driver: String,
    /// Flags the rings were made with; empty without rings.
    pub ring_flags: Vec<String>,
    /// Features in use, each a word: `multishot-accept`, `buffer-ring`, `no-parse`, ...
    pub features: Vec<String>,
}

impl StartLine {
    /// The effective configuration as one string, the same for every run of the same arm.
    pub fn configuration(&self) -> String {
        let mut parts = vec![self.driver.clone(), format!("workers={}", self.workers)];
        parts.push(
            if self.cpus.is_empty() {
                "unpinned"
            } else {
                "pinned"
            }
            .to_owned(),
        );
        parts.extend(self.ring_flags.iter().cloned());
        parts.extend(self.features.iter().cloned());
        parts.join(" ")
    }
}

/// Which line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The sockets listen.
    Start,
    /// SIGUSR1: the counts so far.
    Counters,
    /// The workers have ended: the last counts.
    Stop,
}

/// Which counters a server keeps. The others stay 0 and mean nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// All of them.
    #[default]
    All,
    /// What the server itself sees: `accepts`, `closes`, `requests`, `errors`. Its runtime's system
    /// calls and ring entries are not known.
    Requests,
}

/// The counts of all workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountersLine {
    /// [`Event::Counters`] or [`Event::Stop`].
    pub event: Event,
    /// Which of the counters are kept.
    #[serde(default)]
    pub kept: Kept,
    /// A worker each, in order.
    pub workers: Vec<WorkerCounters>,
}

/// Prints one line of JSON on standard output, at once.
///
/// # Errors
/// When standard output is closed or full.
pub fn print_line(line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&text)?;
    out.flush()
}
