//! What all processors of this machine have used: CPU time by class and by processor.

use anyhow::{Context, Result};
use procfs::{CpuTime, CurrentSI, KernelStats};
use serde::{Deserialize, Serialize};

/// The CPU time since the machine started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineUsage {
    /// Processors online.
    pub cpus: u64,
    /// Of all of them.
    pub total: CpuUsage,
    /// Of each, in the order of their numbers.
    pub by_cpu: Vec<CpuUsage>,
}

/// The CPU time of one processor, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuUsage {
    /// In user mode, at whatever priority.
    pub user_us: u64,
    /// In the kernel, hard interrupts with it.
    pub system_us: u64,
    /// In soft interrupts.
    pub softirq_us: u64,
    /// What the hypervisor gave to others.
    pub steal_us: u64,
}

impl MachineUsage {
    /// Reads the times.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn read() -> Result<Self> {
        let stat = KernelStats::current().context("cannot read /proc/stat")?;
        Ok(Self {
            cpus: stat.cpu_time.len() as u64,
            total: CpuUsage::of(&stat.total),
            by_cpu: stat.cpu_time.iter().map(CpuUsage::of).collect(),
        })
    }

    /// What was used since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let pairs = self.by_cpu.iter().zip(&before.by_cpu);
        Self {
            cpus: self.cpus,
            total: self.total.since(&before.total),
            by_cpu: pairs.map(|(now, then)| now.since(then)).collect(),
        }
    }
}

impl CpuUsage {
    /// CPU time that was not idle, steal not included.
    #[must_use]
    pub fn busy_us(&self) -> u64 {
        self.user_us + self.system_us + self.softirq_us
    }

    fn of(time: &CpuTime) -> Self {
        let tick_us = 1_000_000 / procfs::ticks_per_second();
        Self {
            user_us: (time.user + time.nice) * tick_us,
            system_us: (time.system + time.irq.unwrap_or(0)) * tick_us,
            softirq_us: time.softirq.unwrap_or(0) * tick_us,
            steal_us: time.steal.unwrap_or(0) * tick_us,
        }
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            user_us: self.user_us.saturating_sub(before.user_us),
            system_us: self.system_us.saturating_sub(before.system_us),
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
        let total = usage.total;
        assert!(total.user_us > 0 && total.system_us > 0);
        assert_eq!(usage.by_cpu.len() as u64, usage.cpus);
        let mut cpus = usage.by_cpu.iter();
        assert!(cpus.all(|cpu| cpu.busy_us() <= total.busy_us()));
        assert_eq!(usage.since(&usage).total.busy_us(), 0);
    }

    #[test]
    fn busy_is_the_sum_of_its_classes_without_steal() {
        let of = |user_us, system_us, softirq_us, steal_us| CpuUsage {
            user_us,
            system_us,
            softirq_us,
            steal_us,
        };
        let spent = of(15, 27, 39, 400).since(&of(10, 20, 30, 0));
        assert_eq!(spent, of(5, 7, 9, 400));
        assert_eq!(spent.busy_us(), 21);
    }
}
