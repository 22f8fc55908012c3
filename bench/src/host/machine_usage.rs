//! What all processors of this machine have used: CPU time by class and by processor.

use anyhow::{Context, Result};
use procfs::{CpuTime, CurrentSI, KernelStats};
use serde::{Deserialize, Serialize};

/// The CPU time since the machine started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineUsage {
    /// Processors online.
    pub cpus: u64,
    /// CPU time that was not idle, steal not included.
    pub busy_us: u64,
    /// Part of it in soft interrupts.
    pub softirq_us: u64,
    /// CPU time the hypervisor gave to others.
    pub steal_us: u64,
    /// The same by processor, in the order of their numbers.
    pub by_cpu: Vec<CpuUsage>,
}

/// The CPU time of one processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuUsage {
    /// As [`MachineUsage::busy_us`].
    pub busy_us: u64,
    /// As [`MachineUsage::softirq_us`].
    pub softirq_us: u64,
    /// As [`MachineUsage::steal_us`].
    pub steal_us: u64,
}

impl MachineUsage {
    /// Reads the times.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn read() -> Result<Self> {
        let stat = KernelStats::current().context("cannot read /proc/stat")?;
        let total = CpuUsage::of(&stat.total);
        Ok(Self {
            cpus: stat.cpu_time.len() as u64,
            busy_us: total.busy_us,
            softirq_us: total.softirq_us,
            steal_us: total.steal_us,
            by_cpu: stat.cpu_time.iter().map(CpuUsage::of).collect(),
        })
    }

    /// What was used since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let pairs = self.by_cpu.iter().zip(&before.by_cpu);
        Self {
            cpus: self.cpus,
            busy_us: self.busy_us.saturating_sub(before.busy_us),
            softirq_us: self.softirq_us.saturating_sub(before.softirq_us),
            steal_us: self.steal_us.saturating_sub(before.steal_us),
            by_cpu: pairs.map(|(now, then)| now.since(then)).collect(),
        }
    }
}

impl CpuUsage {
    fn of(time: &CpuTime) -> Self {
        let tick_us = 1_000_000 / procfs::ticks_per_second();
        let softirq = time.softirq.unwrap_or(0);
        let busy = time.user + time.nice + time.system + time.irq.unwrap_or(0) + softirq;
        Self {
            busy_us: busy * tick_us,
            softirq_us: softirq * tick_us,
            steal_us: time.steal.unwrap_or(0) * tick_us,
        }
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            busy_us: self.busy_us.saturating_sub(before.busy_us),
            softirq_us: self.softirq_us.saturating_sub(before.softirq_us),
            steal_us: self.steal_us.saturating_sub(before.steal_us),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_been_busy() {
        let usage = MachineUsage::read().unwrap();
        assert!(usage.busy_us > 0);
        assert_eq!(usage.by_cpu.len() as u64, usage.cpus);
        assert!(usage.by_cpu.iter().all(|cpu| cpu.busy_us <= usage.busy_us));
        assert_eq!(usage.since(&usage).busy_us, 0);
    }
}
