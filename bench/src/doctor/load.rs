//! What else the machine is doing, and how much of it is to be had.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use procfs::{Current, LoadAverage};
use records::Machine;

use super::{Finding, Verdict};
use crate::host::MachineUsage;
use crate::processors;

/// Length of the look for foreign load.
const LOOK: Duration = Duration::from_millis(300);

pub fn examine(machine: &Machine) -> Result<Vec<Finding>> {
    let (busy, steal) = disturbance()?;
    let load = LoadAverage::current().context("cannot read the load average")?;
    Ok(vec![
        processors_to_run_on()?,
        quota(machine.cgroup_cpu_quota_permille),
        steal,
        busy,
        Finding::judge(
            "load average",
            load.one < 1.0,
            Verdict::Warn,
            format!("{} over a minute", load.one),
            "wait until other programs have ended",
        ),
    ])
}

fn processors_to_run_on() -> Result<Finding> {
    let count = processors::available()?.len();
    Ok(Finding::judge(
        "processors",
        count >= 2,
        Verdict::Fail,
        format!("{count} to run on"),
        "server and load generator need one each; use a larger machine, or --oversubscribe to see it work at all",
    ))
}

fn quota(permille: Option<u64>) -> Finding {
    let found = match permille {
        Some(permille) => format!("{} thousandths of a processor", permille),
        None => "none".to_owned(),
    };
    Finding::judge(
        "quota of processor time",
        permille.is_none(),
        Verdict::Warn,
        found,
        "the kernel stops whoever has used it up, in the middle of a window; run outside of the control group that \
         sets it (`docker run --cpus`, `CPUQuota=`), and use --cpuset-cpus or AllowedCPUs= in its place",
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
        used.total.busy_us() * 100 / whole_us,
        used.total.steal_us * 100 / whole_us,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_warned_of() {
        assert_eq!(quota(None).verdict, Verdict::Ok);
        let finding = quota(Some(1500));
        assert_eq!(finding.verdict, Verdict::Warn);
        assert!(finding.found.starts_with("1500 ") && finding.remedy.contains("CPUQuota="));
    }
}
