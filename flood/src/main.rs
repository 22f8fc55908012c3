//! The command `flood`.
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use flood::{Args, Settings, Stop};

fn main() -> ExitCode {
    match load(&Args::parse().into()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("flood: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn load(settings: &Settings) -> Result<()> {
    let stop = Stop::on_signals()?;
    let finished = flood::run(settings, &stop, || print("connected"))?;
    let report = finished.report();
    if report.tally.connections_left == 0 {
        eprintln!("flood: every connection failed, so the window ended early");
    }
    // The connections are open for as long as `finished` lives: who reads this may look at them.
    print(&report.window_line()?)?;
    print(&report.histogram_line()?)
}

/// Prints a line at once.
fn print(line: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .context("cannot print the report")
}
