//! The kernel and what is under it.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use super::cpu::Cpu;
use super::read_trimmed;

/// The kernel's release: `6.18.44`.
pub fn kernel_release() -> String {
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

/// The kernel's clock source.
pub fn clocksource() -> String {
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
pub fn mitigations() -> BTreeMap<String, String> {
    let files = fs::read_dir("/sys/devices/system/cpu/vulnerabilities");
    let files = files.into_iter().flatten().flatten();
    let entry = |file: fs::DirEntry| {
        let name = file.file_name().to_string_lossy().into_owned();
        Some((name, read_trimmed(file.path())?))
    };
    files.filter_map(entry).collect()
}

/// The hypervisor under this machine, as far as it can be seen; `none` for bare metal.
pub fn virtualization() -> String {
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
    fn the_machine_that_built_the_kernel_is_left_out() {
        let version = "Linux version 6.1.0-9-amd64 (user@machine) (gcc-12 (Debian) 12.2.0) #1 SMP";
        assert_eq!(
            without_builder(version),
            "Linux version 6.1.0-9-amd64 (gcc-12 (Debian) 12.2.0) #1 SMP"
        );
    }
}
