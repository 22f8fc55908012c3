//! What a server holds and does, seen from outside.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conformance::server::Server;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use server_kit::{CountersLine, WorkerCounters};

use crate::client::Client;
use crate::figures::Figures;

pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// For what a server does sooner or later.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the server's only worker has counted.
pub(crate) fn counts(server: &mut Server) -> Result<WorkerCounters> {
    only(&server.counters()?)
}

fn only(line: &CountersLine) -> Result<WorkerCounters> {
    let counts = line.workers.first();
    Ok(*counts.context("the server has no worker")?)
}

/// Waits until the counts are as `wanted`.
pub(crate) fn wait_until(
    server: &mut Server,
    what: &str,
    wanted: impl Fn(&WorkerCounters) -> bool,
) -> Result<WorkerCounters> {
    let begun = Instant::now();
    loop {
        let counts = counts(server)?;
        if wanted(&counts) {
            return Ok(counts);
        }
        ensure!(begun.elapsed() < PATIENCE, "not {what}: {counts:?}");
        sleep(LOOK_AGAIN);
    }
}

/// Checks that the worker sleeps, but for a look now and then: one that spins enters the kernel a
/// hundred times as often.
pub(crate) fn ensure_no_spin(server: &mut Server) -> Result<()> {
    let before = counts(server)?.kernel_entries;
    let begun = Instant::now();
    sleep(Duration::from_secs(1));
    let entries = counts(server)?.kernel_entries - before;
    let most = begun.elapsed().as_millis();
    ensure!(
        u128::from(entries) <= most,
        "the worker spins: {entries} kernel entries in {most} ms"
    );
    Ok(())
}

/// Ends the server; it must end well, with every connection closed.
pub(crate) fn stop(server: Server) -> Result<WorkerCounters> {
    let (status, last) = server.stop()?;
    ensure!(status.success(), "the server ended with {status}");
    let counts = only(&last)?;
    ensure!(
        counts.accepts == counts.closes,
        "a connection was not closed: {counts:?}"
    );
    Ok(counts)
}

/// Files that the server has open without a connection. It has them when it has served one.
pub(crate) fn files_when_empty(server: &mut Server, figures: &mut Figures) -> Result<usize> {
    let mut first = Client::connect(server.start.address, figures)?;
    first.ask(figures)?;
    first.close()?;
    wait_until(server, "empty", |counts| counts.accepts == counts.closes)?;
    // A connection counts as closed just before its file is.
    sleep(LOOK_AGAIN);
    open_files(server.start.pid)
}

/// Files that a process has open.
fn open_files(pid: u32) -> Result<usize> {
    let folder = format!("/proc/{pid}/fd");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {folder}"))?;
    Ok(entries.count())
}

/// Checks that a process comes to have no more files open than `before`.
pub(crate) fn ensure_files(pid: u32, before: usize) -> Result<()> {
    let begun = Instant::now();
    loop {
        let left = open_files(pid)?;
        if left <= before {
            return Ok(());
        }
        ensure!(
            begun.elapsed() < PATIENCE,
            "{before} files were open, now {left}"
        );
        sleep(LOOK_AGAIN);
    }
}

/// Memory that a process has in use.
pub(crate) fn resident_kib(pid: u32) -> Result<u64> {
    let file = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let value = line.and_then(|line| line.split_whitespace().next());
    let value = value.with_context(|| format!("{file} has no VmRSS"))?;
    Ok(value.parse()?)
}

/// A process that does nothing until this is dropped.
pub(crate) struct Paused(Pid);

impl Paused {
    pub(crate) fn new(server: &Server) -> Result<Self> {
        let pid = Pid::from_raw(server.start.pid.try_into()?);
        kill(pid, Signal::SIGSTOP).context("cannot pause the server")?;
        let paused = Self(pid);
        // The signal is on its way until then, and threads that run go on.
        let begun = Instant::now();
        while !is_stopped(server.start.pid)? {
            ensure!(begun.elapsed() < PATIENCE, "the server does not pause");
            sleep(Duration::from_millis(1));
        }
        Ok(paused)
    }
}

/// Whether all threads of a process are stopped.
fn is_stopped(pid: u32) -> Result<bool> {
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let stat = fs::read_to_string(thread?.path().join("stat"))?;
        // The name, in parentheses, may have any letters.
        let state = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.chars().next());
        if state != Some('T') {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Drop for Paused {
    fn drop(&mut self) {
        _ = kill(self.0, Signal::SIGCONT);
    }
}
