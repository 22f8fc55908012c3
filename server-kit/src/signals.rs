//! What the main thread does while the workers serve.

use std::sync::Arc;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use crate::counters::Counters;
use crate::lines::{CountersLine, Event, Kept, StartLine, print_line};

/// The signals that a server answers, from the moment they are caught: from then on none of them
/// ends the process by itself.
pub struct CaughtSignals {
    signals: Signals,
    kept: Kept,
}

impl CaughtSignals {
    /// Catches them. Do so before the workers start, for one that fails at once to be able to stop
    /// the server in order.
    ///
    /// # Errors
    /// When a signal cannot be caught.
    pub fn catch() -> Result<Self> {
        let signals = Signals::new([SIGINT, SIGTERM, SIGUSR1]).context("cannot catch signals")?;
        Ok(Self {
            signals,
            kept: Kept::All,
        })
    }

    /// Says which counters the server keeps, when not all.
    #[must_use]
    pub fn keeping(mut self, kept: Kept) -> Self {
        self.kept = kept;
        self
    }

    /// Prints the start line, then waits: SIGUSR1 prints the counters, SIGINT or SIGTERM calls
    /// `stop`, which must end and join the workers, prints the last counters, and returns.
    ///
    /// # Errors
    /// When a line cannot be printed, or `stop` fails.
    pub fn serve_until_stopped(
        mut self,
        start: &StartLine,
        counters: &[Arc<Counters>],
        stop: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        print_line(start).context("cannot print the start line")?;
        let report = |event| {
            let workers = counters.iter().map(|worker| worker.snapshot()).collect();
            let kept = self.kept;
            let line = CountersLine {
                event,
                kept,
                workers,
            };
            print_line(&line).context("cannot print the counters")
        };
        for signal in self.signals.forever() {
            if signal != SIGUSR1 {
                break;
            }
            report(Event::Counters)?;
        }
        stop()?;
        report(Event::Stop)
    }
}

/// Stops the server as if SIGTERM had come: for a worker that cannot go on.
pub fn request_stop() {
    // It fails only for a signal that does not exist.
    _ = signal_hook::low_level::raise(SIGTERM);
}
