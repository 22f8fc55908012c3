//! One io_uring: set up with the flags that were asked for, or an error that says what the kernel
//! lacks; and the two things a worker does with it, putting entries in and taking completions out.
//!
//! Memory order. Each queue has a head and a tail in memory that the kernel shares; the `io-uring`
//! crate pairs them as the note at the top of the kernel's `io_uring/io_uring.c` asks for.
//! - Submission: entries are written, then the tail is stored with release when the crate's queue
//!   object is dropped, hence before [`Ring::enter`]; the kernel loads it with acquire
//!   (`io_sqring_entries`). The kernel stores the head with release once it has copied an entry
//!   (`io_commit_sqring`), and the crate loads it with acquire before it writes to the slot again.
//!   What an entry points to is ordered by the same tail.
//! - Completion: the kernel stores the tail with release after the entry (`io_commit_cqring`), and
//!   the crate loads it with acquire before it reads the entry, and with it all that the operation
//!   wrote to memory. The head is stored with release when the iterator of [`Ring::completions`] is
//!   dropped, after the last entry was copied out; the kernel fills a slot only behind that head.
//! - With neither SQPOLL nor TASKRUN_FLAG no flag of the queues is read: the kernel looks at the
//!   submission queue in the system call alone, on this thread, and each turn makes one with
//!   GETEVENTS. A kernel thread that polls would need a full fence between the tail and the look at
//!   NEED_WAKEUP.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use io_uring::types::{SubmitArgs, Timespec};
use io_uring::{IoUring, Probe, cqueue, opcode, squeue};
use nix::sys::resource::{Resource, getrlimit};
use server_kit::Counters;

use super::Wait;
use crate::config::{Config, DriverKind, Ops, TaskRun};
use crate::error::Error;

// From `linux/io_uring.h`; the bindings keep theirs private.
const IORING_ENTER_GETEVENTS: u32 = 1;
const IORING_ENTER_REGISTERED_RING: u32 = 1 << 4;
const IORING_REGISTER_RING_FDS: u32 = 20;

const IORING_UNREGISTER_RING_FDS: u32 = 21;

/// `struct io_uring_rsrc_update` of `linux/io_uring.h`.
#[repr(C)]
struct Update {
    offset: u32,
    reserved: u32,
    data: u64,
}

/// Longest table of direct descriptors: about as many connections as one worker can do justice.
const MAX_DIRECT: u32 = 1 << 16;

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
    ["CLAMP", "CQSIZE"].into_iter().chain(asked).collect()
}

/// A ring that belongs to the thread that made it.
pub(super) struct Ring {
    uring: IoUring,
    /// Entries for which the submission queue had no room, oldest first.
    backlog: VecDeque<squeue::Entry>,
    /// The ring's descriptor, or its index among the thread's registered rings.
    enter_fd: i32,
    /// Says which of the two.
    enter_flags: u32,
    counters: Arc<Counters>,
}

impl Ring {
    /// Sets a ring up. Call it on the thread that will use it: with `SINGLE_ISSUER` the kernel
    /// refuses any other.
    pub(super) fn new(config: &Config, counters: Arc<Counters>) -> Result<Self, Error> {
        if config.task_run == TaskRun::Deferred && !config.single_issuer {
            return Err(Error::Config(
                "DEFER_TASKRUN needs SINGLE_ISSUER: set single_issuer".to_owned(),
            ));
        }
        if config.queue_depth == 0 {
            return Err(Error::Config(
                "a ring's queue_depth is at least 1".to_owned(),
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
        let enter_fd = uring.as_raw_fd();
        let mut ring = Self {
            uring,
            backlog: VecDeque::new(),
            enter_fd,
            enter_flags: 0,
            counters,
        };
        ring.probe(config)?;
        if config.registered_ring {
            ring.register_self()?;
        }
        if config.direct_descriptors {
            ring.make_table()?;
        }
        Ok(ring)
    }

    /// Makes the ring known to this thread by an index, which saves looking its descriptor up at
    /// every entry.
    fn register_self(&mut self) -> Result<(), Error> {
        // The kernel picks the index when none is asked for.
        let mut update = Update {
            offset: u32::MAX,
            reserved: 0,
            data: u64::from(self.enter_fd.unsigned_abs()),
        };
        // SAFETY: one `Update` is passed, which the kernel reads and writes during the call.
        let registered = unsafe {
            libc::syscall(
                libc::SYS_io_uring_register,
                self.enter_fd,
                IORING_REGISTER_RING_FDS,
                &raw mut update,
                1,
            )
        };
        if registered != 1 {
            let source = io::Error::last_os_error();
            return Err(match source.raw_os_error() {
                Some(libc::EINVAL) => Error::unsupported("a registered ring", "5.18"),
                _ => Error::io("registering the ring")(source),
            });
        }
        self.enter_fd = update.offset.cast_signed();
        self.enter_flags = IORING_ENTER_REGISTERED_RING;
        Ok(())
    }

    /// Makes the table of direct descriptors, as long as the process may have open files: the
    /// kernel allows no more.
    fn make_table(&self) -> Result<(), Error> {
        let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE)
            .map_err(|errno| Error::io("reading the limit of open files")(errno.into()))?;
        let length = u32::try_from(soft).unwrap_or(u32::MAX).min(MAX_DIRECT);
        self.submitter()
            .register_files_sparse(length)
            .map_err(|source| match source.raw_os_error() {
                Some(libc::EINVAL) => {
                    Error::unsupported("direct descriptors for accepted sockets", "5.19")
                }
                _ => Error::io("making the table of direct descriptors")(source),
            })
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

    pub(super) fn submitter(&self) -> io_uring::Submitter<'_> {
        self.uring.submitter()
    }

    /// Puts an entry in the submission queue; enters the kernel only when the queue is full.
    ///
    /// # Safety
    /// What the entry points to is valid, and is not touched in conflict with the kernel, until the
    /// operation's last completion.
    #[inline]
    pub(super) unsafe fn push(&mut self, entry: squeue::Entry) {
        self.counters.sqes.add(1);
        // SAFETY: passed on to the caller.
        if self.backlog.is_empty() && unsafe { self.uring.submission().push(&entry) }.is_ok() {
            return;
        }
        self.backlog.push_back(entry);
        // The entry is kept whatever happens; an error that lasts is met again by the next turn,
        // which ends the worker in order.
        _ = self.enter(Wait::Not);
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

    /// Submits what is queued and waits for a completion. A signal, or a completion queue that must
    /// be emptied first, ends the wait early.
    #[inline]
    pub(super) fn enter(&mut self, wait: Wait) -> io::Result<()> {
        self.enter_once(wait)?;
        while !self.backlog.is_empty() {
            let before = self.backlog.len();
            self.move_backlog();
            if self.backlog.len() == before {
                // The kernel takes no more until completions are taken out.
                break;
            }
            self.enter_once(wait)?;
        }
        Ok(())
    }

    #[inline]
    fn enter_once(&mut self, wait: Wait) -> io::Result<()> {
        // What waits behind a full queue may be what would complete: sleep only with it submitted.
        let wait = if self.backlog.is_empty() {
            wait
        } else {
            Wait::Not
        };
        self.counters.kernel_entries.add(1);
        let entered = match wait {
            Wait::Event => self.enter_by_index(1),
            Wait::Not => self.enter_by_index(0),
            Wait::AtMost(duration) => {
                let duration = Timespec::from(duration);
                let args = SubmitArgs::new().timespec(&duration);
                self.uring.submitter().submit_with_args(1, &args)
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

    /// The crate's calls always name the ring by its descriptor, hence this one's own.
    #[inline]
    fn enter_by_index(&mut self, want: u32) -> io::Result<usize> {
        let queued = u32::try_from(self.uring.submission().len()).unwrap_or(u32::MAX);
        // GETEVENTS also when nothing is waited for: it runs the completion work that DEFER_TASKRUN
        // holds back, and flushes completions that have overflowed.
        let flags = IORING_ENTER_GETEVENTS | self.enter_flags;
        let no_argument = std::ptr::null::<libc::sigset_t>();
        // SAFETY: the descriptor or index is that of a live ring, whose queued entries their
        // pushers have vouched for; no argument is passed.
        let result = unsafe {
            libc::syscall(
                libc::SYS_io_uring_enter,
                self.enter_fd,
                queued,
                want,
                flags,
                no_argument,
                0_usize,
            )
        };
        usize::try_from(result).map_err(|_| io::Error::last_os_error())
    }

    /// Takes all completions out that are there now.
    #[inline]
    pub(super) fn completions(&mut self) -> impl Iterator<Item = cqueue::Entry> {
        let counters = &self.counters;
        self.uring.completion().inspect(|_| counters.cqes.add(1))
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        if self.enter_flags == 0 {
            return;
        }
        // The registration would keep the ring alive until the thread ends.
        let mut update = Update {
            offset: self.enter_fd.cast_unsigned(),
            reserved: 0,
            data: 0,
        };
        // SAFETY: one `Update` is passed, which the kernel reads during the call.
        _ = unsafe {
            libc::syscall(
                libc::SYS_io_uring_register,
                self.uring.as_raw_fd(),
                IORING_UNREGISTER_RING_FDS,
                &raw mut update,
                1,
            )
        };
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
