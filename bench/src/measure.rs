//! One measurement: a fresh server, verified, warmed up, loaded for a window, verified again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, ensure};
use conformance::{check_hello, check_hello_body};
use records::{LoadPoint, LoadRecord, Measurement, Plan};
use server_kit::{CountersLine, Kept, WorkerCounters};

use crate::arms::{Answers, Arm};
use crate::host::{Host, MachineUsage, Server, ServerUsage};
use crate::interrupt::Interrupt;
use crate::load::{self, Generators, Window, warm_up};
use crate::runner::{Executor, Measured};
use crate::schedule::Cell;
use crate::subjects::Binary;

/// Measures cells of a plan on a host.
#[derive(Debug)]
pub struct Measurer {
    /// The plan.
    pub plan: Plan,
    /// Its arms by name.
    pub arms: BTreeMap<String, Arm>,
    /// The binaries by name: the subjects', and flood's where it loads them.
    pub binaries: BTreeMap<String, Binary>,
    /// Where the servers run.
    pub host: Host,
    /// The load generators.
    pub generators: Generators,
    /// Ends a measurement early.
    pub interrupt: Interrupt,
}

impl Executor for Measurer {
    fn measure(&mut self, cell: &Cell) -> Measured {
        let mut measured = Measured {
            row: Measurement {
                block: cell.block,
                sequence: cell.sequence,
                arm: cell.arm.name.clone(),
                started_unix_ms: now_unix_ms(),
                ..Measurement::at(&cell.load)
            },
            load: None,
        };
        if let Err(error) = self.fill(cell, &mut measured) {
            measured.row.error = format!("{error:#}");
        }
        measured
    }
}

impl Measurer {
    /// Starts the arm's server, verifies it and stops it.
    ///
    /// # Errors
    /// When the server does not do its part.
    pub fn try_arm(&mut self, name: &str) -> Result<()> {
        let mut server = self.start(name, &LoadPoint::default())?;
        if let Err(error) = self.verify(name, server.address(), None) {
            return Err(server.explain(error));
        }
        server.stop()
    }

    /// Asks an arm's server once, and returns how many bytes the answer had.
    fn verify(&self, name: &str, server: SocketAddr, body_bytes: Option<u32>) -> Result<usize> {
        let arm = self.arms.get(name).context("the arm is unknown")?;
        Ok(match arm.answers {
            Answers::SameBytes => check_hello(server, body_bytes)?,
            Answers::SameBody => check_hello_body(server, body_bytes)?,
        })
    }

    fn start(&mut self, name: &str, load: &LoadPoint) -> Result<Server> {
        let arm = self.arms.get(name).context("the arm is unknown")?;
        let arm = arm.with_body(load.body_bytes);
        let binary = self
            .binaries
            .get(&arm.entry.subject)
            .context("the subject is unknown")?;
        ensure!(
            binary.is_unchanged(),
            "the binary of arm {name} changed during the run; leave it alone and measure into a new folder"
        );
        let workers = load.workers.unwrap_or(self.plan.workers);
        // Apart, a worker has a processor; shared, there are none to choose from.
        let cpus = self.plan.server_cpus.iter().copied();
        let cpus: Vec<u32> = cpus.take(workers as usize).collect();
        self.host.start(&arm, binary, workers, &cpus)
    }

    fn fill(&mut self, cell: &Cell, measured: &mut Measured) -> Result<()> {
        let row = &mut measured.row;
        if let Some(binary) = self.binaries.get(&cell.arm.subject) {
            row.subject_sha256.clone_from(&binary.file.sha256);
        }
        self.host.wait_for_quiet()?;
        let mut server = self.start(&cell.arm.name, &cell.load)?;
        row.configuration = server.configuration();
        match self.load(cell, &mut server, measured) {
            Ok(()) => server.stop(),
            Err(error) => Err(server.explain(error)),
        }
    }

    /// Everything from the first verification to the second.
    fn load(&self, cell: &Cell, server: &mut Server, measured: &mut Measured) -> Result<()> {
        let plan = &self.plan;
        let address = server.address();
        let verified = self.verify(&cell.arm.name, address, cell.load.body_bytes);
        let answer_bytes = verified.context("verification before the window failed")?;
        let warm_up_length = Duration::from_millis(plan.warm_up_ms.into());
        if !warm_up_length.is_zero() {
            warm_up::run(
                address,
                &cell.load,
                answer_bytes,
                plan.client_threads,
                warm_up_length,
                &self.interrupt,
            )?;
        }

        let row = &mut measured.row;
        let arguments = load::arguments(plan, &cell.load, &address.to_string());
        let mut before = Sample::before(server, &self.host)?;
        row.started_unix_ms = now_unix_ms();
        let generators = &self.generators;
        let mut run = generators.start(plan, &cell.load, &arguments, &self.interrupt)?;
        run.wait_until_connected()?;
        if run.began_when_connected() {
            before.renew_usage(server, &self.host)?;
        }
        let steady = Steady::begin(server)?;
        row.connections_open = Some(run.sockets_in_the_middle()?);
        let window = run.window(&cell.load)?;
        let after = Sample::after(server, &self.host);
        fill_window(row, &window);
        if cell.load.requests_per_connection.is_some() {
            // Between the end of one connection and the next, a count of sockets tells neither.
            row.connections_open = window.connections_left;
        }
        if let (Some(steady), Ok(after)) = (steady, &after) {
            steady.end(after, row)?;
        }

        let latencies = run.latencies(&window, &cell.load)?;
        measured.load = Some(LoadRecord {
            block: cell.block,
            arm: cell.arm.name.clone(),
            load: cell.load.clone(),
            server_command: server.command_line().to_vec(),
            client_command: [vec![load::name(cell.load.generator).to_owned()], arguments].concat(),
            start_line: server.start_line().to_owned(),
            latency_histogram: latencies.encode()?,
            latency_corrected_by: latencies.corrected_by().to_owned(),
        });
        fill_spent(row, &before, &after.context("after the window")?)?;
        let verified = self.verify(&cell.arm.name, address, cell.load.body_bytes);
        (verified.map(drop)).context("verification after the window failed")
    }
}

/// All that is read before and after a window.
struct Sample {
    /// When the server's usage was read.
    at: Instant,
    counters: Option<CountersLine>,
    server: ServerUsage,
    machine: MachineUsage,
}

impl Sample {
    /// The machine last, so that reading the rest is not counted as load.
    fn before(server: &mut Server, host: &Host) -> Result<Self> {
        let counters = server.counters()?;
        Ok(Self {
            at: Instant::now(),
            counters,
            server: server.usage()?,
            machine: host.usage()?,
        })
    }

    /// Takes the usage anew, for a window that begins now: what was spent on opening connections is
    /// in no one's account of it. The counters stay, as connections are counted from the start.
    fn renew_usage(&mut self, server: &mut Server, host: &Host) -> Result<()> {
        self.at = Instant::now();
        self.server = server.usage()?;
        self.machine = host.usage()?;
        Ok(())
    }

    /// The machine first, for the same reason.
    fn after(server: &mut Server, host: &Host) -> Result<Self> {
        let machine = host.usage()?;
        Ok(Self {
            at: Instant::now(),
            machine,
            server: server.usage()?,
            counters: server.counters()?,
        })
    }
}

/// The start of a window's steady part, for a server that reports its requests.
struct Steady {
    at: Instant,
    usage: ServerUsage,
    counters: CountersLine,
}

impl Steady {
    fn begin(server: &mut Server) -> Result<Option<Self>> {
        let at = Instant::now();
        let usage = server.usage()?;
        let counters = server.counters()?;
        Ok(counters.map(|counters| Self {
            at,
            usage,
            counters,
        }))
    }

    fn end(self, after: &Sample, row: &mut Measurement) -> Result<()> {
        let spent = after.server.since(&self.usage)?;
        let requests = |line: &CountersLine| line.workers.iter().map(|w| w.requests).sum::<u64>();
        row.steady_us = Some(u64::try_from(after.at.duration_since(self.at).as_micros())?);
        row.steady_server_cpu_us = Some(spent.cpu_user_us + spent.cpu_system_us);
        row.steady_requests = (after.counters.as_ref())
            .map(|line| requests(line).saturating_sub(requests(&self.counters)));
        Ok(())
    }
}

fn fill_window(row: &mut Measurement, window: &Window) {
    row.window_us = Some(window.duration_us);
    row.requests = Some(window.requests);
    row.response_bytes = Some(window.bytes);
    row.socket_errors_connect = Some(window.errors_connect);
    row.socket_errors_read = Some(window.errors_read);
    row.socket_errors_write = Some(window.errors_write);
    row.socket_errors_timeout = Some(window.errors_timeout);
    row.socket_errors = Some(
        window.errors_connect + window.errors_read + window.errors_write + window.errors_timeout,
    );
    row.status_errors = Some(window.errors_status);
    row.client_cpu_us = Some(window.client_cpu_us);
    // wrk reports 0 where its own correction puts samples below the least latency it saw, and then
    // misses them when it counts up to a percentile.
    let seen = |latency_us: u64| (latency_us > 0).then_some(latency_us);
    row.latency_mean_us = seen(window.latency_mean_us);
    row.latency_p50_us = seen(window.latency_p50_us);
    row.latency_p90_us = seen(window.latency_p90_us);
    row.latency_p99_us = seen(window.latency_p99_us);
    row.latency_p999_us = seen(window.latency_p999_us);
    row.latency_max_us = seen(window.latency_max_us);
}

fn fill_spent(row: &mut Measurement, before: &Sample, after: &Sample) -> Result<()> {
    let machine = after.machine.since(&before.machine);
    row.host_cpu_busy_us = Some(machine.busy_us);
    row.host_cpu_softirq_us = Some(machine.softirq_us);
    row.host_cpu_steal_us = Some(machine.steal_us);
    row.tcp_retransmits = Some(machine.tcp_retransmits);
    row.listen_drops = Some(machine.listen_drops);

    let server = after.server.since(&before.server)?;
    row.server_cpu_user_us = Some(server.cpu_user_us);
    row.server_cpu_system_us = Some(server.cpu_system_us);
    row.server_rss_bytes = Some(server.rss_bytes);
    row.server_switches_voluntary = Some(server.switches_voluntary);
    row.server_switches_involuntary = Some(server.switches_involuntary);

    if let (Some(before), Some(after)) = (&before.counters, &after.counters) {
        fill_counters(row, after.kept, &before.workers, &after.workers)?;
    }
    Ok(())
}

fn fill_counters(
    row: &mut Measurement,
    kept: Kept,
    before: &[WorkerCounters],
    after: &[WorkerCounters],
) -> Result<()> {
    if before.len() != after.len() {
        return Err(anyhow!(
            "the server's number of workers changed in the window"
        ));
    }
    let counted = |count: fn(&WorkerCounters) -> u64| -> Vec<u64> {
        let workers = before.iter().zip(after);
        workers
            .map(|(b, a)| count(a).saturating_sub(count(b)))
            .collect()
    };
    let sum = |count| counted(count).iter().sum::<u64>();
    row.accepts_by_worker = join(&counted(|worker| worker.accepts));
    row.requests_by_worker = join(&counted(|worker| worker.requests));
    if kept == Kept::All {
        row.kernel_entries = Some(sum(|worker| worker.kernel_entries));
    }
    // A server without rings counts none; in its row they were not measured.
    if after.iter().any(|worker| worker.cqes > 0) {
        row.sqes = Some(sum(|worker| worker.sqes));
        row.cqes = Some(sum(|worker| worker.cqes));
        row.buffers_exhausted = Some(sum(|worker| worker.buffers_exhausted));
    }
    Ok(())
}

fn join(counts: &[u64]) -> String {
    let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    counts.join(";")
}

fn now_unix_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_differences_by_worker() {
        let worker = |requests, cqes| WorkerCounters {
            accepts: 1,
            requests,
            kernel_entries: requests,
            cqes,
            ..WorkerCounters::default()
        };
        let mut row = Measurement::default();
        let (before, after) = ([worker(5, 1), worker(0, 1)], [worker(9, 3), worker(7, 2)]);
        fill_counters(&mut row, Kept::All, &before, &after).unwrap();
        assert_eq!(row.requests_by_worker, "4;7");
        assert_eq!(row.accepts_by_worker, "0;0");
        assert_eq!((row.kernel_entries, row.cqes), (Some(11), Some(3)));
        assert!(fill_counters(&mut row, Kept::All, &before, &after[..1]).is_err());
    }

    #[test]
    fn a_server_without_rings_leaves_their_columns_empty() {
        let mut row = Measurement::default();
        let worker = [WorkerCounters::default()];
        fill_counters(&mut row, Kept::All, &worker, &worker).unwrap();
        assert_eq!(
            (row.sqes, row.cqes, row.buffers_exhausted),
            (None, None, None)
        );
        assert_eq!(row.kernel_entries, Some(0));
    }

    #[test]
    fn a_count_that_is_not_kept_is_empty_and_not_0() {
        let mut row = Measurement::default();
        let worker = [WorkerCounters::default()];
        fill_counters(&mut row, Kept::Requests, &worker, &worker).unwrap();
        assert_eq!(row.kernel_entries, None);
        assert_eq!(row.requests_by_worker, "0");
    }
}
