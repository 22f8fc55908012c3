//! What must hold before anything is started.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use records::{LoadPoint, Plan};

use crate::host::HostName;
use crate::{load, machine};

/// Files that either side has open beside its connections.
const SLACK: u64 = 100;
/// Space for a run of any length: a row takes 10 KiB at most, histogram included.
const DISK_BYTES: u64 = 64 << 20;

/// What this machine allows a process. By default, everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Files it may have open.
    pub nofile: Option<u64>,
    /// Ports that the kernel has for the clients of one server, an address.
    pub client_ports: Option<u64>,
    /// Whether clients have one address only; on loopback there are many.
    pub one_address: bool,
}

impl Limits {
    /// Those of this machine, for loads on servers of its loopback device or of another `host`. The soft
    /// limit of open files is raised on the way.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn of_this_machine(host: &str) -> Result<Self> {
        Ok(Self {
            nofile: Some(machine::raise_nofile()?),
            client_ports: machine::client_ports().map(u64::from),
            one_address: host != HostName::Local.kind(),
        })
    }

    /// What is too little for a load, and how to raise it; nothing when all is enough.
    pub fn shortage(&self, load: &LoadPoint) -> Option<String> {
        let connections = u64::from(load.connections) + u64::from(load.idle_connections);
        let needed = connections + SLACK;
        if let Some(limit) = self.nofile.filter(|limit| *limit < needed) {
            return Some(format!(
                "{connections} connections need {needed} open files, and this process is allowed {limit}; raise \
                 the hard limit: `ulimit -Hn {needed}` as root, or `* hard nofile {needed}` in \
                 /etc/security/limits.conf and a new login"
            ));
        }
        let addresses = if self.one_address {
            1
        } else {
            load::sources(load)
        };
        let needed = connections.div_ceil(addresses.into()) + SLACK;
        let ports = self.client_ports.filter(|ports| *ports < needed)?;
        Some(format!(
            "{connections} connections need {needed} client ports, and the kernel has {ports}; widen \
             net.ipv4.ip_local_port_range, as `bench doctor --fix` does"
        ))
    }
}

/// Checks this machine against a plan whose results go to `folder`, which need not exist. The soft
/// limit of open files is raised on the way.
///
/// # Errors
/// When something is too small; the message says what, and how to raise it.
pub fn check(plan: &Plan, folder: &Path) -> Result<()> {
    let limits = Limits::of_this_machine(&plan.host)?;
    if let Some(shortage) = (plan.load_points.iter()).find_map(|load| limits.shortage(load)) {
        bail!(shortage);
    }
    let mut existing = folder.ancestors().filter(|path| path.exists());
    let disk = existing.next().unwrap_or(Path::new("."));
    check_disk(machine::free_disk_bytes(disk)?, disk)
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
    use records::Generator;

    use super::*;

    #[test]
    fn each_shortage_names_its_remedy() {
        let text = |result: Result<()>| result.unwrap_err().to_string();
        let limits = |nofile, client_ports| Limits {
            nofile: Some(nofile),
            client_ports: Some(client_ports),
            one_address: false,
        };
        let load = load::closed_loop(2000, 1);
        let shortage = |limits: Limits| limits.shortage(&load).unwrap();
        assert_eq!(limits(2100, 2100).shortage(&load), None);
        assert_eq!(Limits::default().shortage(&load), None);
        assert!(shortage(limits(2099, 28_232)).contains("ulimit -Hn 2100"));
        assert!(shortage(limits(65_536, 1000)).contains("ip_local_port_range"));
        let here = Path::new(".");
        assert!(check_disk(DISK_BYTES, here).is_ok());
        assert!(text(check_disk(1 << 20, here)).contains("1 MiB free"));
    }

    #[test]
    fn flood_connects_from_as_many_addresses_as_the_ports_make_necessary() {
        let limits = Limits {
            nofile: None,
            client_ports: Some(28_232),
            one_address: false,
        };
        let mut load = load::closed_loop(50_000, 1);
        assert!(limits.shortage(&load).is_some(), "wrk has one address");
        load.generator = Generator::Flood;
        assert_eq!(limits.shortage(&load), None);
        let elsewhere = Limits {
            one_address: true,
            ..limits
        };
        assert!(
            elsewhere.shortage(&load).is_some(),
            "apart from loopback there is one"
        );
        load.connections = 6_000_000;
        assert!(limits.shortage(&load).is_some(), "more than its addresses");
    }
}
