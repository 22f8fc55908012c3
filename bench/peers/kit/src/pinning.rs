//! Which processors a thread may run on.

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

/// Confines this thread, and those it starts from here on, to `cpus`; all stays as it is when there
/// are none.
///
/// # Errors
/// When one of them is not available; the message names it.
pub fn confine(cpus: &[usize]) -> Result<()> {
    let mut all = CpuSet::new();
    for &cpu in cpus {
        let unavailable = || {
            format!(
                "processor {cpu} of --cpus is not available; list those of this machine with \
                 `lscpu --extended` (a container may have fewer)"
            )
        };
        let mut one = CpuSet::new();
        one.set(cpu).with_context(unavailable)?;
        // The kernel takes a set in which only some are available: each is tried by itself.
        sched_setaffinity(THIS_THREAD, &one).with_context(unavailable)?;
        all.set(cpu).with_context(unavailable)?;
    }
    if !cpus.is_empty() {
        sched_setaffinity(THIS_THREAD, &all).context("cannot confine the workers to --cpus")?;
    }
    Ok(())
}

const THIS_THREAD: Pid = Pid::from_raw(0);
