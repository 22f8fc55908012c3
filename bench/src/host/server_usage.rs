//! What a server has used: CPU time, context switches, memory.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use nix::time::ClockId;
use nix::unistd::Pid;
use procfs::process::{Process, all_processes};
use serde::{Deserialize, Serialize};

use super::thread_usage::{self, ThreadUsage};

/// The sums over a process and all its descendants since they started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerUsage {
    pids: BTreeSet<i32>,
    cpu_ns: u64,
    user_ticks: u64,
    system_ticks: u64,
    switches_voluntary: u64,
    switches_involuntary: u64,
    rss_bytes: u64,
    threads: Vec<ThreadUsage>,
}

/// What was used between two readings; memory as at the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSpent {
    /// CPU time in user mode.
    pub cpu_user_us: u64,
    /// CPU time in the kernel.
    pub cpu_system_us: u64,
    /// Context switches the threads asked for by waiting.
    pub switches_voluntary: u64,
    /// Context switches forced on them.
    pub switches_involuntary: u64,
    /// Resident memory.
    pub rss_bytes: u64,
    /// CPU time by thread, in the order in which they were made; a thread that ended is left out.
    pub cpu_by_thread_us: Vec<u64>,
    /// The part of it in user mode.
    pub cpu_user_by_thread_us: Vec<u64>,
}

impl ServerUsage {
    /// Reads the usage of `pid` and its descendants.
    pub fn read(pid: Pid) -> Result<Self> {
        let mut usage = Self {
            pids: family(pid.as_raw()),
            ..Self::default()
        };
        for pid in usage.pids.clone() {
            usage
                .add(pid)
                .with_context(|| format!("cannot read what process {pid} of the server used"))?;
        }
        thread_usage::sort(&mut usage.threads);
        Ok(usage)
    }

    fn add(&mut self, pid: i32) -> Result<()> {
        self.cpu_ns += cpu_ns(pid)?;
        let process = Process::new(pid)?;
        self.threads.extend(thread_usage::threads(&process));
        let stat = process.stat()?;
        self.user_ticks += stat.utime;
        self.system_ticks += stat.stime;
        self.rss_bytes += stat.rss * procfs::page_size();
        for task in process.tasks()?.flatten() {
            // A thread may end between being listed and being read.
            if let Ok(status) = task.status() {
                self.switches_voluntary += status.voluntary_ctxt_switches.unwrap_or(0);
                self.switches_involuntary += status.nonvoluntary_ctxt_switches.unwrap_or(0);
            }
        }
        Ok(())
    }

    /// What was used since `before`.
    ///
    /// # Errors
    /// When one of the server's processes ended in between: what it used is lost.
    pub fn since(&self, before: &Self) -> Result<ServerSpent> {
        ensure!(
            before.pids.is_subset(&self.pids),
            "a process of the server ended in the window, and its CPU time is lost with it"
        );
        let cpu_us = self.cpu_ns.saturating_sub(before.cpu_ns) / 1000;
        let cpu_user_us = thread_usage::user_part(
            cpu_us,
            (before.user_ticks, before.system_ticks),
            (self.user_ticks, self.system_ticks),
        );
        Ok(ServerSpent {
            cpu_user_us,
            cpu_system_us: cpu_us - cpu_user_us,
            switches_voluntary: self
                .switches_voluntary
                .saturating_sub(before.switches_voluntary),
            switches_involuntary: self
                .switches_involuntary
                .saturating_sub(before.switches_involuntary),
            rss_bytes: self.rss_bytes,
            cpu_by_thread_us: thread_usage::spent_us(&before.threads, &self.threads),
            cpu_user_by_thread_us: thread_usage::spent_user_us(&before.threads, &self.threads),
        })
    }
}

/// CPU time of a process in nanoseconds, from its clock: every thread, those that have ended and
/// io_uring's own included. `/proc/PID/stat` has the same total, but in ticks of 10 ms.
///
/// # Errors
/// When the process has ended.
pub fn cpu_ns(pid: i32) -> Result<u64> {
    let now = ClockId::pid_cpu_clock_id(Pid::from_raw(pid))?.now()?;
    let whole = u64::try_from(now.tv_sec())? * 1_000_000_000;
    Ok(whole + u64::try_from(now.tv_nsec())?)
}

/// `pid` and its descendants.
pub fn family(pid: i32) -> BTreeSet<i32> {
    let processes = all_processes().into_iter().flatten().flatten();
    // Those that end while they are listed are left out.
    let parents: Vec<(i32, i32)> = processes
        .filter_map(|process| process.stat().ok())
        .map(|stat| (stat.pid, stat.ppid))
        .collect();
    let mut family = BTreeSet::from([pid]);
    loop {
        let before = family.len();
        let children = parents.iter().filter(|(_, parent)| family.contains(parent));
        let children: Vec<i32> = children.map(|(child, _)| *child).collect();
        family.extend(children);
        if family.len() == before {
            return family;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use records::Scheduling;

    use super::*;
    use crate::host::process::Process as Child;

    fn usage(pids: &[i32], cpu_ns: u64, user_ticks: u64, system_ticks: u64) -> ServerUsage {
        ServerUsage {
            pids: pids.iter().copied().collect(),
            cpu_ns,
            user_ticks,
            system_ticks,
            ..ServerUsage::default()
        }
    }

    #[test]
    fn the_total_is_split_by_the_ticks() {
        let before = usage(&[1], 1_000_000, 10, 10);
        let spent = usage(&[1], 9_000_000, 11, 13).since(&before).unwrap();
        assert_eq!((spent.cpu_user_us, spent.cpu_system_us), (2000, 6000));
        let spent = usage(&[1, 2], 2_000_000, 10, 10).since(&before).unwrap();
        assert_eq!((spent.cpu_user_us, spent.cpu_system_us), (500, 500));
    }

    #[test]
    fn a_process_that_ended_is_an_error() {
        let before = usage(&[1, 2], 0, 0, 0);
        assert!(usage(&[1], 0, 0, 0).since(&before).is_err());
    }

    #[test]
    fn descendants_are_counted_in() {
        let script = "sh -c 'while :; do :; done' & wait";
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        let child = Child::start(&mut command, &[], Scheduling::Other).unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        let usage = loop {
            let usage = ServerUsage::read(child.pid()).unwrap();
            if usage.cpu_ns > 50_000_000 || Instant::now() > deadline {
                break usage;
            }
        };
        assert_eq!((usage.pids.len(), usage.threads.len()), (2, 2));
        assert!(usage.cpu_ns > 50_000_000 && usage.rss_bytes > 0);
    }

    #[test]
    fn a_process_that_is_gone_is_an_error() {
        let mut child = Child::start(&mut Command::new("true"), &[], Scheduling::Other).unwrap();
        let pid = child.pid();
        child
            .wait_until(Instant::now() + Duration::from_secs(60))
            .unwrap();
        drop(child);
        assert!(ServerUsage::read(pid).is_err());
    }
}
