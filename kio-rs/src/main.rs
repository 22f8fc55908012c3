//! `kio-rs`: the HTTP hello server on the `kio_rs` runtime.
#![forbid(unsafe_code)]

mod args;
mod connection;
mod serve;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match serve::serve(&args::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kio-rs: {error:#}");
            ExitCode::FAILURE
        }
    }
}
