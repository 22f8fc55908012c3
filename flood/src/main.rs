//! The command `flood`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use anyhow::Result;
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
    let finished = flood::run(settings, &stop, || println!("connected"))?;
    let report = finished.report();
    if report.tally.connections_left == 0 {
        eprintln!("flood: every connection failed, so the window ended early");
    }
    println!("{}", report.window_line()?);
    // The connections are open until here: whoever reads the first line may still look at them.
    println!("{}", report.histogram_line()?);
    Ok(())
}
