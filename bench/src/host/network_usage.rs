//! What a network namespace has counted: TCP retransmits, drops, bytes on a link.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// The counts since the namespace was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkUsage {
    /// TCP segments sent again.
    pub tcp_retransmits: u64,
    /// Connections dropped by listen queues.
    pub listen_drops: u64,
    /// Bytes that a device sent, where one was asked for.
    pub link_sent_bytes: Option<u64>,
}

impl NetworkUsage {
    /// The counts of the namespace that a process is in.
    ///
    /// # Errors
    /// When the process has ended, or there is no such device.
    pub fn of(pid: Pid, device: Option<&str>) -> Result<Self> {
        Self::read(&PathBuf::from(format!("/proc/{pid}/net")), device)
    }

    /// The counts of the namespace that the calling thread is in.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn of_this_thread() -> Result<Self> {
        Self::read(Path::new("/proc/thread-self/net"), None)
    }

    fn read(directory: &Path, device: Option<&str>) -> Result<Self> {
        let file = |name: &str| {
            let path = directory.join(name);
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let count = |name: &str, protocol: &str, counter_name: &str| {
            let found = counter(&file(name)?, protocol, counter_name);
            found.with_context(|| format!("the kernel's {name} has no {protocol} {counter_name}"))
        };
        let sent = |device: &str| {
            let found = sent_bytes(&file("dev")?, device);
            found.with_context(|| format!("the network device {device} is gone"))
        };
        Ok(Self {
            tcp_retransmits: count("snmp", "Tcp:", "RetransSegs")?,
            listen_drops: count("netstat", "TcpExt:", "ListenDrops")?,
            link_sent_bytes: device.map(sent).transpose()?,
        })
    }

    /// What was counted since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let sent = self.link_sent_bytes.zip(before.link_sent_bytes);
        Self {
            tcp_retransmits: self.tcp_retransmits.saturating_sub(before.tcp_retransmits),
            listen_drops: self.listen_drops.saturating_sub(before.listen_drops),
            link_sent_bytes: sent.map(|(now, then)| now.saturating_sub(then)),
        }
    }
}

/// Such a file has two lines a protocol: the names, then the values.
fn counter(text: &str, protocol: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter(|line| line.starts_with(protocol));
    let (names, values) = (lines.next()?, lines.next()?);
    let at = names.split_whitespace().position(|word| word == name)?;
    values.split_whitespace().nth(at)?.parse().ok()
}

/// Such a file has a line a device: eight counts of what was received, then those of what was sent,
/// of which bytes come first.
fn sent_bytes(text: &str, device: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let (_, counts) = lines.find(|(name, _)| name.trim() == device)?;
    counts.split_whitespace().nth(8)?.parse().ok()
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
    fn what_a_device_sent_is_found_by_its_name() {
        let text = "Inter-| Receive\n face |bytes\n    lo: 1 2 3 4 5 6 7 8 9 10\n  eth0:11 0 0 0 0 0 0 0 12 0\n";
        assert_eq!(sent_bytes(text, "lo"), Some(9));
        assert_eq!(sent_bytes(text, "eth0"), Some(12));
        assert_eq!(sent_bytes(text, "eth1"), None);
    }

    #[test]
    fn this_namespace_has_counts() {
        let usage = NetworkUsage::of(Pid::this(), Some("lo")).unwrap();
        assert!(usage.link_sent_bytes.is_some());
        assert!(NetworkUsage::of(Pid::this(), Some("no-such")).is_err());
        let own = NetworkUsage::of_this_thread().unwrap();
        assert_eq!(own.link_sent_bytes, None);
        assert_eq!(usage.since(&usage).link_sent_bytes, Some(0));
    }
}
