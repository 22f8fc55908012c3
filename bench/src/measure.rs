//! One measurement: a fresh server, verified, warmed up, loaded for a window, verified again.

mod row;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use conformance::{check_hello, check_hello_body};
use records::{Generator, LoadPoint, LoadRecord, Measurement, Plan, SeriesRecord};

use crate::arms::{Answers, Arm};
use crate::clock::Clock;
use crate::dates;
use crate::host::{ClientUsage, Host, Moment, STEP, Sample, Server, ServerSeries};
use crate::interrupt::Interrupt;
use crate::load::{self, ClientSeries, Generators, Run, warm_up};
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
    fn measure(&mut self, cell: &Cell) -> Result<Measured> {
        self.host.reach()?;
        let mut measured = Measured {
            row: Measurement {
                block: cell.block,
                sequence: cell.sequence,
                arm: cell.arm.name.clone(),
                started_unix_ms: now_unix_ms(),
                ..Measurement::at(&cell.load)
            },
            load: None,
            series: None,
        };
        if let Err(error) = self.fill(cell, &mut measured) {
            measured.row.error = format!("{error:#}");
        }
        Ok(measured)
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
        let clock = Clock::look();
        let loaded = self.load(cell, &mut server, measured);
        // The others go by the steady clock.
        let loaded = match (cell.load.generator, clock.set_by_ms()) {
            (Generator::Wrk, Some(ms)) => {
                let what = format!(
                    "the clock of the load generator's machine was set by {ms} ms meanwhile, and wrk goes by it"
                );
                // Whatever else went wrong may have come of it.
                Err(match loaded {
                    Ok(()) => anyhow!(what),
                    Err(error) => error.context(what),
                })
            }
            _ => loaded,
        };
        match loaded {
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
        // Before the warm-up, after which nothing shall come between the server and its load.
        measured.row.core_round_trip_before_ns = self.host.core_round_trip_ns(plan)?;
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
        let mut before = Both::before(server, &self.host)?;
        row.started_unix_ms = now_unix_ms();
        let generators = &self.generators;
        let mut run = generators.start(plan, &cell.load, &arguments, &self.interrupt)?;
        let steady = begin(&mut run, server, &self.host, &mut before)?;
        row.connections_open = Some(run.sockets_in_the_middle()?);
        let window = run.window(&cell.load)?;
        let after = Both::after(server, &self.host);
        row::fill_window(row, &window);
        if cell.load.requests_per_connection.is_some() {
            // Between the end of one connection and the next, a count of sockets tells neither.
            row.connections_open = window.connections_left;
        }

        let client = run.series();
        let latencies = run.latencies(&window, &cell.load)?;
        measured.load = Some(LoadRecord {
            block: cell.block,
            arm: cell.arm.name.clone(),
            load: cell.load.clone(),
            server_command: server.facts().command_line.clone(),
            client_command: [vec![load::name(cell.load.generator).to_owned()], arguments].concat(),
            start_line: server.facts().start_text.clone(),
            latency_histogram: latencies.encode()?,
            latency_corrected_by: latencies.corrected_by().to_owned(),
        });
        let after = after.context("after the window")?;
        if let Some(steady) = steady {
            row::fill_steady(row, &steady, &after.server)?;
        }
        row::fill_spent(row, &before, &after)?;
        row.client_cpu_by_thread_us = row::join(&client.by_thread_us);
        measured.series = Some(series(cell, server.series()?, client));
        row.core_round_trip_after_ns = self.host.core_round_trip_ns(plan)?;
        let verified = self.verify(&cell.arm.name, address, cell.load.body_bytes);
        (verified.map(drop)).context("verification after the window failed")
    }
}

/// Begins the readings, waits until the connections are open, and returns the sample that the steady
/// part begins with, of a server that reports its requests.
fn begin(
    run: &mut Run,
    server: &mut Server,
    host: &Host,
    before: &mut Both,
) -> Result<Option<Sample>> {
    let told = run.began_when_connected();
    if told {
        run.wait_until_connected()?;
        // For a window that begins now: what was spent on opening connections is in no one's account of
        // it. The counters stay, as connections are counted from the start.
        let counters = before.server.counters.take();
        *before = Both::before(server, host)?;
        before.server.counters = counters;
    }
    server.watch(STEP)?;
    run.watch(STEP)?;
    if !told {
        run.wait_until_connected()?;
    }
    let steady = server.sample(Moment::Before)?;
    Ok(steady.counters.is_some().then_some(steady))
}

/// All that is read before and after a window.
struct Both {
    server: Sample,
    client: ClientUsage,
}

impl Both {
    /// The server's side last, so that reading the rest is not counted as load.
    fn before(server: &mut Server, host: &Host) -> Result<Self> {
        let client = host.client_usage()?;
        let server = server.sample(Moment::Before)?;
        Ok(Self { server, client })
    }

    /// The server's side first, for the same reason.
    fn after(server: &mut Server, host: &Host) -> Result<Self> {
        let server = server.sample(Moment::After)?;
        let client = host.client_usage()?;
        Ok(Self { server, client })
    }
}

/// One line of both sides' readings, which have been taken at the same steps.
fn series(cell: &Cell, mut server: ServerSeries, mut client: ClientSeries) -> SeriesRecord {
    let steps = server.at_ms.len().min(client.cpu_us.len());
    for readings in [&mut server.requests, &mut server.cpu_us, &mut client.cpu_us] {
        readings.truncate(steps);
    }
    server.at_ms.truncate(steps);
    SeriesRecord {
        block: cell.block,
        arm: cell.arm.name.clone(),
        load: cell.load.clone(),
        at_ms: server.at_ms,
        requests: server.requests,
        server_cpu_us: server.cpu_us,
        client_cpu_us: client.cpu_us,
    }
}

fn now_unix_ms() -> u64 {
    let since = dates::since_1970().unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
