//! A server process on this machine: started, ready, sampled, stopped.

use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use server_kit::{CountersLine, Event, StartLine};

use super::launch::Launch;
use super::lines::{Lines, Next};
use super::log::Log;
use super::machine_usage::MachineUsage;
use super::network_usage::NetworkUsage;
use super::process::{Confinement, Process};
use super::sample::{Moment, Sample, monotonic_ns};
use super::sampler::Sampler;
use super::server_usage::{self, ServerUsage};
use crate::interrupt::Interrupt;

/// Longest wait for a server to be ready, to answer a signal, to stop.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause between two looks whether a server without a start line is ready.
const PAUSE: Duration = Duration::from_millis(2);

/// A running server on this machine. Dropping it kills it.
#[derive(Debug)]
pub struct LocalServer {
    process: Process,
    facts: Facts,
    device: Option<String>,
    /// Of a server that reports.
    lines: Option<SharedLines>,
    /// The readings that are being taken.
    sampler: Option<Sampler<Reading>>,
    /// Its standard error, and its standard output when it does not report.
    log: Log,
}

/// The lines of a server, which the readings of a window ask for as well.
type SharedLines = Arc<Mutex<Lines>>;

/// What is known of a server once it is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its command line, with the subject's name for the binary.
    pub command_line: Vec<String>,
    /// Its start line as it printed it; empty when it does not report.
    pub start_text: String,
    /// The same, read.
    pub start: Option<StartLine>,
}

/// How a server's work went, from the first reading on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSeries {
    /// When, since the first reading.
    pub at_ms: Vec<u32>,
    /// Requests answered since then; empty for a server that does not report.
    pub requests: Vec<u64>,
    /// CPU time since then.
    pub cpu_us: Vec<u64>,
    /// CPU time that the readings took.
    pub cost_us: u64,
}

/// One reading of a server.
#[derive(Debug)]
struct Reading {
    requests: Option<u64>,
    cpu_ns: u64,
}

impl LocalServer {
    /// Starts a server and waits until its sockets listen.
    ///
    /// # Errors
    /// When it ends or stays silent instead; the message has what it wrote on standard error.
    pub fn start(launch: &Launch, interrupt: &Interrupt) -> Result<Self> {
        let log = Log::new().context("cannot make a temporary file")?;
        let mut command = launch.command();
        // A pipe's other end is open for as long as the process is held.
        let input = if launch.holds_stdin {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        command.stdin(input).stderr(log.stdio()?);
        if launch.reports {
            command.stdout(Stdio::piped());
        } else {
            command.stdout(log.stdio()?);
        }
        let confinement = Confinement {
            cpus: launch.cpus.clone(),
            scheduling: launch.scheduling,
            namespace: launch.namespace.clone(),
        };
        let process = Process::start_confined(&mut command, confinement)
            .with_context(|| format!("cannot start {}", launch.subject))?;
        let mut server = Self {
            process,
            facts: Facts {
                address: launch.address,
                command_line: launch.command_line(),
                start_text: String::new(),
                start: None,
            },
            device: launch.device.clone(),
            lines: None,
            sampler: None,
            log,
        };
        let ready = if launch.reports {
            server.read_start_line(interrupt)
        } else {
            server.wait_for_port(interrupt)
        };
        match ready {
            Ok(()) => Ok(server),
            Err(error) => Err(server.explain(error)),
        }
    }

    fn read_start_line(&mut self, interrupt: &Interrupt) -> Result<()> {
        let output = self.process.take_output().context("no standard output")?;
        let mut lines = Lines::new(output, interrupt.clone());
        let start_text = match lines.next(Instant::now() + PATIENCE)? {
            Next::Line(text) => text,
            Next::Closed => bail!("the server ended before it listened"),
            Next::Late => bail!("the server printed no start line in {PATIENCE:?}"),
        };
        let start: StartLine = serde_json::from_str(&start_text)
            .with_context(|| format!("the start line is not one: {start_text}"))?;
        ensure!(
            start.address == self.facts.address,
            "the server listens on {} in place of {}",
            start.address,
            self.facts.address
        );
        self.facts.start_text = start_text;
        self.facts.start = Some(start);
        self.lines = Some(Arc::new(Mutex::new(lines)));
        Ok(())
    }

    fn wait_for_port(&mut self, interrupt: &Interrupt) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.facts.address).is_err() {
            interrupt.check()?;
            ensure!(
                self.process.ended()?.is_none(),
                "the server ended before it listened"
            );
            ensure!(
                Instant::now() < deadline,
                "nothing listens on {} after {PATIENCE:?}",
                self.facts.address
            );
            sleep(PAUSE);
        }
        Ok(())
    }

    /// What is known of it.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// All that it and its machine have used until now.
    ///
    /// # Errors
    /// When it has ended, or does not report though it should.
    pub fn sample(&mut self, moment: Moment) -> Result<Sample> {
        let network = || NetworkUsage::of(self.process.pid(), self.device.as_deref());
        match moment {
            Moment::Before => {
                let (counters, network) = (self.counters()?, network()?);
                Ok(Sample {
                    counters,
                    network,
                    at_ns: monotonic_ns()?,
                    server: ServerUsage::read(self.process.pid())?,
                    machine: MachineUsage::read()?,
                })
            }
            Moment::After => Ok(Sample {
                machine: MachineUsage::read()?,
                at_ns: monotonic_ns()?,
                server: ServerUsage::read(self.process.pid())?,
                network: network()?,
                counters: self.counters()?,
            }),
        }
    }

    fn counters(&self) -> Result<Option<CountersLine>> {
        let ask = |lines| ask_for_counters(self.process.pid(), lines);
        self.lines.as_ref().map(ask).transpose()
    }

    /// Begins to take readings at every step.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn watch(&mut self, step: Duration) -> Result<()> {
        let pid = self.process.pid();
        // What it starts later is not followed: to look for it at every step would cost too much.
        let family = server_usage::family(pid.as_raw());
        let lines = self.lines.clone();
        let read = move || {
            let requests = lines.as_ref().map(|lines| requests(pid, lines));
            let clocks = family.iter().map(|pid| server_usage::cpu_ns(*pid).ok());
            Some(Reading {
                requests: requests.transpose().ok()?,
                cpu_ns: clocks.sum::<Option<u64>>()?,
            })
        };
        self.sampler = Some(Sampler::start(step, read).context("cannot start a thread")?);
        Ok(())
    }

    /// Ends the readings, and returns them; nothing when none were begun.
    pub fn series(&mut self) -> ServerSeries {
        let Some(sampler) = self.sampler.take() else {
            return ServerSeries::default();
        };
        let readings = sampler.end();
        let first = readings.values.first();
        let (first_ns, first_request) = first.map_or((0, None), |r| (r.cpu_ns, r.requests));
        let requests = readings
            .values
            .iter()
            .filter_map(|reading| reading.requests);
        let used = |reading: &Reading| reading.cpu_ns.saturating_sub(first_ns) / 1000;
        ServerSeries {
            requests: requests
                .map(|count| count.saturating_sub(first_request.unwrap_or(0)))
                .collect(),
            cpu_us: readings.values.iter().map(used).collect(),
            at_ms: readings.at_ms,
            cost_us: readings.cost_ns / 1000,
        }
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Errors
    /// When it does not stop, or reports and ends otherwise than with a stop line and status 0.
    pub fn stop(mut self) -> Result<()> {
        drop(self.sampler.take().map(Sampler::end));
        self.process.signal(Signal::SIGTERM)?;
        let lines = self.lines.clone();
        if let Some(lines) = &lines {
            let last = read_counters(&mut lock(lines), Event::Stop);
            if let Err(error) = last.context("the server did not stop cleanly") {
                return Err(self.explain(error));
            }
        }
        let status = self.process.wait_until(Instant::now() + PATIENCE)?;
        let Some(status) = status else {
            bail!("the server still ran {PATIENCE:?} after SIGTERM and was killed");
        };
        if lines.is_some() && !status.success() {
            return Err(self.explain(anyhow!("the server did not stop cleanly")));
        }
        Ok(())
    }

    /// How it ended, if it has, and what it wrote on standard error.
    pub fn end(&mut self) -> Option<String> {
        // A server whose output has just closed may need a moment to end.
        let soon = Instant::now() + Duration::from_millis(100);
        let status = self.process.wait_until(soon).ok()??;
        Some(format!("it ended with {status}{}", self.log.last_words()))
    }

    /// The error, with how the server ended.
    pub fn explain(&mut self, error: anyhow::Error) -> anyhow::Error {
        explain(error, self.end())
    }
}

/// The error, with how the server ended, if it has.
pub fn explain(error: anyhow::Error, end: Option<String>) -> anyhow::Error {
    match end {
        Some(end) => anyhow!("{error:#} ({end})"),
        None => error,
    }
}

fn lock(lines: &SharedLines) -> std::sync::MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One question at a time, so that each has its own answer.
fn ask_for_counters(pid: Pid, lines: &SharedLines) -> Result<CountersLine> {
    let mut lines = lock(lines);
    match kill(pid, Signal::SIGUSR1) {
        // The end of its output says it better.
        Ok(()) | Err(Errno::ESRCH) => read_counters(&mut lines, Event::Counters),
        Err(error) => Err(error).context("cannot signal the server"),
    }
}

/// The requests that all workers have answered.
fn requests(pid: Pid, lines: &SharedLines) -> Result<u64> {
    let counters = ask_for_counters(pid, lines)?;
    Ok(counters.workers.iter().map(|worker| worker.requests).sum())
}

fn read_counters(lines: &mut Lines, event: Event) -> Result<CountersLine> {
    let text = match lines.next(Instant::now() + PATIENCE)? {
        Next::Line(text) => text,
        Next::Closed => bail!("the server ended without its counters"),
        Next::Late => bail!("the server did not report its counters in {PATIENCE:?}"),
    };
    let line: CountersLine = serde_json::from_str(&text)
        .with_context(|| format!("the server's counters are not readable: {text}"))?;
    ensure!(
        line.event == event,
        "the server reported out of turn: {text}"
    );
    Ok(line)
}

#[cfg(test)]
mod tests;
