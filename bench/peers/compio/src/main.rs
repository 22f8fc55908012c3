//! `peer-compio`: the HTTP hello server on [compio](https://github.com/compio-rs/compio), a runtime
//! a worker.
//!
//! What its API offers a server is used: multishot accept (`incoming`) and multishot receive
//! (`read_multi`) over the runtime's buffer pool, and the ring's flags for a single thread.
#![forbid(unsafe_code)]

mod connection;

use std::convert::Infallible;
use std::num::NonZero;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use compio::driver::ProactorBuilder;
use compio::net::TcpListener;
use compio::runtime::{RuntimeBuilder, spawn};
use futures_util::StreamExt;
use peer_kit::{Peer, Worker, accept_failed};
use server_kit::CommonArgs;

/// The hello server on compio
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    common: CommonArgs,
}

const PEER: Peer = Peer {
    package: "compio",
    driver: "compio-uring",
    ring_flags: &["single-issuer", "defer-taskrun"],
    features: &["multishot-accept", "multishot-recv", "buffer-pool"],
};

/// Submission queue entries. The default, 1024, is made for fewer connections.
const ENTRIES: u32 = 4096;
/// Buffers of a worker, each as long as compio's default. The default number, 8, would run out in
/// every round of the loop with more connections than that.
const BUFFERS: NonZero<u16> = NonZero::new(1024).expect("not 0");

fn main() -> ExitCode {
    let args = Args::parse();
    peer_kit::exit_code(peer_kit::serve(&args.common, &PEER, work))
}

fn work(worker: Worker) -> Result<Infallible> {
    let mut driver = ProactorBuilder::new();
    driver
        .capacity(ENTRIES)
        .buffer_pool_size(BUFFERS)
        // The runtime never leaves the thread that builds it, so completions can wait until it asks
        // for them in place of interrupting it.
        .single_issuer(true)
        .defer_taskrun(true);
    let runtime = RuntimeBuilder::new()
        .with_proactor(driver)
        .build()
        .context(
            "the kernel refuses compio's ring; it needs Linux 6.1 (DEFER_TASKRUN), \
         `kernel.io_uring_disabled` = 0 and a seccomp filter that lets io_uring through",
        )?;
    runtime.block_on(accept(worker))
}

async fn accept(worker: Worker) -> Result<Infallible> {
    // io_uring waits for a socket that blocks; from one that does not it may return at once.
    let listener = worker.listener.try_clone()?;
    listener.set_nonblocking(false)?;
    let listener = TcpListener::from_std(listener).context("cannot register the listener")?;
    worker.ready();
    let mut incoming = listener.incoming();
    while let Some(accepted) = incoming.next().await {
        match accepted {
            Ok(stream) => {
                worker.counters.accepts.add(1);
                let counters = worker.counters.clone();
                spawn(connection::serve(stream, worker.mode, counters)).detach();
            }
            Err(error) => accept_failed(error, &worker.counters)?,
        }
    }
    bail!("compio has stopped accepting")
}
