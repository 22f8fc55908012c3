//! The kernel: its release, `io_uring`, its settings.

use std::path::Path;

use records::{IoUring, Machine};

use super::{Finding, Verdict};
use crate::settings::{Setting, Settings, Severity};

pub fn examine(machine: &Machine) -> Vec<Finding> {
    let mut findings = vec![
        release(&machine.kernel_release),
        arguments(&machine.kernel_arguments),
        mitigations(machine),
        Finding::ok("huge pages", or_none(&machine.transparent_hugepages)),
        io_uring(&machine.io_uring),
        setup_flags(&machine.io_uring),
        seccomp(&machine.io_uring),
    ];
    for setting in Settings::of_the_study().all() {
        findings.push(judge(setting, setting.found(Path::new("/")).as_deref()));
    }
    findings
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn arguments(arguments: &[String]) -> Finding {
    Finding::ok("kernel arguments", or_none(&arguments.join(" ")))
}

fn release(release: &str) -> Finding {
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|digits| digits.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    Finding::judge(
        "kernel",
        version >= (6, 1),
        Verdict::Warn,
        release,
        "io_uring's DEFER_TASKRUN came with 6.1 and multishot receive with 6.0; arms that use them do not start \
         on an older kernel",
    )
}

fn mitigations(machine: &Machine) -> Finding {
    let list = &machine.mitigations;
    let active = list
        .values()
        .filter(|state| state.starts_with("Mitigation"));
    Finding::ok(
        "CPU mitigations",
        format!("{} active; recorded with every run", active.count()),
    )
}

fn io_uring(found: &IoUring) -> Finding {
    Finding::judge(
        "io_uring",
        found.refused_because.is_empty(),
        Verdict::Fail,
        match found.refused_because.as_str() {
            "" => "a ring can be made".to_owned(),
            why => format!("no ring can be made: {why}"),
        },
        "set kernel.io_uring_disabled to 0; in a container, allow io_uring in its seccomp profile; a kernel \
         before 5.12 needs more locked memory (`ulimit -l`)",
    )
}

fn setup_flags(found: &IoUring) -> Finding {
    Finding::judge(
        "io_uring set-up flags",
        found.setup_flags.iter().any(|flag| flag == "DEFER_TASKRUN"),
        Verdict::Warn,
        or_none(&found.setup_flags.join(" ")),
        "arms that ask for a flag that is not here do not start; take a kernel from 6.1 on for DEFER_TASKRUN",
    )
}

fn seccomp(found: &IoUring) -> Finding {
    Finding::judge(
        "filter of system calls",
        matches!(found.seccomp.as_str(), "disabled" | ""),
        Verdict::Warn,
        or_none(&found.seccomp),
        "it is run at every entry into the kernel, of which the arms make different numbers; in a container, \
         `--security-opt seccomp=unconfined`",
    )
}

fn judge(setting: &Setting, found: Option<&str>) -> Finding {
    let Some(found) = found else {
        return Finding::ok(&setting.name, "not in this kernel");
    };
    let verdict = match setting.severity {
        Severity::Warn => Verdict::Warn,
        Severity::Fail => Verdict::Fail,
    };
    let remedy = format!(
        "{}; `bench doctor --fix` as root sets {}",
        setting.reason, setting.value
    );
    Finding::judge(
        &setting.name,
        setting.accepts(found),
        verdict,
        found,
        &remedy,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_kernel_is_named() {
        assert_eq!(release("6.18.44-a").verdict, Verdict::Ok);
        assert_eq!(release("6.1.0").verdict, Verdict::Ok);
        assert_eq!(release("5.15.0-91").verdict, Verdict::Warn);
        assert_eq!(release("").verdict, Verdict::Warn);
    }

    #[test]
    fn a_refused_ring_names_its_likely_causes() {
        let refused = IoUring {
            refused_because: "permission denied".to_owned(),
            ..IoUring::default()
        };
        let finding = io_uring(&refused);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert!(finding.remedy.contains("kernel.io_uring_disabled"));
        assert!(finding.remedy.contains("seccomp"));
    }

    #[test]
    fn a_setting_is_judged_by_its_severity() {
        let settings = Settings::of_the_study().sysctls;
        let ring = settings
            .iter()
            .find(|s| s.name == "kernel.io_uring_disabled")
            .unwrap();
        assert_eq!(judge(ring, Some("0")).verdict, Verdict::Ok);
        assert_eq!(judge(ring, Some("2")).verdict, Verdict::Fail);
        assert_eq!(judge(ring, None).verdict, Verdict::Ok);
    }
}
