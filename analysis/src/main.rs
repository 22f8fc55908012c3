//! The command line of `analysis`.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use analysis::commands;
use analysis::load::Completeness;
use clap::{Parser, Subcommand};

/// Computes tables, figures, verdicts and the report from recorded measurements.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write report.html, report.md, tables, figures and claims.json
    Report {
        /// Results folders, a part of the report each, the first its answer; without any the newest
        /// under results/
        results: Vec<PathBuf>,
        /// Folder for the report
        #[arg(long)]
        out: PathBuf,
        /// Accept a run that is not finished; the report says so
        #[arg(long)]
        partial: bool,
    },
    /// Put the results section between the markers of a Markdown file
    Splice {
        /// The file
        file: PathBuf,
        /// Results folders; without any the newest under results/
        results: Vec<PathBuf>,
        /// Change nothing; fail where the file says something else
        #[arg(long)]
        check: bool,
    },
    /// Simulate experiments of known truth, and put what the statistics make of them between the markers
    /// of a Markdown file
    Simulate {
        /// The file
        file: PathBuf,
        /// Change nothing; fail where the file says something else
        #[arg(long)]
        check: bool,
    },
    /// Fail where a cell is invalid or one of our own claims fell
    Check {
        /// Results folders; without any the newest under results/
        results: Vec<PathBuf>,
    },
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Report {
            results,
            out,
            partial,
        } => {
            let completeness = if partial {
                Completeness::PartialAllowed
            } else {
                Completeness::Whole
            };
            commands::report(results, &out, completeness)
        }
        Command::Splice {
            file,
            results,
            check,
        } => commands::splice(&file, results, check),
        Command::Simulate { file, check } => commands::simulate(&file, check),
        Command::Check { results } => commands::check(results),
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("analysis: {error:#}");
            ExitCode::FAILURE
        }
    }
}
