//! Waiting until other programs leave the machines alone.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::machine_usage::MachineUsage;

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
    /// Returns after the first look that finds all quiet, or when no time is left to wait.
    ///
    /// # Errors
    /// Those of `look`.
    pub fn wait(&mut self, mut look: impl FnMut() -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        self.credit += CREDIT;
        let deadline = start + self.credit.min(LIMIT);
        loop {
            let quiet = look()?;
            if quiet || Instant::now() >= deadline {
                self.credit = self.credit.saturating_sub(start.elapsed());
                return Ok(());
            }
        }
    }
}

/// Whether this machine is quiet.
///
/// # Errors
/// When the kernel does not say how busy it is.
pub fn is_quiet() -> Result<bool> {
    let start = Instant::now();
    let before = MachineUsage::read()?;
    sleep(LOOK);
    let foreign = MachineUsage::read()?.since(&before);
    let whole_us = u64::try_from(start.elapsed().as_micros())? * foreign.cpus;
    Ok(foreign.total.busy_us() * 100 <= whole_us * QUIET_PERCENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_quiet_look_is_enough_and_a_busy_machine_is_waited_for_no_longer_than_the_limit() {
        let mut quiet = Quiet::default();
        let mut looks = 0;
        let look = || {
            looks += 1;
            Ok(looks == 1)
        };
        quiet.wait(look).unwrap();
        assert_eq!(looks, 1);
        // Ends, though it is never quiet.
        quiet.wait(|| Ok(false)).unwrap();
        assert_eq!(quiet.credit, Duration::ZERO);
    }
}
