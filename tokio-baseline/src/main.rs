//! The binary: see the library for what it does.
#![deny(unsafe_code)]

#[allow(unsafe_code, reason = "the count of system calls takes symbols of C")]
mod kernel_entries;

use std::panic;
use std::process::exit;

use clap::Parser;
use tokio_baseline::{Args, serve};

fn main() -> anyhow::Result<()> {
    end_at_any_panic();
    serve(&Args::parse())
}

/// Tokio would contain a panic in its task, and a server that has lost a part of itself would go
/// on being measured.
fn end_at_any_panic() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        print(panic);
        exit(101);
    }));
}
