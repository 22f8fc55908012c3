//! Listeners, workers, signals: the server as a whole.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, anyhow, ensure};
use kio_rs::{Config, Descriptors, DriverKind, Runtime, ring_flags};
use server_kit::{Balance, CaughtSignals, Event, Listeners, StartLine};

use crate::accepting::{self, Service};
use crate::args::{Accept, Args, DriverArg};
use crate::ring_only::RingOnly;

/// Serves until SIGINT or SIGTERM.
pub fn serve(args: &Args, ring_only: &RingOnly) -> Result<()> {
    ring_only.check(args.driver)?;
    server_kit::raise_open_file_limit()?;
    let signals = CaughtSignals::catch()?;
    let workers = args.common.worker_count();
    let (address, listeners, balance) = listeners(args, workers)?;
    let listeners: Arc<[StdListener]> = listeners.into();
    let service = Service::of(args);
    let ended_early = Arc::new(AtomicBool::new(false));
    let (runtime, config) = start(args, ring_only, |config| {
        let (listeners, ended_early) = (Arc::clone(&listeners), Arc::clone(&ended_early));
        Runtime::start(config, workers, move |worker, counters| {
            let socket = listeners[worker].try_clone();
            let alarm = Alarm {
                ended_early: Arc::clone(&ended_early),
                armed: true,
            };
            async move {
                match accepting::run(socket, service, counters).await {
                    Ok(()) => alarm.disarm(),
                    Err(error) => tracing::error!(
                        worker,
                        %error,
                        "a worker cannot listen; when too many files are open, raise the limit \
                         (`ulimit -n`)"
                    ),
                }
            }
        })
    })?;
    let start = StartLine {
        event: Event::Start,
        server: "kio-rs".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        address,
        workers,
        cpus: (0..workers)
            .filter_map(|worker| args.common.cpu_of(worker))
            .collect(),
        driver: driver_name(config.driver).to_owned(),
        ring_flags: ring_flags(&config).into_iter().map(str::to_owned).collect(),
        features: args.features(&config, balance),
    };
    let counters = runtime.counters();
    signals.serve_until_stopped(&start, &counters, || {
        runtime.stop().context("a worker did not end well")?;
        ensure!(
            !ended_early.load(Ordering::Relaxed),
            "a worker stopped accepting before it was asked to"
        );
        Ok(())
    })
}

/// Starts the workers on the driver that was asked for. Only `auto` may settle for another where no flag
/// asks for a ring, and says so.
fn start(
    args: &Args,
    ring_only: &RingOnly,
    run: impl Fn(&Config) -> Result<Runtime, kio_rs::Error>,
) -> Result<(Runtime, Config)> {
    let driver = if args.driver == DriverArg::Epoll {
        DriverKind::Epoll
    } else {
        DriverKind::Uring
    };
    let config = args.config(driver);
    match run(&config) {
        Ok(runtime) => {
            if driver == DriverKind::Uring
                && config.descriptors == Descriptors::Auto
                && !config.direct_descriptors()
            {
                tracing::warn!(
                    "sockets are descriptors of the process: this kernel closes direct ones late (Linux \
                     6.13 closes them at once)"
                );
            }
            Ok((runtime, config))
        }
        Err(error) if ring_only.allow_epoll(args.driver) && error.is_refusal() => {
            tracing::warn!("falling back to epoll: {:#}", anyhow!(error));
            let config = args.config(DriverKind::Epoll);
            Ok((run(&config)?, config))
        }
        Err(error) if error.is_refusal() => Err(ring_only.explain(error)),
        Err(error) => Err(error.into()),
    }
}

fn driver_name(driver: DriverKind) -> &'static str {
    match driver {
        DriverKind::Uring => "uring",
        DriverKind::Epoll => "epoll",
    }
}

/// Stops the whole server when a worker's accept loop ends for any reason but a stop: a server
/// that serves on with a worker less would be measured as if it were whole.
struct Alarm {
    ended_early: Arc<AtomicBool>,
    armed: bool,
}

impl Alarm {
    fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if self.armed {
            self.ended_early.store(true, Ordering::Relaxed);
            server_kit::request_stop();
        }
    }
}

/// A listener for each worker: its own, or a handle on the single one. With listeners of their own
/// comes how connections are shared out among them.
fn listeners(
    args: &Args,
    workers: usize,
) -> Result<(SocketAddr, Vec<StdListener>, Option<Balance>)> {
    if args.accept == Accept::PerWorker {
        let own = Listeners::bind(args.common.listen, workers, args.common.balance)?;
        let sockets = own.sockets.into_iter().map(StdListener::from).collect();
        return Ok((own.address, sockets, Some(own.balance)));
    }
    ensure!(
        args.common.balance != Balance::Turns,
        "--balance turns shares connections out among listeners; add --accept per-worker"
    );
    let single: StdListener = server_kit::listener(args.common.listen, false)?.into();
    let address = single
        .local_addr()
        .context("cannot read the listener's address")?;
    let handles: io::Result<Vec<_>> = (0..workers).map(|_| single.try_clone()).collect();
    Ok((address, handles.context("cannot share the listener")?, None))
}
