//! Threads, listeners, signals.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::panic;
use std::process::{self, ExitCode, exit};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use anyhow::{Context, Result};
use hello_http::Mode;
use server_kit::{
    CaughtSignals, CommonArgs, Counters, Event, Kept, Listeners, StartLine, confine,
    raise_open_file_limit,
};

use crate::lock::locked_version;

/// How much is read after the last answer, so that closing does not reset the connection before the
/// client has read it (RFC 9112, section 9.6). Unlike in the study's own servers no time-out ends
/// this: the only clients are a load generator and the tests.
pub const LINGER_BYTES: usize = 1 << 20;

/// What is said of a peer on its start line.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The package of the runtime or the HTTP library.
    pub package: &'static str,
    /// What waits for the sockets.
    pub driver: &'static str,
    /// Flags the rings are made with.
    pub ring_flags: &'static [&'static str],
    /// What else is in use.
    pub features: &'static [&'static str],
}

/// What a worker has.
pub struct Worker {
    /// Its own listener, with `SO_REUSEPORT`; non-blocking.
    pub listener: TcpListener,
    /// Its own counters.
    pub counters: Arc<Counters>,
    /// Those of all workers in order, for a runtime that decides itself who serves a connection.
    pub everyones: Arc<[Arc<Counters>]>,
    /// How requests are answered.
    pub mode: Mode,
    ready: Sender<()>,
}

impl Worker {
    /// Says that the runtime is there, and nothing but connections is missing.
    pub fn ready(&self) {
        // The other side goes first only when the process ends.
        _ = self.ready.send(());
    }
}

/// Serves until SIGINT or SIGTERM. `work` is what a worker does on its thread, without end; what it
/// returns is why it cannot go on, which ends the server.
///
/// # Errors
/// When the address or a processor is not available.
pub fn serve<W>(args: &CommonArgs, peer: &Peer, work: W) -> Result<()>
where
    W: Fn(Worker) -> Result<Infallible> + Clone + Send + 'static,
{
    end_at_any_panic();
    raise_open_file_limit()?;
    let signals = CaughtSignals::catch()?.keeping(Kept::Requests);
    let workers = args.worker_count();
    let Listeners {
        sockets,
        address,
        balance,
    } = Listeners::bind(args.listen, workers, args.balance)?;
    let everyones: Arc<[Arc<Counters>]> = (0..workers).map(|_| Arc::default()).collect();
    let (ready, ready_workers) = channel();
    for (id, socket) in sockets.into_iter().enumerate() {
        let worker = Worker {
            listener: socket.into(),
            counters: Arc::clone(&everyones[id]),
            everyones: Arc::clone(&everyones),
            mode: Mode::new(args.no_parse, args.body_bytes),
            ready: ready.clone(),
        };
        let (cpu, work) = (args.cpu_of(id), work.clone());
        thread::Builder::new()
            .name(format!("worker {id}"))
            .spawn(move || {
                let Err(error) = confine(cpu.as_slice()).and_then(|()| work(worker));
                // A server that goes on with a worker less would be measured as if it were whole.
                eprintln!("worker {id}: {error:#}");
                exit(1);
            })
            .context("cannot start a thread")?;
    }
    // One that fails before this ends the process.
    ready_workers.iter().take(workers).for_each(drop);
    let mut start = start_line(args, peer, locked_version(peer.package), address);
    start.features.push(balance.feature().to_owned());
    // Nothing of a runtime outlives the process, and what is asked for was answered by then.
    signals.serve_until_stopped(&start, &everyones, || Ok(()))
}

/// What `main` returns; an error is printed.
pub fn exit_code(served: Result<()>) -> ExitCode {
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The start line of a peer.
pub fn start_line(args: &CommonArgs, peer: &Peer, version: &str, address: SocketAddr) -> StartLine {
    let workers = args.worker_count();
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let mut features: Vec<String> = words(peer.features);
    features.push(format!("{}-{version}", peer.package));
    if args.no_parse {
        features.push("no-parse".to_owned());
    }
    features.extend(args.body_feature());
    StartLine {
        event: Event::Start,
        server: format!("peer-{}", peer.package),
        version: version.to_owned(),
        pid: process::id(),
        address,
        workers,
        cpus: (0..workers).filter_map(|id| args.cpu_of(id)).collect(),
        driver: peer.driver.to_owned(),
        ring_flags: words(peer.ring_flags),
        features,
    }
}

/// Runtimes contain a panic in its task, and a server that has lost a part of itself would go on
/// being measured.
fn end_at_any_panic() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        print(panic);
        exit(101);
    }));
}
