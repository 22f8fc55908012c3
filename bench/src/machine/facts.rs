//! This machine as it is recorded: all of it in one place, for either side of a run.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use anyhow::{Context, Result};
use procfs::{Current, Meminfo};
use records::Machine;

use super::cpu::{self, Cpu};
use super::limits::{memlock_soft_bytes, nofile};
use super::sysctl::Sysctls;
use super::{cgroup, io_uring, network, system};
use crate::host::MachineUsage;
use crate::settings::Settings;

/// Settings that matter beside those that `doctor` looks after.
const ALSO_RECORDED: [&str; 9] = [
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.core.default_qdisc",
    "net.core.netdev_max_backlog",
    "net.core.busy_poll",
    "net.core.busy_read",
    "kernel.io_uring_group",
    "kernel.sched_autogroup_enabled",
];

/// This machine, or the network namespace that this process is in, now. The load goes over the network
/// device `device`. Nothing in it names the machine or a path on it.
///
/// # Errors
/// When the kernel does not say what it must, or has no such device.
pub fn facts(device: &str) -> Result<Machine> {
    let cpu = Cpu::read();
    let cpus = u32::try_from(MachineUsage::read()?.cpus)?;
    let (nofile_soft, nofile_hard) = nofile()?;
    let memory = Meminfo::current().context("cannot read /proc/meminfo")?;
    Ok(Machine {
        hardware: cpu.slug(cpus),
        cpu_model: cpu.name(),
        cpus,
        threads_per_core: cpu::threads_per_core(),
        smt: cpu::smt(),
        caches: cpu::caches(),
        numa_nodes: cpu::numa_nodes(),
        memory_bytes: memory.mem_total,
        architecture: ARCH.to_owned(),
        virtualization: system::virtualization(),
        container: system::container(),
        kernel_release: system::kernel_release(),
        kernel_version: system::kernel_version(),
        kernel_arguments: system::kernel_arguments(),
        distribution: system::distribution(),
        clocksource: system::clocksource(),
        cpu_frequency_driver: cpu::frequency_driver(),
        cpu_governor: cpu::governor(),
        cpu_boost: cpu::boost(),
        transparent_hugepages: system::transparent_hugepages(),
        mitigations: system::mitigations(),
        sysctls: sysctls(),
        cgroup_cpu_quota_permille: cgroup::cpu_quota_permille(),
        nofile_soft,
        nofile_hard,
        memlock_soft_bytes: memlock_soft_bytes()?,
        io_uring: io_uring::io_uring(),
        network: network::device(device)?,
        cpu_flags: cpu.flags,
        microcode: cpu.microcode,
    })
}

fn sysctls() -> BTreeMap<String, String> {
    let machine = Sysctls::of_this_machine();
    let settings = Settings::of_the_study();
    let names = settings.sysctls.iter().map(|setting| setting.name.as_str());
    let value = |name: &str| Some((name.to_owned(), machine.get(name)?));
    names.chain(ALSO_RECORDED).filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::machine::LOOPBACK;

    #[test]
    fn this_machine_is_described() {
        let machine = facts(LOOPBACK).unwrap();
        assert!(machine.cpus >= 1 && machine.memory_bytes > 0 && machine.numa_nodes >= 1);
        assert!(machine.sysctls.contains_key("net.core.somaxconn"));
        assert!(!machine.kernel_release.is_empty() && !machine.virtualization.is_empty());
        assert_eq!(machine.network.kind, "loopback");
    }

    #[test]
    fn nothing_identifies_this_machine() {
        let text = serde_json::to_string(&facts(LOOPBACK).unwrap()).unwrap();
        let mut secrets = vec![env!("CARGO_MANIFEST_DIR").to_owned()];
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        secrets.push(format!("\"{}\"", read("/proc/sys/kernel/hostname").trim()));
        secrets.push(read("/etc/machine-id").trim().to_owned());
        secrets.push(read("/proc/sys/kernel/random/boot_id").trim().to_owned());
        for device in fs::read_dir("/sys/class/net")
            .into_iter()
            .flatten()
            .flatten()
        {
            let address = fs::read_to_string(device.path().join("address")).unwrap_or_default();
            secrets.push(address.trim().to_owned());
        }
        let groups = read("/proc/self/cgroup");
        let paths = groups.lines().filter_map(|line| line.rsplit(':').next());
        secrets.extend(paths.filter(|path| path.len() > 1).map(str::to_owned));
        secrets.extend(nix::ifaddrs::getifaddrs().unwrap().filter_map(|device| {
            let address = device.address?;
            Some(address.as_sockaddr_in()?.ip().to_string())
        }));
        for secret in secrets.iter().filter(|secret| secret.len() > 2) {
            assert!(!text.contains(secret.as_str()), "{secret} is in {text}");
        }
    }
}
