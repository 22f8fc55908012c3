//! `kio-rs`: the HTTP hello server on the `kio_rs` runtime.
#![forbid(unsafe_code)]

mod accepting;
mod args;
mod connection;
mod ring_only;
mod serve;

use std::io;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, FromArgMatches};
use ring_only::RingOnly;
use tracing_subscriber::EnvFilter;

/// Names the variable of the environment that says which events are logged.
const LOG: &str = "KIO_LOG";

fn main() -> ExitCode {
    let matches = args::Args::command().get_matches();
    let args = args::Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let ring_only = RingOnly::of(&matches);
    match log_events().and_then(|()| serve::serve(&args, &ring_only)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kio-rs: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Writes events to standard error: warnings and errors, unless the environment asks otherwise.
fn log_events() -> Result<()> {
    let directives = std::env::var(LOG).unwrap_or_else(|_| "warn".to_owned());
    let filter = EnvFilter::builder().parse(directives).with_context(|| {
        format!("{LOG} is no filter of events; give a level such as info, or kio_rs=debug")
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
    Ok(())
}
