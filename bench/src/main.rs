//! The command `bench`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use bench::Cli;
use bench::interrupt::{EXIT_STATUS, Interrupted};
use clap::Parser;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(code) => code,
        Err(error) if error.chain().any(|cause| cause.is::<Interrupted>()) => {
            eprintln!("{error:#}");
            ExitCode::from(EXIT_STATUS)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
