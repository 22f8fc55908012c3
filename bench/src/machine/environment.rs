//! `environment.json`: the machine, its settings, and what was measured on it.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::path::Path;
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
    let (git_revision, git_dirty) = git(Path::new("."));
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

/// Revision of the checkout around a directory, and whether it has changes; empty outside of one, or
/// without git. What runs and reports leave in the checkout are no changes.
fn git(directory: &Path) -> (String, bool) {
    let run = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(directory)
            .args(arguments)
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    };
    let revision = run(&["rev-parse", "HEAD"]).unwrap_or_default();
    let changes = run(&[
        "status",
        "--porcelain",
        "--",
        ":(top)",
        ":(top,exclude)results",
        ":(top,exclude)out",
    ]);
    let changes = changes.unwrap_or_default();
    (revision, !changes.is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn results_and_reports_do_not_make_a_checkout_dirty() {
        let directory = tempfile::tempdir().unwrap();
        let top = directory.path();
        let run = |arguments: &[&str]| {
            let identity = ["-c", "user.name=n", "-c", "user.email=e@localhost"];
            let mut command = Command::new("git");
            command.current_dir(top).args(identity).args(arguments);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{output:?}");
        };
        let write = |name: &str, text: &str| {
            let path = top.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        run(&["init", "--quiet"]);
        for name in ["source", "results/old", "below/source"] {
            write(name, "1");
        }
        run(&["add", "."]);
        let commit = ["commit", "--quiet", "--no-gpg-sign", "--message", "m"];
        run(&commit);
        assert_eq!(git(top).0.len(), 40);
        assert!(!git(top).1);
        for name in ["results/old", "results/new/file", "out/report"] {
            write(name, "2");
        }
        let below = top.join("below");
        assert!(!git(top).1 && !git(&below).1);
        write("below/results/file", "2");
        assert!(git(top).1, "only those at the top are results");
        fs::remove_dir_all(below.join("results")).unwrap();
        write("source", "2");
        assert!(git(top).1 && git(&below).1);
    }

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
