//! `peer-monoio`: the HTTP hello server on [monoio](https://github.com/bytedance/monoio), a runtime
//! a worker.
//!
//! As it comes, the runtime is what `RuntimeBuilder` makes by default on io_uring, and a connection
//! is served like monoio's echo example: a buffer of 8 KiB lent to every read and given back.
//! With `--tuned` the ring has the flags that suit a ring used by one thread.
#![forbid(unsafe_code)]

mod connection;

use std::convert::Infallible;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use monoio::net::TcpListener;
use monoio::{IoUringDriver, RuntimeBuilder};
use peer_kit::{Peer, Worker, accept_failed};
use server_kit::CommonArgs;

/// The hello server on monoio
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    common: CommonArgs,

    /// Make the ring with SINGLE_ISSUER and DEFER_TASKRUN, and more entries
    #[arg(long)]
    tuned: bool,
}

/// Submission queue entries when tuned; the completion queue has twice as many. The default is 1024.
/// A loop round submits what its tasks have asked for in one go as long as it fits.
const TUNED_ENTRIES: u32 = 4096;

fn main() -> ExitCode {
    let args = Args::parse();
    let peer = Peer {
        package: "monoio",
        driver: "monoio-uring",
        ring_flags: if args.tuned {
            &["single-issuer", "defer-taskrun"]
        } else {
            &[]
        },
        features: if args.tuned {
            &["owned-buffers", "entries-4096"]
        } else {
            &["owned-buffers"]
        },
    };
    let tuned = args.tuned;
    let served = peer_kit::serve(&args.common, &peer, move |worker| work(worker, tuned));
    peer_kit::exit_code(served)
}

fn work(worker: Worker, tuned: bool) -> Result<Infallible> {
    let mut builder = RuntimeBuilder::<IoUringDriver>::new();
    if tuned {
        let mut ring = io_uring::IoUring::builder();
        // The thread that builds the runtime is the only one that ever submits, so completions can
        // wait until it asks for them in place of interrupting it. Linux 6.1 brought the second.
        ring.setup_single_issuer().setup_defer_taskrun();
        builder = builder.uring_builder(ring).with_entries(TUNED_ENTRIES);
    }
    let mut runtime = builder.build().context(
        "the kernel refuses monoio's ring; --tuned needs Linux 6.1, anything io_uring needs \
         `kernel.io_uring_disabled` = 0 and a seccomp filter that lets it through",
    )?;
    runtime.block_on(accept(worker))
}

async fn accept(worker: Worker) -> Result<Infallible> {
    // io_uring waits for a socket that blocks; from one that does not it may return at once.
    let listener = worker.listener.try_clone()?;
    listener.set_nonblocking(false)?;
    let listener = TcpListener::from_std(listener).context("cannot register the listener")?;
    worker.ready();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                worker.counters.accepts.add(1);
                let counters = worker.counters.clone();
                monoio::spawn(connection::serve(stream, worker.mode, counters));
            }
            Err(error) => accept_failed(error, &worker.counters)?,
        }
    }
}
