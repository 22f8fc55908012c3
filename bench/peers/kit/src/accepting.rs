//! What a failed accept means.

use std::io;

use anyhow::{Context, Result};
use server_kit::Counters;

/// Counts a connection whose client left before it was accepted. Any other failure ends the server:
/// these servers are only ever measured, and one that waits for better times would be measured
/// wrong.
///
/// # Errors
/// The failure, with what to do about it.
pub fn accept_failed(error: io::Error, counters: &Counters) -> Result<()> {
    if error.kind() == io::ErrorKind::ConnectionAborted {
        counters.errors.add(1);
        return Ok(());
    }
    Err(error).context(
        "cannot accept a connection; when too many files are open, raise the hard limit \
         (`ulimit -Hn`)",
    )
}
