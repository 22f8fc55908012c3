//! `environment.json`: the machine, its settings, and what was measured on it.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::process::Command;

use anyhow::{Context, Result};
use procfs::{Current, Meminfo};
use records::{Environment, SCHEMA_VERSION};

use super::cpu::{Cpu, governor, threads_per_core};
use super::limits::{memlock_soft_bytes, nofile};
use super::sysctl::Sysctls;
use super::system;
use crate::host::MachineUsage;
use crate::settings::Settings;
use crate::subjects::Binary;

/// Settings that matter beside those that `doctor` looks after.
const ALSO_RECORDED: [&str; 6] = [
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.core.netdev_max_backlog",
    "net.core.busy_poll",
    "kernel.sched_autogroup_enabled",
];

/// This machine now. Nothing in it names the machine or a path on it.
///
/// # Errors
/// When the kernel does not say what it must.
pub fn environment(
    load_generator: &str,
    binaries: &BTreeMap<String, Binary>,
) -> Result<Environment> {
    let cpu = Cpu::read();
    let cpus = u32::try_from(MachineUsage::read()?.cpus)?;
    let (nofile_soft, nofile_hard) = nofile()?;
    let (git_revision, git_dirty) = git();
    let subjects = binaries
        .iter()
        .map(|(name, binary)| (name.clone(), binary.file.clone()));
    Ok(Environment {
        schema_version: SCHEMA_VERSION,
        hardware: cpu.slug(cpus),
        cpu_model: cpu.name(),
        cpus,
        threads_per_core: threads_per_core(),
        memory_bytes: Meminfo::current()
            .context("cannot read /proc/meminfo")?
            .mem_total,
        architecture: ARCH.to_owned(),
        virtualization: system::virtualization(),
        kernel_release: system::kernel_release(),
        kernel_version: system::kernel_version(),
        distribution: system::distribution(),
        clocksource: system::clocksource(),
        cpu_governor: governor(),
        mitigations: system::mitigations(),
        sysctls: sysctls(),
        nofile_soft,
        nofile_hard,
        memlock_soft_bytes: memlock_soft_bytes()?,
        load_generator: load_generator.to_owned(),
        rustc: env!("BENCH_RUSTC").to_owned(),
        git_revision,
        git_dirty,
        subjects: subjects.collect(),
    })
}

fn sysctls() -> BTreeMap<String, String> {
    let machine = Sysctls::of_this_machine();
    let settings = Settings::of_the_study();
    let names = settings.sysctls.iter().map(|setting| setting.name.as_str());
    let value = |name: &str| Some((name.to_owned(), machine.get(name)?));
    names.chain(ALSO_RECORDED).filter_map(value).collect()
}

/// Revision of the checkout around the current directory, and whether it has changes; empty
/// outside of one, or without git.
fn git() -> (String, bool) {
    let run = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    };
    let revision = run(&["rev-parse", "HEAD"]).unwrap_or_default();
    let changes = run(&["status", "--porcelain"]).unwrap_or_default();
    (revision, !changes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_described_without_its_name() {
        let environment = environment("wrk 4", &BTreeMap::new()).unwrap();
        assert!(environment.cpus >= 1 && environment.memory_bytes > 0);
        assert!(environment.rustc.starts_with("rustc "));
        assert!(environment.sysctls.contains_key("net.core.somaxconn"));
        let text = serde_json::to_string(&environment).unwrap();
        let host = super::super::read_trimmed("/proc/sys/kernel/hostname").unwrap();
        assert!(!text.contains(&format!("\"{host}\"")));
        assert!(!text.contains(env!("CARGO_MANIFEST_DIR")));
    }
}
