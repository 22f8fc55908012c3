//! Where a server's CPU time goes: it is sampled by perf while it is loaded, block by block.
//!
//! A profile is no measurement. It says which functions the time went to, not how much a request
//! costs when nobody looks.

mod folder;
mod perf;
mod stacks;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conformance::{check_hello, check_hello_body};
use records::ProfileRecord;

pub use folder::ProfileFolder;
pub use perf::Perf;

use crate::arms::Answers;
use crate::host::Server;
use crate::load::{self, warm_up};
use crate::measure::Measurer;
use crate::schedule::Cell;

/// Samples a second: no multiple of the kernel's own timers, with which it would beat.
const FREQUENCY_HZ: u32 = 997;
/// What of a window is left out: half of it before the samples, in which the connections open, and
/// half after them.
const MARGIN: Duration = Duration::from_millis(1000);

/// Samples the servers of a plan.
#[derive(Debug)]
pub struct Profiler {
    /// What starts the servers and the load: the plan, the arms, the binaries.
    pub measurer: Measurer,
    /// What takes the samples.
    pub perf: Perf,
}

impl Profiler {
    /// Samples one cell. A failure is a record as well, with its `error`.
    pub fn profile(&mut self, cell: &Cell) -> ProfileRecord {
        let mut record = ProfileRecord {
            block: cell.block,
            sequence: cell.sequence,
            arm: cell.arm.name.clone(),
            load: cell.load.clone(),
            frequency_hz: FREQUENCY_HZ,
            ..ProfileRecord::default()
        };
        if let Err(error) = self.fill(cell, &mut record) {
            record.error = format!("{error:#}");
            record.stacks.clear();
        }
        record
    }

    fn fill(&mut self, cell: &Cell, record: &mut ProfileRecord) -> Result<()> {
        let measurer = &mut self.measurer;
        measurer.host.wait_for_quiet()?;
        let arm = measurer.arms.get(&cell.arm.name);
        let arm = arm.context("the arm is unknown")?;
        let binary = measurer.binaries.get(&cell.arm.subject);
        let binary = binary.context("the subject is unknown")?;
        record.subject_sha256.clone_from(&binary.file.sha256);
        let plan = &measurer.plan;
        let workers = cell.load.workers.unwrap_or(plan.workers);
        let mut server = measurer
            .host
            .start(arm, binary, workers, &plan.server_cpus)?;
        record.configuration = server.configuration();
        match self.sample(cell, &server, record) {
            Ok(()) => server.stop(),
            Err(error) => Err(server.explain(error)),
        }
    }

    fn sample(&self, cell: &Cell, server: &Server, record: &mut ProfileRecord) -> Result<()> {
        let measurer = &self.measurer;
        let (plan, interrupt) = (&measurer.plan, &measurer.interrupt);
        let address = server.address();
        let answer_bytes = match measurer.arms[&cell.arm.name].answers {
            Answers::SameBytes => check_hello(address, cell.load.body_bytes)?,
            Answers::SameBody => check_hello_body(address, cell.load.body_bytes)?,
        };
        let warm_up_length = Duration::from_millis(plan.warm_up_ms.into());
        if !warm_up_length.is_zero() {
            let threads = plan.client_threads;
            warm_up::run(
                address,
                &cell.load,
                answer_bytes,
                threads,
                warm_up_length,
                interrupt,
            )?;
        }
        let arguments = load::arguments(plan, &cell.load, &address.to_string());
        let mut run = (measurer.generators).start(plan, &cell.load, &arguments, interrupt)?;
        run.wait_until_connected()?;
        let window = Duration::from_secs(plan.window_s.into());
        let length = window.saturating_sub(MARGIN);
        ensure!(!length.is_zero(), "a profile needs windows of 2 s or more");
        let text = self.perf.record(process(server)?, FREQUENCY_HZ, length)?;
        let window = run.window(&cell.load)?;
        run.latencies(&window, &cell.load)?;
        interrupt.check()?;

        record.sampled_ms = u64::try_from(length.as_millis())?;
        record.window_us = Some(window.duration_us);
        record.requests = Some(window.requests);
        record.stacks = stacks::fold(&text);
        record.samples = record.stacks.iter().map(|stack| stack.samples).sum();
        ensure!(
            record.samples > 0,
            "perf took no sample of the server; try `perf record -e cpu-clock -g -- true` by hand"
        );
        Ok(())
    }
}

/// The process that a server says it is.
fn process(server: &Server) -> Result<u32> {
    let start = server.facts().start.as_ref();
    let start = start.context("only an arm that prints a start line can be profiled")?;
    Ok(start.pid)
}
