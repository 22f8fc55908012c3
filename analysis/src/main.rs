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
        /// Results folders, a part of the report each; without any the newest under results/. The
        /// answer is that of the experiment that comes first in the report's order: card, quick, ...
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
        /// Keep the answer's figure in this SVG file, below the text's folder
        #[arg(long, value_name = "SVG")]
        figure: Option<PathBuf>,
        /// Put what each feature of io_uring brings between the markers of this Markdown file, below the
        /// text's folder
        #[arg(long, value_name = "FILE")]
        features: Option<PathBuf>,
        /// Change nothing; fail where a file says something else
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
    /// Fail where a cell is invalid, a claim fell, or a server became dearer: a gate for regressions
    Check {
        /// Results folders; without any the newest under results/
        results: Vec<PathBuf>,
        /// Judge the claims of this TOML file in place of our own
        #[arg(long, value_name = "FILE")]
        claims: Option<PathBuf>,
        /// Fail where a cell spends more CPU a request than in this earlier run, beyond its interval
        #[arg(long, value_name = "RUN")]
        baseline: Option<PathBuf>,
    },
    /// Print two runs side by side: what they were made with, and the second over the first
    Compare {
        /// The first run's results folder
        first: PathBuf,
        /// The second's
        second: PathBuf,
        /// Folder for the same as files, with tables
        #[arg(long)]
        out: Option<PathBuf>,
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
            figure,
            features,
            check,
        } => {
            let beside = commands::Beside { figure, features };
            commands::splice(&file, results, &beside, check)
        }
        Command::Simulate { file, check } => commands::simulate(&file, check),
        Command::Check {
            results,
            claims,
            baseline,
        } => commands::check(results, &commands::Against { claims, baseline }),
        Command::Compare { first, second, out } => commands::compare(&first, &second, out),
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
