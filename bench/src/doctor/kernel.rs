//! The kernel: its release, `io_uring`, its settings.

use std::io;

use io_uring::IoUring;

use super::{Finding, Verdict};
use crate::machine::{self, Sysctls};
use crate::settings::{Setting, Settings, Severity};

pub fn examine() -> Vec<Finding> {
    let sysctls = Sysctls::of_this_machine();
    let mut findings = vec![
        release(&machine::kernel_release()),
        mitigations(),
        io_uring(IoUring::new(8).map(drop)),
    ];
    for setting in &Settings::of_the_study().sysctls {
        findings.push(sysctl(setting, sysctls.get(&setting.name).as_deref()));
    }
    findings
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

fn mitigations() -> Finding {
    let list = machine::mitigations();
    let active = list
        .values()
        .filter(|state| state.starts_with("Mitigation"));
    Finding::ok(
        "CPU mitigations",
        format!("{} active; recorded with every run", active.count()),
    )
}

fn io_uring(tried: io::Result<()>) -> Finding {
    match tried {
        Ok(()) => Finding::ok("io_uring", "a ring can be made"),
        Err(error) => Finding::new(
            "io_uring",
            Verdict::Fail,
            format!("no ring can be made: {error}"),
            "set kernel.io_uring_disabled to 0; in a container, allow io_uring in its seccomp profile; a kernel \
             before 5.12 needs more locked memory (`ulimit -l`)",
        ),
    }
}

fn sysctl(setting: &Setting, found: Option<&str>) -> Finding {
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
        let finding = io_uring(Err(io::ErrorKind::PermissionDenied.into()));
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
        assert_eq!(sysctl(ring, Some("0")).verdict, Verdict::Ok);
        assert_eq!(sysctl(ring, Some("2")).verdict, Verdict::Fail);
        assert_eq!(sysctl(ring, None).verdict, Verdict::Ok);
    }
}
