//! `peer-may`: the HTTP hello server on [may](https://github.com/Xudong-Huang/may), a coroutine a
//! connection.
//!
//! May has one scheduler for the process; its workers pin themselves, each to one of the processors
//! that the process may run on, and wait with an epoll of their own. The socket's descriptor decides
//! which worker serves a connection, whichever listener accepted it. A connection is served as in
//! may's HTTP server `may_minihttp`: plain non-blocking calls, then `wait_io`.
#![deny(unsafe_code)]

mod connection;

use std::convert::Infallible;
use std::net::TcpListener as StdListener;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use may::coroutine::Builder;
use may::net::TcpListener;
use peer_kit::{Peer, Worker, accept_failed, confine};
use server_kit::CommonArgs;

/// The hello server on may
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    common: CommonArgs,
}

const PEER: Peer = Peer {
    package: "may",
    driver: "may-epoll",
    ring_flags: &[],
    features: &["coroutines"],
};

/// Stacks that are kept for new coroutines. The default is 1000; here all connections of a load
/// find one.
const STACKS: usize = 4096;

fn main() -> ExitCode {
    let args = Args::parse();
    peer_kit::exit_code(start_scheduler(&args.common).and_then(|()| {
        let pinned = !args.common.cpus.0.is_empty();
        let peer = Peer {
            features: if pinned {
                PEER.features
            } else {
                &["coroutines", "unpinned-workers"]
            },
            ..PEER
        };
        peer_kit::serve(&args.common, &peer, work)
    }))
}

/// Starts may's workers. They pin themselves to the processors that this thread may run on when
/// the scheduler starts, in ascending order.
fn start_scheduler(args: &CommonArgs) -> Result<()> {
    let cpus = &args.cpus.0;
    confine(cpus)?;
    may::config()
        .set_workers(args.worker_count())
        .set_pool_capacity(STACKS)
        .set_worker_pin(!cpus.is_empty());
    may::go!(|| ())
        .join()
        .map_err(|_| anyhow!("may's scheduler does not start"))
}

/// Accepts in a coroutine; the thread only waits for its end, which never comes.
fn work(worker: Worker) -> Result<Infallible> {
    let acceptor = may::go!(move || accept(&worker));
    let ended = acceptor.join();
    ended.map_err(|_| anyhow!("a coroutine panicked"))?
}

fn accept(worker: &Worker) -> Result<Infallible> {
    let listener = register(worker.listener.try_clone()?);
    worker.ready();
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                worker.counters.accepts.add(1);
                // The descriptor decides which worker waits for the socket. As in `may_minihttp`,
                // the coroutine starts on the same one.
                let descriptor = usize::try_from(stream.as_raw_fd())?;
                let counters = Arc::clone(&worker.everyones[descriptor % worker.everyones.len()]);
                let mode = worker.mode;
                let serve = move || connection::serve(stream, mode, &counters);
                may::go!(Builder::new().id(descriptor), serve)
                    .context("cannot start a coroutine")?;
            }
            Err(error) => accept_failed(error, &worker.counters)?,
        }
    }
}

#[allow(unsafe_code, reason = "may takes a listener in no other way")]
fn register(listener: StdListener) -> TcpListener {
    // SAFETY: the descriptor is open, a listening socket, and owned by nobody else from here on.
    unsafe { TcpListener::from_raw_fd(listener.into_raw_fd()) }
}
