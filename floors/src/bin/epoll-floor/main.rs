//! `epoll-floor`: the least that an epoll server can do for an answer. Edge-triggered, a listener a
//! worker, reading, parsing and sending where the event is met; no system call without need.

mod connection;
mod worker;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use floors::Description;
use hello_http::Mode;
use server_kit::{CommonArgs, RECEIVE_BYTES};

use crate::worker::{Options, Worker};

/// An HTTP server that answers "Hello, World!": an epoll loop a core, written by hand.
#[derive(Parser, Debug)]
#[command(name = "epoll-floor", version)]
struct Args {
    #[command(flatten)]
    common: CommonArgs,

    /// Length of the buffer that a worker reads into, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = RECEIVE_BYTES,
          value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    buffer_bytes: u32,

    /// Look for events for so many microseconds before sleeping
    #[arg(long, value_name = "N", default_value_t = 0)]
    spin_us: u64,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("epoll-floor: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let mut features = vec!["accept-per-worker", "tcp-nodelay", "edge-triggered"];
    let flags = [
        ("no-parse", args.common.no_parse),
        ("spin", args.spin_us > 0),
    ];
    features.extend(
        flags
            .into_iter()
            .filter_map(|(name, on)| on.then_some(name)),
    );
    let length =
        (args.buffer_bytes != RECEIVE_BYTES).then(|| format!("buffer-bytes={}", args.buffer_bytes));
    let features = features.into_iter().map(str::to_owned).chain(length);
    let description = Description {
        server: "epoll-floor",
        driver: "epoll",
        ring_flags: Vec::new(),
        features: features.collect(),
    };
    let options = Options {
        mode: Mode::new(args.common.no_parse, args.common.body_bytes),
        buffer_bytes: args.buffer_bytes as usize,
        spin: Duration::from_micros(args.spin_us),
    };
    floors::serve(&args.common, description, move |seat| {
        let mut worker = Worker::new(seat, options)?;
        seat.ready();
        worker.run()
    })
}
