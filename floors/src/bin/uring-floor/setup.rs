//! The ring as the flags want it, or what of it the kernel refuses.

use std::io;

use anyhow::{Context, Error, Result};
use io_uring::{Builder, IoUring, Probe, opcode};
use nix::sys::resource::{Resource, getrlimit};
use server_kit::{closes_direct_descriptors_at_once, while_memory_is_short};

use crate::args::{Args, Receive, SendBy, SkipSuccess, TaskRun};
use crate::buffers::Buffers;
use crate::refusal::{refused, unsupported};

/// Longest table of direct descriptors: about as many connections as one worker can do justice.
const MAX_DIRECT: u32 = 1 << 16;

/// How long the kernel's thread looks for entries before it sleeps.
const SQPOLL_IDLE_MS: u32 = 1000;

/// A set-up flag: its name, the release that brought it, and how to do without.
struct Flag {
    name: &'static str,
    needs: &'static str,
    without: &'static str,
    set: fn(&mut Builder),
}

/// The flags that are wanted. Each stands behind those it depends on.
fn flags(args: &Args) -> Vec<Flag> {
    let task_run = args.task_run();
    let all = [
        (
            task_run == TaskRun::Cooperative,
            Flag {
                name: "COOP_TASKRUN",
                needs: "5.19",
                without: "give --task-run interrupt",
                set: |builder| _ = builder.setup_coop_taskrun(),
            },
        ),
        (
            true,
            Flag {
                name: "SINGLE_ISSUER",
                needs: "6.0",
                without: "measure epoll-floor",
                set: |builder| _ = builder.setup_single_issuer(),
            },
        ),
        (
            task_run == TaskRun::Deferred,
            Flag {
                name: "DEFER_TASKRUN",
                needs: "6.1",
                without: "give --task-run cooperative",
                set: |builder| _ = builder.setup_defer_taskrun(),
            },
        ),
        (
            args.marks_task_run(),
            Flag {
                name: "TASKRUN_FLAG",
                needs: "5.19",
                without: "leave --spin-us out",
                set: |builder| _ = builder.setup_taskrun_flag(),
            },
        ),
        (
            args.no_sqarray,
            Flag {
                name: "NO_SQARRAY",
                needs: "6.6",
                without: "leave --no-sqarray out",
                set: |builder| _ = builder.setup_no_sqarray(),
            },
        ),
    ];
    all.into_iter()
        .filter_map(|(on, flag)| on.then_some(flag))
        .collect()
}

/// The set-up flags of the rings, by the kernel's names.
pub(crate) fn flag_names(args: &Args, pinned: bool) -> Vec<&'static str> {
    let mut names = vec!["CLAMP", "CQSIZE"];
    if args.sqpoll {
        names.push("SQPOLL");
        names.extend(pinned.then_some("SQ_AFF"));
    }
    names.extend(flags(args).iter().map(|flag| flag.name));
    names
}

/// Makes the ring. Call it on the thread that will use it: with SINGLE_ISSUER the kernel refuses any
/// other.
pub(crate) fn build(args: &Args, cpu: Option<usize>) -> Result<IoUring> {
    let wanted = flags(args);
    let make = |flags: &[Flag]| {
        let mut builder = IoUring::builder();
        builder
            .setup_clamp()
            .setup_cqsize(args.queue_depth.saturating_mul(4));
        if args.sqpoll {
            builder.setup_sqpoll(SQPOLL_IDLE_MS);
            if let Some(cpu) = cpu {
                builder.setup_sqpoll_cpu(u32::try_from(cpu).unwrap_or(u32::MAX));
            }
        }
        flags.iter().for_each(|flag| (flag.set)(&mut builder));
        while_memory_is_short(|| builder.build(args.queue_depth))
    };
    make(&wanted).map_err(|error| explain(error, &wanted, |flags| make(flags).is_ok()))
}

/// The kernel says "invalid" for a flag it does not know: the first without which it agrees is the
/// culprit.
fn explain(error: io::Error, wanted: &[Flag], works: impl Fn(&[Flag]) -> bool) -> Error {
    let culprit = (0..wanted.len())
        .rev()
        .find(|&count| works(&wanted[..count]));
    match culprit {
        Some(culprit) if error.raw_os_error() == Some(libc::EINVAL) => {
            let flag = &wanted[culprit];
            unsupported(flag.name, flag.needs, flag.without)
        }
        _ => failed(error),
    }
}

fn failed(source: io::Error) -> Error {
    refused(match source.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE) => {
            "making a ring (too many files are open: raise the limit, `ulimit -n`)"
        }
        _ => "making a ring",
    })(source)
}

/// Checks that the kernel has all that the flags ask for, and registers buffers and descriptors.
pub(crate) fn prepare(uring: &IoUring, args: &Args) -> Result<Option<Buffers>> {
    check_features(uring, args)?;
    check_operations(uring, args)?;
    if args.descriptors.are_direct() {
        make_table(uring)?;
    }
    match args.recv {
        Receive::OneShot => Ok(None),
        Receive::Multishot | Receive::Bundle => {
            Buffers::register(&uring.submitter(), args).map(Some)
        }
    }
}

fn check_features(uring: &IoUring, args: &Args) -> Result<()> {
    let has = uring.params();
    if args.wait_for.is_some() && !has.is_feature_min_timeout() {
        return Err(unsupported(
            "a minimum wait",
            "6.12",
            "leave --min-wait-us and --wait-for out",
        ));
    }
    if args.recv == Receive::Bundle && !has.is_feature_recvsend_bundle() {
        return Err(unsupported(
            "a receive bundle",
            "6.10",
            "give --recv multishot",
        ));
    }
    if args.skip_success > SkipSuccess::None && !has.is_feature_skip_cqe_on_success() {
        return Err(unsupported(
            "CQE_SKIP_SUCCESS",
            "5.17",
            "leave --skip-success out",
        ));
    }
    Ok(())
}

/// Multishot has no feature bit. The release that brought multishot accept brought the operation
/// SOCKET too (5.19), and that of multishot receive SEND_ZC (6.0).
fn check_operations(uring: &IoUring, args: &Args) -> Result<()> {
    let mut probe = Probe::new();
    uring
        .submitter()
        .register_probe(&mut probe)
        .map_err(refused("asking io_uring for its operations"))?;
    if !probe.is_supported(opcode::Socket::CODE) {
        return Err(unsupported(
            "multishot accept",
            "5.19",
            "measure epoll-floor",
        ));
    }
    let has_send_zc = probe.is_supported(opcode::SendZc::CODE);
    if args.recv != Receive::OneShot && !has_send_zc {
        return Err(unsupported(
            "multishot receive",
            "6.0",
            "give --recv one-shot",
        ));
    }
    if args.send == SendBy::ZeroCopy && !has_send_zc {
        return Err(unsupported("a zero-copy send", "6.0", "give --send send"));
    }
    Ok(())
}

/// Makes the table of direct descriptors, as long as the process may have open files: the kernel
/// allows no more.
fn make_table(uring: &IoUring) -> Result<()> {
    let at_once = closes_direct_descriptors_at_once();
    if !at_once.map_err(refused("trying direct descriptors"))? {
        return Err(unsupported(
            "closing direct descriptors at once",
            "6.13",
            "give --descriptors process",
        ));
    }
    let (soft, _) =
        getrlimit(Resource::RLIMIT_NOFILE).context("cannot read the limit of open files")?;
    let length = u32::try_from(soft).unwrap_or(u32::MAX).min(MAX_DIRECT);
    let made = uring.submitter().register_files_sparse(length);
    made.map_err(|source| match source.raw_os_error() {
        Some(libc::EINVAL) => unsupported(
            "direct descriptors for accepted sockets",
            "5.19",
            "give --descriptors process",
        ),
        _ => refused("making the table of direct descriptors")(source),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn wanted(words: &str) -> Vec<Flag> {
        let args = Args::parse_from(["uring-floor"].into_iter().chain(words.split(' ')));
        args.check().unwrap();
        flags(&args)
    }

    /// What is said on a kernel that knows only some flags.
    fn said(words: &str, known: &[&str]) -> String {
        let invalid = io::Error::from_raw_os_error(libc::EINVAL);
        let works = |flags: &[Flag]| flags.iter().all(|flag| known.contains(&flag.name));
        format!("{:#}", explain(invalid, &wanted(words), works))
    }

    #[test]
    fn the_flag_that_the_kernel_lacks_is_named() {
        let spins = "--no-sqarray --spin-us 10";
        let cases = [
            (
                "--no-sqarray",
                &["SINGLE_ISSUER", "DEFER_TASKRUN"][..],
                "NO_SQARRAY",
                "6.6",
            ),
            (spins, &["SINGLE_ISSUER"], "DEFER_TASKRUN", "6.1"),
            (spins, &[], "SINGLE_ISSUER", "6.0"),
            ("--task-run cooperative", &[], "COOP_TASKRUN", "5.19"),
        ];
        for (words, known, name, needs) in cases {
            let message = said(words, known);
            let begins = format!("{name} needs Linux {needs}; this is ");
            assert!(message.starts_with(&begins), "{words}: {message}");
        }
    }

    #[test]
    fn a_kernel_without_io_uring_is_not_taken_for_an_old_one() {
        let hidden = io::Error::from_raw_os_error(libc::ENOSYS);
        let message = format!("{:#}", explain(hidden, &wanted("--no-sqarray"), |_| false));
        assert!(
            message.contains("Linux 5.1") || message.contains("seccomp"),
            "{message}"
        );
    }
}
