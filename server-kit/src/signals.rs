//! What the main thread does while the workers serve.

use std::sync::Arc;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use crate::counters::Counters;
use crate::lines::{CountersLine, Event, StartLine, print_line};

/// Prints the start line, then waits: SIGUSR1 prints the counters, SIGINT or SIGTERM calls `stop`,
/// which must end and join the workers, prints the last counters, and returns.
///
/// # Errors
/// When a signal cannot be caught, a line cannot be printed, or `stop` fails.
pub fn serve_until_stopped(
    start: &StartLine,
    counters: &[Arc<Counters>],
    stop: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGUSR1]).context("cannot catch signals")?;
    print_line(start).context("cannot print the start line")?;
    let report = |event| {
        let workers = counters.iter().map(|worker| worker.snapshot()).collect();
        print_line(&CountersLine { event, workers }).context("cannot print the counters")
    };
    for signal in signals.forever() {
        if signal != SIGUSR1 {
            break;
        }
        report(Event::Counters)?;
    }
    stop()?;
    report(Event::Stop)
}

/// Makes [`serve_until_stopped`] stop as if SIGTERM had come: for a worker that cannot go on.
pub fn request_stop() {
    // It fails only for a signal that does not exist.
    _ = signal_hook::low_level::raise(SIGTERM);
}
