//! Processors and what disturbs them.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use procfs::{Current, LoadAverage};

use super::{Finding, Verdict};
use crate::host::MachineUsage;
use crate::machine;
use crate::processors;

/// Length of the look for foreign load.
const LOOK: Duration = Duration::from_millis(300);

pub fn examine() -> Result<Vec<Finding>> {
    let (busy, steal) = disturbance()?;
    Ok(vec![
        cores()?,
        smt(),
        governor(&machine::governor()),
        turbo(),
        virtualization(&machine::virtualization()),
        steal,
        busy,
        load_average()?,
        clocksource(&machine::clocksource()),
    ])
}

fn cores() -> Result<Finding> {
    let count = processors::available()?.len();
    Ok(Finding::judge(
        "processors",
        count >= 2,
        Verdict::Fail,
        format!("{count} to run on"),
        "server and load generator need one each; use a larger machine, or --oversubscribe to see it work at all",
    ))
}

fn smt() -> Finding {
    let threads = machine::threads_per_core();
    Finding::judge(
        "threads a core",
        threads == 1,
        Verdict::Warn,
        threads.to_string(),
        "two threads of a core slow each other; turn SMT off: `echo off > /sys/devices/system/cpu/smt/control` as root",
    )
}

fn governor(governor: &str) -> Finding {
    let found = if governor.is_empty() {
        "none: the frequency is not this kernel's to set"
    } else {
        governor
    };
    Finding::judge(
        "frequency governor",
        governor.is_empty() || governor == "performance",
        Verdict::Warn,
        found,
        "a frequency that changes is noise; `cpupower frequency-set -g performance` as root",
    )
}

fn turbo() -> Finding {
    let read = |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned());
    let cpu = "/sys/devices/system/cpu";
    let on = match (
        read(&format!("{cpu}/intel_pstate/no_turbo")),
        read(&format!("{cpu}/cpufreq/boost")),
    ) {
        (Ok(off), _) => Some(off == "0"),
        (_, Ok(on)) => Some(on == "1"),
        _ => None,
    };
    let found = match on {
        Some(true) => "on",
        Some(false) => "off",
        None => "cannot be seen",
    };
    Finding::judge(
        "turbo",
        on != Some(true),
        Verdict::Warn,
        found,
        "its speed depends on heat; write 1 to intel_pstate/no_turbo or 0 to cpufreq/boost below \
         /sys/devices/system/cpu as root",
    )
}

fn virtualization(name: &str) -> Finding {
    Finding::judge(
        "virtualization",
        name == "none",
        Verdict::Warn,
        name,
        "neighbours may take time and caches; prefer bare metal or dedicated processors, and trust ratios within \
         a block rather than figures",
    )
}

/// Foreign load and steal over one look, in which this process sleeps.
fn disturbance() -> Result<(Finding, Finding)> {
    let before = MachineUsage::read()?;
    let start = Instant::now();
    sleep(LOOK);
    let used = MachineUsage::read()?.since(&before);
    let whole_us = u64::try_from(start.elapsed().as_micros())? * used.cpus;
    let (busy, steal) = (
        used.busy_us * 100 / whole_us,
        used.steal_us * 100 / whole_us,
    );
    let busy = Finding::judge(
        "foreign load",
        busy <= 5,
        Verdict::Warn,
        format!("{busy} % of the processors"),
        "other programs take part in the measurement; end them, `top` shows which",
    );
    let steal = Finding::judge(
        "steal",
        steal <= 1,
        Verdict::Warn,
        format!("{steal} % of the processors"),
        "the hypervisor gives time to others; measure at another time or on a dedicated machine",
    );
    Ok((busy, steal))
}

fn load_average() -> Result<Finding> {
    let load = LoadAverage::current().context("cannot read the load average")?;
    Ok(Finding::judge(
        "load average",
        load.one < 1.0,
        Verdict::Warn,
        format!("{} over a minute", load.one),
        "wait until other programs have ended",
    ))
}

fn clocksource(name: &str) -> Finding {
    Finding::judge(
        "clock source",
        ["tsc", "arch_sys_counter", "kvm-clock"].contains(&name),
        Verdict::Warn,
        name,
        "reading this clock is slow, and the load generator reads it for every request; choose tsc below \
         /sys/devices/system/clocksource/clocksource0",
    )
}
