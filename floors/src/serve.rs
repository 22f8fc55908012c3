//! Listeners, threads, signals: a floor as a whole.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow};
use nix::sys::eventfd::{EfdFlags, EventFd};
use server_kit::{CaughtSignals, CommonArgs, Counters, Event, Listeners, StartLine, confine};
use socket2::Socket;

/// What the start line says of a floor.
#[derive(Clone, Debug)]
pub struct Description {
    /// The server's name.
    pub server: &'static str,
    /// What waits for the sockets.
    pub driver: &'static str,
    /// Flags of its rings.
    pub ring_flags: Vec<&'static str>,
    /// Features in use.
    pub features: Vec<String>,
}

/// What a worker gets.
#[derive(Debug)]
pub struct Seat {
    /// Its SO_REUSEPORT listener.
    pub listener: Socket,
    /// Becomes readable, and stays so, when the worker shall end.
    pub stop: Arc<EventFd>,
    /// Its counters.
    pub counters: Arc<Counters>,
    /// The processor it is pinned to.
    pub cpu: Option<usize>,
    ready: Sender<()>,
}

impl Seat {
    /// Tells that the kernel has granted whatever was asked of it: the server may say it has started.
    pub fn ready(&self) {
        // Whoever does not listen any more has given up on another worker.
        _ = self.ready.send(());
    }
}

struct Worker {
    thread: JoinHandle<Result<()>>,
    stop: Arc<EventFd>,
    counters: Arc<Counters>,
}

/// Runs `work` on a thread for each worker until SIGINT or SIGTERM. It has to call [`Seat::ready`],
/// and to return when [`Seat::stop`] is readable.
///
/// # Errors
/// When a listener, a pinning or a worker fails.
pub fn serve<F>(common: &CommonArgs, description: Description, work: F) -> Result<()>
where
    F: Fn(&Seat) -> Result<()> + Send + Sync + 'static,
{
    server_kit::raise_open_file_limit()?;
    let signals = CaughtSignals::catch()?;
    let count = common.worker_count();
    let work = Arc::new(work);
    let mut workers = Vec::with_capacity(count);
    // All listen before the first serves, so that no connection goes to a listener alone.
    let Listeners {
        address,
        sockets: listeners,
        balance,
    } = Listeners::bind(common.listen, count, common.balance)?;
    for (number, listener) in listeners.into_iter().enumerate() {
        workers.push(start(
            number,
            common.cpu_of(number),
            listener,
            Arc::clone(&work),
        )?);
    }
    let mut features = vec![balance.feature().to_owned()];
    features.extend(description.features);
    features.extend(common.body_feature());
    let start = StartLine {
        event: Event::Start,
        server: description.server.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        address,
        workers: count,
        cpus: (0..count)
            .filter_map(|worker| common.cpu_of(worker))
            .collect(),
        driver: description.driver.to_owned(),
        ring_flags: description
            .ring_flags
            .into_iter()
            .map(str::to_owned)
            .collect(),
        features,
    };
    let counters: Vec<_> = workers
        .iter()
        .map(|worker| Arc::clone(&worker.counters))
        .collect();
    signals.serve_until_stopped(&start, &counters, || stop(workers))
}

fn start<F>(number: usize, cpu: Option<usize>, listener: Socket, work: Arc<F>) -> Result<Worker>
where
    F: Fn(&Seat) -> Result<()> + Send + Sync + 'static,
{
    let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
    let stop = Arc::new(EventFd::from_value_and_flags(0, flags).context("cannot make an eventfd")?);
    let counters = Arc::new(Counters::default());
    let (ready, started) = channel();
    let seat = Seat {
        listener,
        stop: Arc::clone(&stop),
        counters: Arc::clone(&counters),
        cpu,
        ready,
    };
    let body = move || {
        let alarm = Alarm;
        if let Some(cpu) = seat.cpu {
            confine(&[cpu])?;
        }
        work(&seat)?;
        std::mem::forget(alarm);
        Ok(())
    };
    let thread = thread::Builder::new()
        .name(format!("floor-{number}"))
        .spawn(body)
        .context("cannot start a thread")?;
    let worker = Worker {
        thread,
        stop,
        counters,
    };
    match started.recv() {
        Ok(()) => Ok(worker),
        Err(_) => Err(join(number, worker)
            .err()
            .unwrap_or_else(|| anyhow!("worker {number} never began"))),
    }
}

fn stop(workers: Vec<Worker>) -> Result<()> {
    for worker in &workers {
        worker
            .stop
            .write(1)
            .context("cannot tell a worker to stop")?;
    }
    let ended = workers.into_iter().enumerate();
    ended
        .map(|(number, worker)| join(number, worker))
        .fold(Ok(()), Result::and)
}

fn join(number: usize, worker: Worker) -> Result<()> {
    match worker.thread.join() {
        Ok(result) => result,
        Err(_) => Err(anyhow!("worker {number} panicked")),
    }
}

/// Stops the whole server when a worker fails or panics: one that serves on with a worker less would
/// be measured as if it were whole.
struct Alarm;

impl Drop for Alarm {
    fn drop(&mut self) {
        server_kit::request_stop();
    }
}
