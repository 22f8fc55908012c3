//! One io_uring: set up with the flags that were asked for, or an error that says what the kernel
//! lacks; and the two things a worker does with it, putting entries in and taking completions out.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use io_uring::{IoUring, Probe, cqueue, opcode, squeue};
use server_kit::Counters;

use crate::config::{Config, Ops, TaskRun};
use crate::error::Error;

/// From `linux/io_uring.h`; the bindings keep theirs private.
const IORING_ENTER_GETEVENTS: u32 = 1;

/// A set-up flag of the kernel: its name, and the release that brought it.
struct Flag {
    name: &'static str,
    needs: &'static str,
    wanted: bool,
    set: fn(&mut io_uring::Builder),
}

fn flags(config: &Config) -> [Flag; 3] {
    [
        Flag {
            name: "COOP_TASKRUN",
            needs: "5.19",
            wanted: config.task_run == TaskRun::Cooperative,
            set: |builder| _ = builder.setup_coop_taskrun(),
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
    ]
}

/// The set-up flags, by the kernel's names, of the rings that a configuration asks for.
pub fn ring_flags(config: &Config) -> Vec<&'static str> {
    let asked = flags(config)
        .into_iter()
        .filter(|flag| flag.wanted)
        .map(|flag| flag.name);
    ["CLAMP", "CQSIZE"].into_iter().chain(asked).collect()
}

/// A ring that belongs to the thread that made it.
pub(crate) struct Ring {
    uring: IoUring,
    /// Entries for which the submission queue had no room, oldest first.
    backlog: VecDeque<squeue::Entry>,
    counters: Arc<Counters>,
}

impl Ring {
    /// Sets a ring up. Call it on the thread that will use it: with `SINGLE_ISSUER` the kernel
    /// refuses any other.
    pub(crate) fn new(config: &Config, counters: Arc<Counters>) -> Result<Self, Error> {
        if config.task_run == TaskRun::Deferred && !config.single_issuer {
            return Err(Error::Config(
                "DEFER_TASKRUN needs SINGLE_ISSUER: set single_issuer".to_owned(),
            ));
        }
        let mut wanted = flags(config);
        let uring = match build(config, &wanted) {
            Ok(uring) => uring,
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
                // The kernel says "invalid" for a flag it does not know. The newest flag without
                // which it agrees is the culprit.
                for last in (0..wanted.len()).rev().filter(|&i| flags(config)[i].wanted) {
                    wanted[last].wanted = false;
                    if build(config, &wanted).is_ok() {
                        return Err(Error::unsupported(wanted[last].name, wanted[last].needs));
                    }
                }
                return Err(Error::refused(error));
            }
            Err(error) => return Err(Error::refused(error)),
        };
        let ring = Self {
            uring,
            backlog: VecDeque::new(),
            counters,
        };
        ring.probe(config)?;
        Ok(ring)
    }

    /// Multishot has no feature bit. The release that brought multishot accept brought the
    /// operation SOCKET too (5.19), and that of multishot receive SEND_ZC (6.0).
    fn probe(&self, config: &Config) -> Result<(), Error> {
        if config.ops == Ops::OneShot {
            return Ok(());
        }
        let mut probe = Probe::new();
        self.uring
            .submitter()
            .register_probe(&mut probe)
            .map_err(Error::io("asking io_uring for its operations"))?;
        if !probe.is_supported(opcode::Socket::CODE) {
            return Err(Error::unsupported("multishot accept", "5.19"));
        }
        if !probe.is_supported(opcode::SendZc::CODE) {
            return Err(Error::unsupported("multishot receive", "6.0"));
        }
        Ok(())
    }

    pub(crate) fn submitter(&self) -> io_uring::Submitter<'_> {
        self.uring.submitter()
    }

    /// Puts an entry in the submission queue; enters the kernel only when the queue is full.
    ///
    /// # Safety
    /// What the entry points to is valid, and is not touched in conflict with the kernel, until the
    /// operation's last completion.
    #[inline]
    pub(crate) unsafe fn push(&mut self, entry: squeue::Entry) -> io::Result<()> {
        self.counters.sqes.add(1);
        // SAFETY: passed on to the caller.
        if self.backlog.is_empty() && unsafe { self.uring.submission().push(&entry) }.is_ok() {
            return Ok(());
        }
        self.backlog.push_back(entry);
        self.enter(0)
    }

    /// Moves what did not fit into the submission queue, in order.
    #[cold]
    fn move_backlog(&mut self) {
        let mut queue = self.uring.submission();
        while let Some(entry) = self.backlog.pop_front() {
            // SAFETY: the caller of `push` has vouched for the entry until its last completion,
            // which cannot come before it is submitted.
            if unsafe { queue.push(&entry) }.is_err() {
                self.backlog.push_front(entry);
                break;
            }
        }
    }

    /// Submits what is queued and waits until `want` completions are there. A signal, or a
    /// completion queue that must be emptied first, ends the wait early.
    #[inline]
    pub(crate) fn enter(&mut self, want: usize) -> io::Result<()> {
        self.enter_once(want)?;
        while !self.backlog.is_empty() {
            let before = self.backlog.len();
            self.move_backlog();
            if self.backlog.len() == before {
                // The kernel takes no more until completions are taken out.
                break;
            }
            self.enter_once(want)?;
        }
        Ok(())
    }

    #[inline]
    fn enter_once(&mut self, want: usize) -> io::Result<()> {
        // What waits behind a full queue may be what would complete: sleep only with it submitted.
        let want = if self.backlog.is_empty() { want } else { 0 };
        self.counters.kernel_entries.add(1);
        let entered = if want > 0 {
            self.uring.submit_and_wait(want)
        } else {
            let queued = u32::try_from(self.uring.submission().len()).unwrap_or(u32::MAX);
            // SAFETY: no argument is passed. GETEVENTS without a count runs the completion work
            // that DEFER_TASKRUN holds back, and waits for nothing.
            unsafe {
                self.uring
                    .submitter()
                    .enter::<()>(queued, 0, IORING_ENTER_GETEVENTS, None)
            }
        };
        match entered {
            Ok(_) => Ok(()),
            Err(error) => match error.raw_os_error() {
                // EBUSY and EAGAIN: completions have overflowed, or the kernel is short of memory
                // for requests. Taking the completions out is the cure for the first.
                Some(libc::EINTR | libc::EBUSY | libc::EAGAIN | libc::ETIME) => Ok(()),
                _ => Err(error),
            },
        }
    }

    /// Takes all completions out that are there now.
    #[inline]
    pub(crate) fn completions(&mut self) -> impl Iterator<Item = cqueue::Entry> {
        let counters = &self.counters;
        self.uring.completion().inspect(|_| counters.cqes.add(1))
    }
}

fn build(config: &Config, flags: &[Flag]) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder
        .setup_clamp()
        .setup_cqsize(config.queue_depth.saturating_mul(4));
    for flag in flags.iter().filter(|flag| flag.wanted) {
        (flag.set)(&mut builder);
    }
    builder.build(config.queue_depth)
}
