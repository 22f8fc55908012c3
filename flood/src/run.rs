//! A run: rings, connections, threads, the window.

use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::prctl::set_timerslack;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;

use crate::args::Settings;
use crate::batch::Expectation;
use crate::connections::{self, Connections};
use crate::report::{Report, Tally};
use crate::ring::Ring;
use crate::source;
use crate::stop::Stop;
use crate::worker::{Task, Worker};

/// A run that has ended. Its connections are open until it is dropped.
#[derive(Debug)]
pub struct Finished {
    report: Report,
    _active: Vec<TcpStream>,
    _connections: Connections,
}

impl Finished {
    /// What it counted.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

/// What a thread starts with: its connections, and what they must be answered.
type Share = (Vec<TcpStream>, Expectation);

/// Loads the server as `settings` say. `connected` is called when all connections are open, before the
/// window.
///
/// # Errors
/// When the kernel refuses a ring, nobody listens, or the first answer is not one to load with.
pub fn run(
    settings: &Settings,
    stop: &Stop,
    connected: impl FnOnce() -> Result<()>,
) -> Result<Finished> {
    ensure!(
        settings.connections >= settings.threads,
        "{} connections cannot be spread over {} threads; lower --threads",
        settings.connections,
        settings.threads
    );
    ensure!(
        settings.pipeline == 1
            || (settings.rate_per_s.is_none() && settings.requests_per_connection.is_none()),
        "--pipeline is for closed loops on connections that stay; leave it out with --rate and \
         --requests-per-connection"
    );
    source::check(settings)?;
    connections::make_room(settings)?;
    thread::scope(|scope| {
        let (ready, readiness) = channel();
        let mut starters = Vec::new();
        let mut threads = Vec::new();
        for number in 0..settings.threads {
            let (starter, start) = channel();
            let ready = ready.clone();
            starters.push(starter);
            threads.push(scope.spawn(move || drive(settings, number, stop, ready, &start)));
        }
        drop(ready);
        // Before anything is opened: without rings there is no load.
        readiness.iter().collect::<Result<()>>()?;
        let mut connections = connections::open(settings, stop)?;
        let expected = connections.expectation(settings)?;
        connected()?;

        let cpu_before = cpu_time()?;
        let mut tally: Option<Tally> = None;
        for (starter, share) in starters.iter().zip(connections.shares(settings.threads)) {
            let sent = starter.send((share, expected.clone()));
            sent.map_err(|_| anyhow!("a thread ended before the window"))?;
        }
        let mut active = Vec::new();
        for thread in threads {
            let ended = thread.join().map_err(|_| anyhow!("a thread panicked"))?;
            let Some((counted, streams)) = ended? else {
                continue;
            };
            active.extend(streams);
            match &mut tally {
                Some(sum) => sum.add(&counted)?,
                None => tally = Some(counted),
            }
        }
        let cpu = cpu_time()?.saturating_sub(cpu_before);
        let mut tally = tally.context("no thread has loaded anything")?;
        tally.errors_connect += connections.failed;
        tally.errors_read += connections.broken_idle();
        Ok(Finished {
            report: Report { tally, cpu },
            _active: active,
            _connections: connections,
        })
    })
}

/// One thread: makes its ring, says so, waits for its share, loads. Nothing comes of a run that ends
/// before the window.
fn drive(
    settings: &Settings,
    number: usize,
    stop: &Stop,
    ready: Sender<Result<()>>,
    start: &Receiver<Share>,
) -> Result<Option<(Tally, Vec<TcpStream>)>> {
    let cpus = &settings.cpus;
    let cpu = (!cpus.is_empty()).then(|| cpus[number % cpus.len()]);
    let most = settings.connections.div_ceil(settings.threads);
    let requests = connections::requests(settings);
    let made = cpu
        .map_or(Ok(()), pin)
        .and_then(|()| wake_on_time(settings))
        .and_then(|()| Ring::new(most, requests, settings.address));
    let (ring, told) = match made {
        Ok(ring) => (Some(ring), Ok(())),
        Err(error) => (None, Err(error)),
    };
    // Whoever does not hear it has ended the run already.
    let _ = ready.send(told);
    drop(ready);
    let (Some(ring), Ok((streams, expected))) = (ring, start.recv()) else {
        return Ok(None);
    };
    let task = Task {
        settings,
        number,
        stop: stop.descriptor(),
    };
    Worker::load(task, ring, streams, expected).map(Some)
}

/// The kernel wakes a thread up to 50 us late unless told otherwise, which would be in the latency of
/// every request of an open loop.
fn wake_on_time(settings: &Settings) -> Result<()> {
    if settings.rate_per_s.is_some() {
        set_timerslack(1).context("cannot have this thread woken on time")?;
    }
    Ok(())
}

/// Confines this thread to a processor.
fn pin(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu)
        .and_then(|()| sched_setaffinity(Pid::from_raw(0), &set))
        .with_context(|| format!("processor {cpu} of --cpus is not available; `lscpu` lists them"))
}

fn cpu_time() -> Result<Duration> {
    let time = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
    Ok(Duration::from(time))
}
