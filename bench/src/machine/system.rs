//! The kernel and what is under it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::cpu::Cpu;
use super::read_trimmed;

/// The kernel's release: `6.18.44`.
pub(super) fn kernel_release() -> String {
    read_trimmed("/proc/sys/kernel/osrelease").unwrap_or_default()
}

/// The kernel's full version string, without the `(user@machine)` that built it.
pub(super) fn kernel_version() -> String {
    without_builder(&read_trimmed("/proc/version").unwrap_or_default())
}

fn without_builder(version: &str) -> String {
    let is_builder = |word: &&str| word.starts_with('(') && word.contains('@');
    let words = version.split(' ').filter(|word| !is_builder(word));
    words.collect::<Vec<_>>().join(" ")
}

/// Arguments of the kernel that may show in a measurement. No other is recorded: disks, consoles and
/// what a provider puts there may identify the machine.
const ARGUMENTS: [&str; 46] = [
    "amd_pstate",
    "audit",
    "cgroup_disable",
    "cgroup_no_v1",
    "clocksource",
    "cpufreq.default_governor",
    "cpuidle.off",
    "cpuidle_haltpoll.force",
    "default_hugepagesz",
    "gather_data_sampling",
    "haltpoll.guest_halt_poll_ns",
    "hugepages",
    "idle",
    "intel_idle.max_cstate",
    "intel_iommu",
    "intel_pstate",
    "iommu",
    "irqaffinity",
    "isolcpus",
    "l1tf",
    "maxcpus",
    "mds",
    "mem",
    "mitigations",
    "nmi_watchdog",
    "nohz",
    "nohz_full",
    "nokaslr",
    "nopti",
    "nosmt",
    "nospectre_v2",
    "nowatchdog",
    "nr_cpus",
    "numa_balancing",
    "preempt",
    "processor.max_cstate",
    "psi",
    "pti",
    "rcu_nocbs",
    "retbleed",
    "skew_tick",
    "spectre_v2",
    "systemd.unified_cgroup_hierarchy",
    "threadirqs",
    "transparent_hugepage",
    "tsc",
];

/// Those of the kernel's arguments that may show in a measurement.
pub(super) fn kernel_arguments() -> Vec<String> {
    arguments_that_matter(&read_trimmed("/proc/cmdline").unwrap_or_default())
}

fn arguments_that_matter(line: &str) -> Vec<String> {
    // What follows is the first program's, not the kernel's.
    let kernels = line.split_whitespace().take_while(|word| *word != "--");
    let matters = |word: &&str| {
        let name = word.split_once('=').map_or(*word, |(name, _)| name);
        ARGUMENTS.contains(&name)
    };
    kernels.filter(matters).map(str::to_owned).collect()
}

/// The chosen one of a kernel's list such as `always [madvise] never`.
pub(super) fn transparent_hugepages() -> String {
    let list = read_trimmed("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_default();
    chosen(&list).to_owned()
}

fn chosen(list: &str) -> &str {
    let chosen = list
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    chosen.map_or("", |(chosen, _)| chosen)
}

/// The container around this process, as far as it can be seen; `none` without one.
pub(super) fn container() -> String {
    let detected = Command::new("systemd-detect-virt")
        .arg("--container")
        .output();
    if let Ok(output) = detected {
        let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !name.is_empty() {
            return name;
        }
    }
    let marks = [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")];
    let found = marks.iter().find(|(mark, _)| Path::new(mark).exists());
    found.map_or("none", |(_, name)| name).to_owned()
}

/// The kernel's clock source.
pub(super) fn clocksource() -> String {
    read_trimmed("/sys/devices/system/clocksource/clocksource0/current_clocksource")
        .unwrap_or_default()
}

/// The distribution's name and version.
pub(super) fn distribution() -> String {
    let text = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let mut lines = text.lines().filter_map(|line| line.split_once('='));
    let name = lines.find(|(key, _)| *key == "PRETTY_NAME");
    name.map_or_else(String::new, |(_, value)| value.trim_matches('"').to_owned())
}

/// CPU vulnerability -> what the kernel does about it.
pub(super) fn mitigations() -> BTreeMap<String, String> {
    let files = fs::read_dir("/sys/devices/system/cpu/vulnerabilities");
    let files = files.into_iter().flatten().flatten();
    let entry = |file: fs::DirEntry| {
        let name = file.file_name().to_string_lossy().into_owned();
        Some((name, read_trimmed(file.path())?))
    };
    files.filter_map(entry).collect()
}

/// The hypervisor under this machine, as far as it can be seen; `none` for bare metal.
pub(super) fn virtualization() -> String {
    let detected = Command::new("systemd-detect-virt").arg("--vm").output();
    if let Ok(output) = detected {
        let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !name.is_empty() {
            return name;
        }
    }
    let vendor = read_trimmed("/sys/class/dmi/id/sys_vendor").unwrap_or_default();
    let vendors = [
        ("QEMU", "qemu"),
        ("KVM", "kvm"),
        ("Xen", "xen"),
        ("VMware", "vmware"),
        ("Microsoft", "microsoft"),
        ("Amazon EC2", "amazon"),
        ("Hetzner", "qemu"),
    ];
    let known = vendors.iter().find(|(part, _)| vendor.contains(part));
    match known {
        Some((_, name)) => (*name).to_owned(),
        None if Cpu::read().hypervisor => "unknown".to_owned(),
        None => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_arguments_that_matter_are_kept() {
        let line = "BOOT_IMAGE=/vmlinuz root=UUID=0 quiet mitigations=auto nosmt isolcpus=2-3 hostname=x \
                    intel_pstate=disable -- nohz_full=1";
        assert_eq!(
            arguments_that_matter(line),
            [
                "mitigations=auto",
                "nosmt",
                "isolcpus=2-3",
                "intel_pstate=disable"
            ]
        );
        assert!(ARGUMENTS.is_sorted());
    }

    #[test]
    fn the_chosen_of_a_list_is_in_brackets() {
        assert_eq!(chosen("always [madvise] never"), "madvise");
        assert_eq!(chosen(""), "");
    }

    #[test]
    fn the_machine_that_built_the_kernel_is_left_out() {
        let version = "Linux version 6.1.0-9-amd64 (user@machine) (gcc-12 (Debian) 12.2.0) #1 SMP";
        assert_eq!(
            without_builder(version),
            "Linux version 6.1.0-9-amd64 (gcc-12 (Debian) 12.2.0) #1 SMP"
        );
    }
}
