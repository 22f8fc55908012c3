//! A load generator at work: started, watched, read.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use records::{Generator, LoadPoint, Plan, Scheduling};

use super::histogram::Latencies;
use super::oha;
use super::report::{self, Pair, Window};
use crate::host::{self, Lines, Log, Next, Process, Readings, Sampler, ThreadUsage};
use crate::interrupt::Interrupt;

/// How late the connections or a report may be: wrk's threads notice the end every 100 ms, on a busy
/// machine later.
const PATIENCE: Duration = Duration::from_secs(20);
/// The line of a generator whose connections are open.
const CONNECTED_LINE: &str = "connected";

/// How it shows that the connections are open.
#[derive(Clone, Copy, Debug)]
pub(super) enum Connected {
    /// Not at all; they are after this long, which is part of the window.
    After(Duration),
    /// It says so, in a line, and the window begins.
    Told,
}

/// What a load generator used, from the first reading on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientSeries {
    /// CPU time since then, a reading a step.
    pub cpu_us: Vec<u64>,
    /// CPU time by thread, from the last reading that saw all of them: wrk's end before it reports.
    pub by_thread_us: Vec<u64>,
}

/// One reading of a load generator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    cpu_ns: u64,
    threads: Vec<ThreadUsage>,
}

/// A load generator at work.
#[derive(Debug)]
pub struct Run {
    name: &'static str,
    process: Process,
    lines: Lines,
    log: Log,
    connected: Connected,
    window: Duration,
    /// When the window began, or may have.
    began: Instant,
    sampler: Option<Sampler<Reading>>,
    /// Of a generator that reports all at its end: what all before it had used.
    children_cpu: Duration,
    /// Its latencies, which come with its window.
    pairs: Option<Vec<Pair>>,
}

impl Run {
    /// Starts `command` for a window of `plan`, on the client's processors.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(
        name: &'static str,
        command: &mut Command,
        connected: Connected,
        plan: &Plan,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        let log = Log::new().context("cannot make a temporary file")?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.stdio()?);
        let mut process = Process::start(command, &plan.client_cpus, Scheduling::Other)
            .with_context(|| format!("cannot start {name}"))?;
        let output = process.take_output().context("there is no output")?;
        Ok(Self {
            name,
            process,
            lines: Lines::new(output, interrupt.clone()),
            log,
            connected,
            window: Duration::from_secs(plan.window_s.into()),
            began: Instant::now(),
            sampler: None,
            children_cpu: children_cpu()?,
            pairs: None,
        })
    }

    /// Begins to read what it uses, at every step.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn watch(&mut self, step: Duration) -> Result<()> {
        let sampler = sample(self.process.pid().as_raw(), step);
        self.sampler = Some(sampler.context("cannot start a thread")?);
        Ok(())
    }

    /// Ends the readings, and returns them; nothing when none were begun.
    pub fn series(&mut self) -> ClientSeries {
        let readings = self.sampler.take().map(Sampler::end);
        readings.map_or_else(ClientSeries::default, |readings| client_series(&readings))
    }

    /// Waits until the connections are open: 2000 of them take some tens of milliseconds.
    ///
    /// # Errors
    /// When it ends before, or at an interrupt.
    pub fn wait_until_connected(&mut self) -> Result<()> {
        match self.connected {
            Connected::After(length) => self.wait_in_the_window(length),
            Connected::Told => {
                match self.lines.next(self.began + PATIENCE)? {
                    Next::Line(text) if text == CONNECTED_LINE => {}
                    Next::Line(_) | Next::Closed => return Err(self.ended_early()),
                    Next::Late => bail!(
                        "{} has not opened its connections in {PATIENCE:?}",
                        self.name
                    ),
                }
                self.began = Instant::now();
                Ok(())
            }
        }
    }

    /// Whether the window began when the connections were open, and not when the generator started.
    pub fn began_when_connected(&self) -> bool {
        matches!(self.connected, Connected::Told)
    }

    /// Waits for the middle of the window, then counts the sockets that it holds.
    ///
    /// # Errors
    /// When it ends before, or at an interrupt.
    pub fn sockets_in_the_middle(&mut self) -> Result<u64> {
        self.wait_in_the_window(self.window / 2)?;
        if self.name == oha::NAME {
            return oha::connections(self.process.pid());
        }
        let directory = format!("/proc/{}/fd", self.process.pid());
        let files = fs::read_dir(&directory)
            .with_context(|| format!("cannot count the sockets of {}", self.name))?;
        // Other files are standard streams, pipes, and an epoll instance or a ring a thread.
        let is_socket = |target: &PathBuf| {
            target
                .as_os_str()
                .as_encoded_bytes()
                .starts_with(b"socket:")
        };
        let targets = files
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok());
        Ok(targets.filter(is_socket).count() as u64)
    }

    fn wait_in_the_window(&mut self, length: Duration) -> Result<()> {
        if self.lines.wait_readable(self.began + length)? {
            return Err(self.over_too_soon());
        }
        Ok(())
    }

    fn deadline(&self) -> Instant {
        self.began + self.window + PATIENCE
    }

    /// Waits for the end of the window. The connections are still open when this returns.
    ///
    /// # Errors
    /// When it fails, or at an interrupt.
    pub fn window(&mut self, load: &LoadPoint) -> Result<Window> {
        if load.generator == Generator::Oha {
            return self.window_at_the_end(load);
        }
        loop {
            match self.lines.next(self.deadline())? {
                Next::Line(text) => {
                    if let Some(window) = report::window(&text)? {
                        return Ok(window);
                    }
                }
                Next::Closed => return Err(self.ended_early()),
                Next::Late => bail!("{} did not report {PATIENCE:?} after its window", self.name),
            }
        }
    }

    /// The window of a generator that reports when it has closed its connections and ends.
    fn window_at_the_end(&mut self, load: &LoadPoint) -> Result<Window> {
        let mut report = String::new();
        loop {
            match self.lines.next(self.deadline())? {
                Next::Line(text) => report = report + &text + "\n",
                Next::Closed => break,
                Next::Late => bail!("{} did not report {PATIENCE:?} after its window", self.name),
            }
        }
        self.wait_for_its_end()?;
        if report.is_empty() {
            return Err(self.ended_early());
        }
        let (window, pairs) = oha::read(&report, self.window, load)?;
        self.pairs = Some(pairs);
        let cpu = children_cpu()?.saturating_sub(self.children_cpu);
        Ok(Window {
            client_cpu_us: u64::try_from(cpu.as_micros())?,
            ..window
        })
    }

    fn wait_for_its_end(&mut self) -> Result<()> {
        let name = self.name;
        match self.process.wait_until(self.deadline())? {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("{name} ended with {status}{}", self.log.last_words()),
            None => bail!("{name} did not end after its report"),
        }
    }

    /// Reads the latencies and waits for its end.
    ///
    /// # Errors
    /// When it fails, or at an interrupt.
    pub fn latencies(mut self, window: &Window, load: &LoadPoint) -> Result<Latencies> {
        let name = self.name;
        let pairs = match self.pairs.take() {
            Some(pairs) => pairs,
            None => match self.lines.next(self.deadline())? {
                Next::Line(text) => report::histogram(&text)?,
                Next::Closed => return Err(self.ended_early()),
                Next::Late => bail!("{name} did not report its histogram in {PATIENCE:?}"),
            },
        };
        self.wait_for_its_end()?;
        Ok(match load.generator {
            Generator::Wrk => Latencies::of_wrk(pairs, window, load.connections, load.pipeline),
            Generator::Flood if load.offered_rate_per_s.is_some() => Latencies::since_due(pairs),
            Generator::Flood => Latencies::measured(pairs),
            Generator::Oha => Latencies::since_due(pairs),
        })
    }

    /// Why there is output, or the end of it, before all is read that is to be read beside the window.
    fn over_too_soon(&mut self) -> anyhow::Error {
        let name = self.name;
        loop {
            match self.lines.next(Instant::now() + PATIENCE) {
                Ok(Next::Line(text))
                    if report::window(&text).is_ok_and(|found| found.is_some()) =>
                {
                    // It did its part.
                    return anyhow!(
                        "the window of {name} was over before all was read that is read beside it; end what \
                         else keeps this machine busy, or measure with a longer `--window`"
                    );
                }
                Ok(Next::Line(_)) => {}
                Ok(Next::Closed | Next::Late) => return self.ended_early(),
                Err(error) => return error,
            }
        }
    }

    fn ended_early(&mut self) -> anyhow::Error {
        let name = self.name;
        let how = match self.process.wait_until(Instant::now() + PATIENCE) {
            Ok(Some(status)) => format!("{name} ended early with {status}"),
            _ => format!("{name} closed its output early"),
        };
        anyhow!("{how}{}", self.log.last_words())
    }
}

/// Reads what a load generator uses, at every step.
///
/// # Errors
/// When no thread can be started.
pub fn sample(pid: i32, step: Duration) -> io::Result<Sampler<Reading>> {
    let read = move || {
        let process = procfs::process::Process::new(pid).ok()?;
        Some(Reading {
            cpu_ns: host::cpu_ns(pid).ok()?,
            threads: host::threads(&process),
        })
    };
    Sampler::start(step, read)
}

fn client_series(readings: &Readings<Reading>) -> ClientSeries {
    let values = &readings.values;
    let first_ns = values.first().map_or(0, |reading| reading.cpu_ns);
    let used = |reading: &Reading| reading.cpu_ns.saturating_sub(first_ns) / 1000;
    let before = values.first().map_or(&[][..], |reading| &reading.threads);
    let whole = values.iter().max_by_key(|reading| reading.threads.len());
    ClientSeries {
        cpu_us: values.iter().map(used).collect(),
        by_thread_us: whole.map_or_else(Vec::new, |last| host::spent_us(before, &last.threads)),
    }
}

/// CPU time of all children that have ended.
fn children_cpu() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let [user, system] = [usage.user_time(), usage.system_time()];
    let us = user.num_microseconds() + system.num_microseconds();
    Ok(Duration::from_micros(u64::try_from(us)?))
}

#[cfg(test)]
mod tests;
