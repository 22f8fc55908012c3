//! What must hold before anything is started.

use std::path::Path;

use anyhow::{Result, ensure};
use records::{LoadPoint, Plan};

use crate::machine;

/// Files that either side has open beside its connections.
const SLACK: u64 = 100;
/// Space for a run of any length: a row takes 10 KiB at most, histogram included.
const DISK_BYTES: u64 = 64 << 20;

/// Checks this machine against a plan whose results go to `folder`, which need not exist. The soft
/// limit of open files is raised on the way.
///
/// # Errors
/// When something is too small; the message says what, and how to raise it.
pub fn check(plan: &Plan, folder: &Path) -> Result<()> {
    let open = |load: &LoadPoint| u64::from(load.connections) + u64::from(load.idle_connections);
    let connections = plan.load_points.iter().map(open).max().unwrap_or(0);
    check_nofile(machine::raise_nofile()?, connections)?;
    if let Some(ports) = machine::client_ports() {
        check_ports(ports.into(), connections)?;
    }
    let mut existing = folder.ancestors().filter(|path| path.exists());
    let disk = existing.next().unwrap_or(Path::new("."));
    check_disk(machine::free_disk_bytes(disk)?, disk)
}

fn check_nofile(limit: u64, connections: u64) -> Result<()> {
    let needed = connections + SLACK;
    ensure!(
        limit >= needed,
        "{connections} connections need {needed} open files, and this process is allowed {limit}; raise the hard \
         limit: `ulimit -Hn {needed}` as root, or `* hard nofile {needed}` in /etc/security/limits.conf and a \
         new login"
    );
    Ok(())
}

fn check_ports(ports: u64, connections: u64) -> Result<()> {
    let needed = connections + SLACK;
    ensure!(
        ports >= needed,
        "{connections} connections need {needed} client ports, and the kernel has {ports}; widen \
         net.ipv4.ip_local_port_range, as `bench doctor --fix` does"
    );
    Ok(())
}

fn check_disk(free: u64, directory: &Path) -> Result<()> {
    ensure!(
        free >= DISK_BYTES,
        "the disk of {} has {} MiB free, and a run needs {}; free some space or give --out on another disk",
        directory.display(),
        free >> 20,
        DISK_BYTES >> 20
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shortage_names_its_remedy() {
        let text = |result: Result<()>| result.unwrap_err().to_string();
        assert!(check_nofile(2100, 2000).is_ok());
        assert!(text(check_nofile(2099, 2000)).contains("ulimit -Hn 2100"));
        assert!(check_ports(28_232, 2000).is_ok());
        assert!(text(check_ports(1000, 2000)).contains("ip_local_port_range"));
        let here = Path::new(".");
        assert!(check_disk(DISK_BYTES, here).is_ok());
        assert!(text(check_disk(1 << 20, here)).contains("1 MiB free"));
    }
}
