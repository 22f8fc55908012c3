//! Puts the runtimes together, and takes them apart.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use hello_http::Mode;
use server_kit::{CaughtSignals, Counters, Event, StartLine, listener, raise_open_file_limit};
use socket2::Socket;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::accepting::accept;
use crate::args::{Accept, Args, RuntimeKind};
use crate::pinning::confine;
use crate::stopping::settle;
use crate::worker;

/// For the workers of a runtime to end; they end within one turn of their loops.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// When the flags make no sense here, the address is taken, or the kernel refuses what is needed.
pub fn serve(args: &Args) -> Result<()> {
    args.check()?;
    raise_open_file_limit()?;
    confine(&args.common.cpus.0)?;
    let signals = CaughtSignals::catch()?;
    let counters = counters(args.common.worker_count());
    let sockets = sockets(args)?;
    let address = sockets[0]
        .local_addr()?
        .as_socket()
        .context("the listening socket has no internet address")?;
    let running = match args.runtime {
        RuntimeKind::MultiThread => multi_thread(args, sockets, counters)?,
        RuntimeKind::PerCore => per_core(args, sockets, counters)?,
    };
    signals.serve_until_stopped(&start_line(args, address), counters, || stop(running))
}

/// Counters a worker. They are never freed: threads keep references to them until the very end.
fn counters(workers: usize) -> &'static [Arc<Counters>] {
    let counters: Vec<_> = (0..workers).map(|_| Arc::default()).collect();
    counters.leak()
}

/// The listening sockets. When port 0 is asked for, all get the one that the first is given.
fn sockets(args: &Args) -> Result<Vec<Socket>> {
    let reuse_port = args.accept == Accept::PerWorker;
    let first = listener(args.common.listen, reuse_port)?;
    let address = first
        .local_addr()?
        .as_socket()
        .unwrap_or(args.common.listen);
    let mut sockets = vec![first];
    for _ in 1..args.acceptors() {
        sockets.push(listener(address, reuse_port)?);
    }
    Ok(sockets)
}

fn multi_thread(
    args: &Args,
    sockets: Vec<Socket>,
    counters: &'static [Arc<Counters>],
) -> Result<Vec<Running>> {
    let next_worker = AtomicUsize::new(0);
    let runtime = Builder::new_multi_thread()
        .worker_threads(counters.len())
        .on_thread_start(move || {
            let worker = next_worker.fetch_add(1, Ordering::Relaxed);
            if let Some(counters) = counters.get(worker) {
                worker::enter(counters);
            }
        })
        .enable_all()
        .build()
        .context("cannot start the Tokio runtime")?;
    Ok(vec![Running::start(runtime, sockets, args, None)?])
}

fn per_core(
    args: &Args,
    sockets: Vec<Socket>,
    counters: &'static [Arc<Counters>],
) -> Result<Vec<Running>> {
    let mut running = Vec::new();
    for (worker, (socket, counters)) in sockets.into_iter().zip(counters).enumerate() {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start a Tokio runtime")?;
        // The worker's thread is started from here and inherits this.
        let cpu = args.common.cpu_of(worker);
        confine(cpu.as_slice())?;
        running.push(Running::start(runtime, vec![socket], args, Some(counters))?);
    }
    confine(&args.common.cpus.0)?;
    Ok(running)
}

/// A runtime on a thread of its own.
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Running {
    /// Starts the thread. `counters` are for the thread itself, when it is the worker.
    fn start(
        runtime: Runtime,
        sockets: Vec<Socket>,
        args: &Args,
        counters: Option<&'static Counters>,
    ) -> Result<Self> {
        let mode = mode(args);
        let listeners = {
            let _context = runtime.enter();
            let listeners = sockets
                .into_iter()
                .map(|socket| TcpListener::from_std(socket.into()));
            let listeners: std::io::Result<Vec<_>> = listeners.collect();
            listeners.context("cannot register a listening socket with Tokio")?
        };
        let (stop, stopped) = oneshot::channel();
        let work = move || {
            if let Some(counters) = counters {
                worker::enter(counters);
            }
            runtime.block_on(run(listeners, mode, stopped));
            runtime.shutdown_timeout(SHUTDOWN);
        };
        let thread = thread::Builder::new()
            .name("runtime".to_owned())
            .spawn(work)
            .context("cannot start a thread for a runtime")?;
        Ok(Self { stop, thread })
    }
}

/// Accepts until told to stop, then lets the answers under way finish.
async fn run(listeners: Vec<TcpListener>, mode: Mode, stopped: oneshot::Receiver<()>) {
    let acceptors: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(accept(listener, mode)))
        .collect();
    // An error is the sender's end, which is a reason to stop as well.
    let _ = stopped.await;
    for acceptor in acceptors {
        acceptor.abort();
    }
    settle().await;
}

fn stop(running: Vec<Running>) -> Result<()> {
    let threads: Vec<_> = running
        .into_iter()
        .map(|running| {
            // A thread that has gone already is found by the join.
            let _ = running.stop.send(());
            running.thread
        })
        .collect();
    for thread in threads {
        thread
            .join()
            .map_err(|_| anyhow!("the thread of a runtime panicked"))?;
    }
    Ok(())
}

fn mode(args: &Args) -> Mode {
    if args.common.no_parse {
        Mode::AnswerEveryRead
    } else {
        Mode::Parse
    }
}

fn start_line(args: &Args, address: SocketAddr) -> StartLine {
    let common = &args.common;
    let workers = common.worker_count();
    let (runtime, cpus) = match args.runtime {
        RuntimeKind::MultiThread => ("multi-thread", common.cpus.0.clone()),
        RuntimeKind::PerCore => (
            "per-core",
            (0..workers)
                .filter_map(|worker| common.cpu_of(worker))
                .collect(),
        ),
    };
    let accept = match args.accept {
        Accept::Single => "accept-single",
        Accept::PerWorker => "accept-per-worker",
    };
    let mut features = vec![
        runtime.to_owned(),
        accept.to_owned(),
        "tcp-nodelay".to_owned(),
    ];
    if common.no_parse {
        features.push("no-parse".to_owned());
    }
    StartLine {
        event: Event::Start,
        server: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        address,
        workers,
        cpus,
        driver: format!("tokio-{runtime}"),
        ring_flags: Vec::new(),
        features,
    }
}
