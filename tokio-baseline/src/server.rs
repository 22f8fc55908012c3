//! Puts the runtimes together, and takes them apart.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use hello_http::Mode;
use server_kit::{
    Balance, CaughtSignals, Counters, Event, Listeners, StartLine, confine, listener,
    raise_open_file_limit,
};
use socket2::Socket;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::accepting::accept;
use crate::args::{Accept, Args, BufferOf, RuntimeKind};
use crate::connection::Handling;
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
    let (address, sockets, balance) = sockets(args)?;
    let running = match args.runtime {
        RuntimeKind::MultiThread => multi_thread(args, sockets, counters)?,
        RuntimeKind::PerCore => per_core(args, sockets, counters)?,
    };
    signals.serve_until_stopped(&start_line(args, address, balance), counters, || {
        stop(running)
    })
}

/// Counters a worker. They are never freed: threads keep references to them until the very end.
fn counters(workers: usize) -> &'static [Arc<Counters>] {
    let counters: Vec<_> = (0..workers).map(|_| Arc::default()).collect();
    counters.leak()
}

/// The listening sockets; when there is one a worker, also how connections are shared out.
fn sockets(args: &Args) -> Result<(SocketAddr, Vec<Socket>, Option<Balance>)> {
    let (listen, workers) = (args.common.listen, args.common.worker_count());
    if args.accept == Accept::PerWorker {
        let each = Listeners::bind(listen, workers, args.common.balance)?;
        return Ok((each.address, each.sockets, Some(each.balance)));
    }
    let single = listener(listen, false)?;
    let address = single
        .local_addr()?
        .as_socket()
        .context("the listening socket has no internet address")?;
    Ok((address, vec![single], None))
}

fn multi_thread(
    args: &Args,
    sockets: Vec<Socket>,
    counters: &'static [Arc<Counters>],
) -> Result<Vec<Running>> {
    let (next_worker, spin) = (AtomicUsize::new(0), args.spin());
    let runtime = Builder::new_multi_thread()
        .worker_threads(counters.len())
        .on_thread_start(move || {
            let worker = next_worker.fetch_add(1, Ordering::Relaxed);
            if let Some(counters) = counters.get(worker) {
                worker::enter(counters, spin);
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
        let (handling, spin) = (handling(args), args.spin());
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
                worker::enter(counters, spin);
            }
            runtime.block_on(run(listeners, handling, stopped));
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
async fn run(listeners: Vec<TcpListener>, handling: Handling, stopped: oneshot::Receiver<()>) {
    let acceptors: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(accept(listener, handling)))
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

fn handling(args: &Args) -> Handling {
    Handling {
        mode: Mode::new(args.common.no_parse, args.common.body_bytes),
        buffer: args.buffer,
    }
}

fn start_line(args: &Args, address: SocketAddr, balance: Option<Balance>) -> StartLine {
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
    let mut features = vec![runtime, accept];
    features.extend(balance.map(Balance::feature));
    features.push("tcp-nodelay");
    let spin = format!("spin-us={}", args.spin_us);
    let flags = [
        ("worker-buffer", args.buffer == BufferOf::Worker),
        (&spin, args.spin_us > 0),
        ("no-parse", common.no_parse),
    ];
    features.extend(
        flags
            .into_iter()
            .filter_map(|(name, on)| on.then_some(name)),
    );
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
        features: (features.into_iter().map(str::to_owned))
            .chain(common.body_feature())
            .collect(),
    }
}
