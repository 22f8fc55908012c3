//! What the whole machine has used: CPU time by class, TCP retransmits and drops.

use std::fs;

use anyhow::{Context, Result};
use procfs::{CurrentSI, KernelStats};

/// The counts since the machine started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineUsage {
    /// Processors online.
    pub cpus: u64,
    /// CPU time that was not idle, steal not included.
    pub busy_us: u64,
    /// Part of it in soft interrupts.
    pub softirq_us: u64,
    /// CPU time the hypervisor gave to others.
    pub steal_us: u64,
    /// TCP segments sent again.
    pub tcp_retransmits: u64,
    /// Connections dropped by listen queues.
    pub listen_drops: u64,
}

impl MachineUsage {
    /// Reads the counts.
    pub fn read() -> Result<Self> {
        let stat = KernelStats::current().context("cannot read /proc/stat")?;
        let cpu = stat.total;
        let tick_us = 1_000_000 / procfs::ticks_per_second();
        let softirq = cpu.softirq.unwrap_or(0);
        let busy = cpu.user + cpu.nice + cpu.system + cpu.irq.unwrap_or(0) + softirq;
        Ok(Self {
            cpus: stat.cpu_time.len() as u64,
            busy_us: busy * tick_us,
            softirq_us: softirq * tick_us,
            steal_us: cpu.steal.unwrap_or(0) * tick_us,
            tcp_retransmits: counter_in("/proc/net/snmp", "Tcp:", "RetransSegs")?,
            listen_drops: counter_in("/proc/net/netstat", "TcpExt:", "ListenDrops")?,
        })
    }

    /// What was used since `before`.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            cpus: self.cpus,
            busy_us: self.busy_us.saturating_sub(before.busy_us),
            softirq_us: self.softirq_us.saturating_sub(before.softirq_us),
            steal_us: self.steal_us.saturating_sub(before.steal_us),
            tcp_retransmits: self.tcp_retransmits.saturating_sub(before.tcp_retransmits),
            listen_drops: self.listen_drops.saturating_sub(before.listen_drops),
        }
    }
}

fn counter_in(path: &str, protocol: &str, name: &str) -> Result<u64> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    counter(&text, protocol, name).with_context(|| format!("{path} has no {protocol} {name}"))
}

/// Such a file has two lines a protocol: the names, then the values.
fn counter(text: &str, protocol: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter(|line| line.starts_with(protocol));
    let (names, values) = (lines.next()?, lines.next()?);
    let at = names.split_whitespace().position(|word| word == name)?;
    values.split_whitespace().nth(at)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_by_its_name() {
        let text = "Ip: A\nIp: 1\nTcp: A RetransSegs B\nTcp: -1 7 8\n";
        assert_eq!(counter(text, "Tcp:", "RetransSegs"), Some(7));
        assert_eq!(counter(text, "Tcp:", "C"), None);
        assert_eq!(counter(text, "Udp:", "A"), None);
    }

    #[test]
    fn this_machine_has_been_busy() {
        let usage = MachineUsage::read().unwrap();
        assert!(usage.busy_us > 0);
        assert_eq!(usage.since(&usage).busy_us, 0);
    }
}
