//! What this process may use, and what it needs beside it: programs, limits, the network's device.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use records::{Machine, NetworkDevice};

use super::{Finding, Verdict};
use crate::load::Wrk;
use crate::machine;
use crate::settings::Settings;

pub fn examine(machine: &Machine) -> Result<Vec<Finding>> {
    Ok(vec![
        wrk(),
        perf(),
        open_files(machine),
        locked_memory(machine),
        Finding::ok("network device", network(&machine.network)),
        disk()?,
    ])
}

/// Profiles need it, nothing else does.
fn perf() -> Finding {
    let output = Command::new("perf").arg("--version").output();
    match output {
        Ok(output) if output.status.success() => {
            let version = String::from_utf8_lossy(&output.stdout);
            Finding::ok("perf", version.trim())
        }
        _ => Finding::ok("perf", "not found; only `bench profile` needs it"),
    }
}

fn network(device: &NetworkDevice) -> String {
    let mut words = vec![device.kind.clone()];
    words.extend(device.mtu_bytes.map(|mtu| format!("MTU {mtu}")));
    words.extend(
        device
            .offloads
            .as_ref()
            .map(|on| format!("{} features on", on.len())),
    );
    words.join(", ")
}

fn wrk() -> Finding {
    match Wrk::find() {
        Ok(wrk) => Finding::ok("wrk", wrk.version()),
        Err(error) => Finding::new("wrk", Verdict::Fail, "not found", &format!("{error:#}")),
    }
}

/// The hard limit counts: the harness raises the soft one.
fn open_files(machine: &Machine) -> Finding {
    let (soft, hard) = (machine.nofile_soft, machine.nofile_hard);
    let needed = Settings::of_the_study().nofile_at_least;
    Finding::judge(
        "open files",
        hard >= needed,
        Verdict::Fail,
        format!("{soft}, and {hard} at most"),
        &format!(
            "2000 connections need {needed}; --fix cannot raise it: `* hard nofile {needed}` in \
             /etc/security/limits.conf and a new login, or `ulimit -Hn {needed}` as root before this"
        ),
    )
}

fn locked_memory(machine: &Machine) -> Finding {
    let found = match machine.memlock_soft_bytes {
        Some(bytes) => format!("{} KiB", bytes >> 10),
        None => "unlimited".to_owned(),
    };
    Finding::ok("locked memory", found)
}

fn disk() -> Result<Finding> {
    let free = machine::free_disk_bytes(Path::new("."))?;
    Ok(Finding::judge(
        "disk space",
        free >= 256 << 20,
        Verdict::Warn,
        format!("{} MiB free here", free >> 20),
        "a run stops when the disk is full; free some space, or give --out on another disk",
    ))
}
