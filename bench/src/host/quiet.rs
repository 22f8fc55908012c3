//! Waiting until other programs leave the machine alone.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::machine_usage::MachineUsage;
use crate::interrupt::Interrupt;

/// Length of one look. Nothing of the harness runs in it, so all work seen is foreign.
const LOOK: Duration = Duration::from_millis(50);
/// Longest wait before one cell.
const LIMIT: Duration = Duration::from_secs(2);
/// What every cell adds to the time that may be waited: what quiet cells leave is there for the
/// others, and a machine that is always busy does not make a run much longer.
const CREDIT: Duration = Duration::from_millis(100);
/// Share of the processors that counts as quiet, in percent.
const QUIET_PERCENT: u64 = 5;

/// The time that may still be waited in this run.
#[derive(Debug, Default)]
pub struct Quiet {
    credit: Duration,
}

impl Quiet {
    /// Returns after the first quiet look, or when no time is left to wait.
    pub fn wait(&mut self, interrupt: &Interrupt) -> Result<()> {
        let start = Instant::now();
        self.credit += CREDIT;
        let deadline = start + self.credit.min(LIMIT);
        loop {
            let look = Instant::now();
            let before = MachineUsage::read()?;
            sleep(LOOK);
            let foreign = MachineUsage::read()?.since(&before);
            interrupt.check()?;
            let whole_us = u64::try_from(look.elapsed().as_micros())? * foreign.cpus;
            let quiet = foreign.busy_us * 100 <= whole_us * QUIET_PERCENT;
            if quiet || Instant::now() >= deadline {
                self.credit = self.credit.saturating_sub(start.elapsed());
                return Ok(());
            }
        }
    }
}
