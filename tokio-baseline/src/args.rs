//! The flags.

use std::time::Duration;

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};
use server_kit::{Balance, CommonArgs};

/// The study's Tokio server: answers every HTTP request with "Hello, World!"
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub struct Args {
    /// The flags that both servers take.
    #[command(flatten)]
    pub common: CommonArgs,

    /// Which runtime runs the connections
    #[arg(long, value_enum, default_value_t = RuntimeKind::MultiThread)]
    pub runtime: RuntimeKind,

    /// How connections are accepted
    #[arg(long, value_enum, default_value_t = Accept::Single)]
    pub accept: Accept,

    /// Where a connection reads to
    #[arg(long, value_enum, default_value_t = BufferOf::Connection)]
    pub buffer: BufferOf,

    /// Look for events for up to so many microseconds before a worker sleeps, where that pays; 0 never
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub spin_us: u32,
}

/// Which runtime runs the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RuntimeKind {
    /// One runtime whose workers steal tasks from each other; --cpus confines them together
    MultiThread,
    /// A current-thread runtime a worker; --cpus pins each to one processor
    PerCore,
}

/// How connections are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Accept {
    /// One listener and one task that accepts
    Single,
    /// A SO_REUSEPORT listener and a task that accepts for each worker
    PerWorker,
}

/// Where a connection reads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BufferOf {
    /// A buffer of its own, as the published server
    Connection,
    /// A buffer of the worker's, which is free again when the request is read
    Worker,
}

impl Args {
    /// Refuses combinations that make no sense.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            self.runtime != RuntimeKind::PerCore || self.accept == Accept::PerWorker,
            "with --runtime per-core a single listener would leave all but one worker idle; \
             add --accept per-worker"
        );
        ensure!(
            self.common.balance != Balance::Turns || self.accept == Accept::PerWorker,
            "--balance turns shares connections out among listeners; add --accept per-worker"
        );
        Ok(())
    }

    /// How long a worker may spin before it sleeps.
    pub(crate) fn spin(&self) -> Duration {
        Duration::from_micros(self.spin_us.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(flags: &[&str]) -> Args {
        Args::parse_from(["tokio-baseline"].iter().chain(flags))
    }

    #[test]
    fn the_default_is_the_published_server() {
        let args = args(&["--workers", "8"]);
        assert_eq!(args.runtime, RuntimeKind::MultiThread);
        assert_eq!(args.accept, Accept::Single);
        assert_eq!(args.buffer, BufferOf::Connection);
        assert_eq!(args.spin(), Duration::ZERO);
        args.check().unwrap();
    }

    #[test]
    fn per_core_needs_a_listener_a_worker() {
        let per_core = ["--workers", "3", "--runtime", "per-core"];
        let refused = args(&per_core).check().unwrap_err().to_string();
        assert!(refused.contains("--accept per-worker"), "{refused}");
        let args = args(&[&per_core[..], &["--accept", "per-worker"]].concat());
        args.check().unwrap();
    }

    #[test]
    fn turns_need_a_listener_a_worker() {
        let turns = ["--balance", "turns"];
        let refused = args(&turns).check().unwrap_err().to_string();
        assert!(refused.contains("--accept per-worker"), "{refused}");
        let args = args(&[&turns[..], &["--accept", "per-worker"]].concat());
        args.check().unwrap();
    }
}
