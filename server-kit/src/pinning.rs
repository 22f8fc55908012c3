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

#[cfg(test)]
mod tests {
    use nix::sched::sched_getaffinity;

    use super::*;

    fn affinity() -> Vec<usize> {
        let set = sched_getaffinity(THIS_THREAD).unwrap();
        (0..CpuSet::count())
            .filter(|&cpu| set.is_set(cpu).unwrap())
            .collect()
    }

    #[test]
    fn threads_inherit_the_set() {
        let before = affinity();
        confine(&[]).unwrap();
        assert_eq!(affinity(), before);
        confine(&before).unwrap();
        assert_eq!(std::thread::spawn(affinity).join().unwrap(), before);
        confine(&before[..1]).unwrap();
        assert_eq!(std::thread::spawn(affinity).join().unwrap(), before[..1]);
    }

    #[test]
    fn a_processor_that_is_not_there_is_named() {
        let last = CpuSet::count() - 1;
        for missing in [last, 4095] {
            let message = confine(&[affinity()[0], missing]).unwrap_err().to_string();
            assert!(
                message.contains(&format!("processor {missing} ")),
                "{message}"
            );
        }
    }
}
