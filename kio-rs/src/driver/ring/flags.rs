//! The set-up flags of a ring, and making one with them.

use std::io;
use std::time::Duration;

use io_uring::IoUring;
use server_kit::while_memory_is_short;

use crate::config::{Config, DriverKind, TaskRun};
use crate::error::Error;

/// A set-up flag of the kernel: its name, and the release that brought it.
struct Flag {
    name: &'static str,
    needs: &'static str,
    wanted: bool,
    set: fn(&mut io_uring::Builder),
}

fn flags(config: &Config) -> [Flag; 5] {
    [
        Flag {
            name: "COOP_TASKRUN",
            needs: "5.19",
            wanted: config.task_run == TaskRun::Cooperative,
            set: |builder| _ = builder.setup_coop_taskrun(),
        },
        Flag {
            name: "TASKRUN_FLAG",
            needs: "5.19",
            // A worker that spins sees by it that there is completion work to run.
            wanted: !config.spin.is_zero() && config.task_run != TaskRun::Interrupt,
            set: |builder| _ = builder.setup_taskrun_flag(),
        },
        Flag {
            name: "SINGLE_ISSUER",
            needs: "6.0",
            wanted: config.single_issuer,
            set: |builder| _ = builder.setup_single_issuer(),
        },
        Flag {
            name: "DEFER_TASKRUN",
            needs: "6.1",
            wanted: config.task_run == TaskRun::Deferred,
            set: |builder| _ = builder.setup_defer_taskrun(),
        },
        Flag {
            name: "NO_SQARRAY",
            needs: "6.6",
            wanted: config.no_sqarray,
            set: |builder| _ = builder.setup_no_sqarray(),
        },
    ]
}

/// The set-up flags, by the kernel's names, of the rings that a configuration asks for: none with
/// another driver.
pub fn ring_flags(config: &Config) -> Vec<&'static str> {
    if config.driver != DriverKind::Uring {
        return Vec::new();
    }
    let asked = flags(config)
        .into_iter()
        .filter(|flag| flag.wanted)
        .map(|flag| flag.name);
    let polled = config.sqpoll_idle.is_some();
    let pinned = polled && !config.cpus.is_empty();
    ["CLAMP", "CQSIZE"]
        .into_iter()
        .chain(polled.then_some("SQPOLL"))
        .chain(pinned.then_some("SQ_AFF"))
        .chain(asked)
        .collect()
}

/// Makes a ring with the configuration's flags, or says which of them the kernel lacks.
pub(super) fn make(config: &Config, cpu: Option<usize>) -> Result<IoUring, Error> {
    check(config)?;
    let mut wanted = flags(config);
    match build(config, cpu, &wanted) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            // The kernel says "invalid" for a flag it does not know. The newest flag without which
            // it agrees is the culprit.
            for last in (0..wanted.len()).rev().filter(|&i| flags(config)[i].wanted) {
                wanted[last].wanted = false;
                if wanted[last].name.ends_with("_TASKRUN") {
                    // It goes with one of these two only.
                    let marked = wanted.iter_mut().filter(|flag| flag.name == "TASKRUN_FLAG");
                    marked.for_each(|flag| flag.wanted = false);
                }
                // Another refusal than "invalid" comes of something else, once the flags are known.
                if !is_invalid(&build(config, cpu, &wanted)) {
                    return Err(Error::unsupported(wanted[last].name, wanted[last].needs));
                }
            }
            Err(failed(error))
        }
        built => built.map_err(failed),
    }
}

fn is_invalid<T>(result: &io::Result<T>) -> bool {
    matches!(result, Err(error) if error.raw_os_error() == Some(libc::EINVAL))
}

fn failed(source: io::Error) -> Error {
    match source.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE) => {
            Error::io("making a ring (raise the limit of open files: `ulimit -n`)")(source)
        }
        Some(libc::EINVAL) => Error::Refused {
            cause: "the kernel calls the set-up invalid, and no flag alone is to blame".to_owned(),
            source,
        },
        _ => Error::ring("making a ring")(source),
    }
}

/// What the kernel refuses with no more than "invalid".
fn check(config: &Config) -> Result<(), Error> {
    let refused = |message: &str| Err(Error::Config(message.to_owned()));
    if config.task_run == TaskRun::Deferred && !config.single_issuer {
        return refused("DEFER_TASKRUN needs SINGLE_ISSUER: set single_issuer");
    }
    if config.sqpoll_idle.is_some() && config.task_run != TaskRun::Interrupt {
        return refused(
            "with SQPOLL the kernel's thread runs the completion work: set task_run to interrupt",
        );
    }
    if config.queue_depth == 0 {
        return refused("a ring's queue_depth is at least 1");
    }
    Ok(())
}

fn build(config: &Config, cpu: Option<usize>, flags: &[Flag]) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder
        .setup_clamp()
        .setup_cqsize(config.queue_depth.saturating_mul(4));
    if let Some(idle) = config.sqpoll_idle {
        builder.setup_sqpoll(milliseconds(idle));
        // The kernel's thread may otherwise run on any processor: also on those that were kept
        // free of this process.
        if let Some(cpu) = cpu.and_then(|cpu| u32::try_from(cpu).ok()) {
            builder.setup_sqpoll_cpu(cpu);
        }
    }
    for flag in flags.iter().filter(|flag| flag.wanted) {
        (flag.set)(&mut builder);
    }
    while_memory_is_short(|| builder.build(config.queue_depth))
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
