//! The flags.

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};
use server_kit::CommonArgs;

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

impl Args {
    /// Refuses combinations that make no sense.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            self.runtime != RuntimeKind::PerCore || self.accept == Accept::PerWorker,
            "with --runtime per-core a single listener would leave all but one worker idle; \
             add --accept per-worker"
        );
        Ok(())
    }

    /// Listeners, each with a task that accepts.
    pub(crate) fn acceptors(&self) -> usize {
        match self.accept {
            Accept::Single => 1,
            Accept::PerWorker => self.common.worker_count(),
        }
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
        assert_eq!(args.acceptors(), 1);
        args.check().unwrap();
    }

    #[test]
    fn per_core_needs_a_listener_a_worker() {
        let per_core = ["--workers", "3", "--runtime", "per-core"];
        let refused = args(&per_core).check().unwrap_err().to_string();
        assert!(refused.contains("--accept per-worker"), "{refused}");
        let args = args(&[&per_core[..], &["--accept", "per-worker"]].concat());
        assert_eq!(args.acceptors(), 3);
        args.check().unwrap();
    }
}
