//! `peer-glommio`: the HTTP hello server on [glommio](https://github.com/DataDog/glommio), an
//! executor a worker.
//!
//! The executor is what `LocalExecutorBuilder` makes by default. Streams are `buffered()`, so that a
//! request is parsed where it was received: one buffer a connection, no copy. Glommio's streams
//! receive and send by plain system calls and wait with io_uring; that is glommio's choice.
#![deny(unsafe_code)]

mod connection;

use std::convert::Infallible;
use std::net::TcpListener as StdListener;
use std::os::fd::{FromRawFd, IntoRawFd};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use glommio::net::TcpListener;
use glommio::{LocalExecutorBuilder, Placement, spawn_local};
use peer_kit::{Peer, Worker, accept_failed};
use server_kit::CommonArgs;

/// The hello server on glommio
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    common: CommonArgs,
}

const PEER: Peer = Peer {
    package: "glommio",
    driver: "glommio-uring",
    ring_flags: &[],
    features: &["buffered-streams"],
};

fn main() -> ExitCode {
    let args = Args::parse();
    peer_kit::exit_code(peer_kit::serve(&args.common, &PEER, work))
}

fn work(worker: Worker) -> Result<Infallible> {
    // The thread is pinned already; `Placement::Fixed` would do no more than that.
    let executor = LocalExecutorBuilder::new(Placement::Unbound).make();
    // Its errors are not `Sync`.
    let executor = executor
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context(
            "the kernel refuses glommio's rings; they need 512 KiB or more of locked memory \
         (`ulimit -l`, LimitMEMLOCK= of a service), `kernel.io_uring_disabled` = 0 and a seccomp \
         filter that lets io_uring through",
        )?;
    executor.run(accept(worker))
}

async fn accept(worker: Worker) -> Result<Infallible> {
    let listener = worker.listener.try_clone()?;
    // As glommio's own are: it makes them non-blocking while it needs it.
    listener.set_nonblocking(false)?;
    let listener = register(listener);
    worker.ready();
    loop {
        match listener.accept().await {
            Ok(stream) => {
                worker.counters.accepts.add(1);
                let counters = worker.counters.clone();
                let serving = connection::serve(stream.buffered(), worker.mode, counters);
                spawn_local(serving).detach();
            }
            Err(error) => accept_failed(error.into(), &worker.counters)?,
        }
    }
}

#[allow(unsafe_code, reason = "glommio takes a listener in no other way")]
fn register(listener: StdListener) -> TcpListener {
    // SAFETY: the descriptor is open, a listening socket, and owned by nobody else from here on.
    unsafe { TcpListener::from_raw_fd(listener.into_raw_fd()) }
}
