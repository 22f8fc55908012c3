//! The commands, a file each.

mod arms;
mod doctor;
mod list;
mod options;
mod probe;
mod profile;
mod run;
mod serve;
mod verify;

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// Measures HTTP servers under load and records the raw figures.
///
/// An experiment names arms (a server binary with its arguments) and loads; every block measures
/// each arm at each load once, in a shuffled order. The results folder holds what was measured and
/// nothing computed from it: `analysis` does that.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the arms: name, subject, arguments, what each differs by
    Arms(arms::Arguments),
    /// Run one arm in the foreground until a signal
    Serve(serve::Arguments),
    /// List an experiment's cells with their command lines, in order; nothing is run
    List(list::Arguments),
    /// Examine this machine: a verdict and a remedy a line
    Doctor(doctor::Arguments),
    /// Check byte by byte that running arms answer as they must
    Verify(verify::Arguments),
    /// Do what `bench run --host ssh://...` asks for on the server's machine, or tell what sampling costs
    Probe(probe::Arguments),
    /// Measure an experiment; the results folder's path is printed last
    Run(run::Arguments),
    /// Sample where the CPU time of arms goes, by perf; the results folder's path is printed last
    Profile(profile::Arguments),
}

impl Cli {
    /// Does what the command line asks for.
    ///
    /// # Errors
    /// When that is not possible; the message names the cause and the remedy.
    pub fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Arms(arguments) => arguments.run(),
            Command::Serve(arguments) => arguments.run(),
            Command::List(arguments) => arguments.run(),
            Command::Doctor(arguments) => arguments.run(),
            Command::Verify(arguments) => arguments.run(),
            Command::Probe(arguments) => arguments.run(),
            Command::Run(arguments) => arguments.run(),
            Command::Profile(arguments) => arguments.run(),
        }
    }
}

/// Prints on standard output. A reader that has had enough, such as `head`, is no error.
fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}
