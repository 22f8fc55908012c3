//! One io_uring, and the two things a worker does with it: putting entries in and taking
//! completions out.
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
//! - The submission queue's flags are read in two places. [`Ring::peek`] loads TASKRUN and CQ_OVERFLOW
//!   with acquire while a worker spins; one that is missed is seen by the next look or met by the
//!   sleep, since entering the kernel runs what is pending. With SQPOLL the kernel's thread stores
//!   NEED_WAKEUP and then loads the tail, while this side stores the tail and then loads NEED_WAKEUP:
//!   neither may be reordered, hence the crate's full fence (`need_wakeup`) between the two.

#[deny(unsafe_code)]
mod flags;
mod register;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use io_uring::types::Timespec;
use io_uring::{IoUring, cqueue, squeue};
use server_kit::Counters;

use super::backend::Wait;
use crate::config::{Config, MinWait};
use crate::error::Error;
pub use flags::ring_flags;

// From `linux/io_uring.h`; the bindings keep theirs private.
const IORING_ENTER_GETEVENTS: u32 = 1;
const IORING_ENTER_SQ_WAKEUP: u32 = 1 << 1;
const IORING_ENTER_EXT_ARG: u32 = 1 << 3;
const IORING_ENTER_REGISTERED_RING: u32 = 1 << 4;

/// A sleep without an end, for the kernel: with a minimal wait and no time-out it ends the sleep after
/// the minimal wait even when nothing has come, and an idle worker would be woken all the time.
const LONG: Duration = Duration::from_secs(3600);

/// `struct io_uring_getevents_arg` of `linux/io_uring.h`.
#[repr(C)]
#[derive(Default)]
struct WaitArgument {
    sigmask: u64,
    sigmask_bytes: u32,
    min_wait_us: u32,
    timespec: u64,
}

/// A ring that belongs to the thread that made it.
pub(super) struct Ring {
    uring: IoUring,
    /// Entries for which the submission queue had no room, oldest first.
    backlog: VecDeque<squeue::Entry>,
    /// The ring's index among the thread's registered rings.
    index: Option<i32>,
    min_wait: Option<MinWait>,
    sqpoll: bool,
    counters: Arc<Counters>,
}

impl Ring {
    /// Sets a ring up. Call it on the thread that will use it: with `SINGLE_ISSUER` the kernel
    /// refuses any other. `cpu` is where the thread is pinned.
    pub(super) fn new(
        config: &Config,
        cpu: Option<usize>,
        counters: Arc<Counters>,
    ) -> Result<Self, Error> {
        let uring = flags::make(config, cpu)?;
        register::probe(&uring, config)?;
        let mut ring = Self {
            uring,
            backlog: VecDeque::new(),
            index: None,
            min_wait: config.min_wait,
            sqpoll: config.sqpoll_idle.is_some(),
            counters,
        };
        if config.registered_ring {
            ring.index = Some(register::ring_index(&ring.uring)?);
        }
        if config.direct_descriptors() {
            register::direct_table(&ring.uring, config)?;
        }
        if let Some(us) = config.napi_busy_poll_us {
            register::napi(&ring.uring, us.get())?;
        }
        // A seccomp filter may allow a ring to be made and not to be entered: better known now, when
        // another driver can be had, than by a worker that ends.
        let entered = ring.uring.submitter().submit();
        entered.map_err(Error::ring("entering the ring"))?;
        Ok(ring)
    }

    pub(super) fn submitter(&self) -> io_uring::Submitter<'_> {
        self.uring.submitter()
    }

    /// Whether an entry may ask for no completion when it succeeds (Linux 5.17).
    pub(super) fn can_skip_success(&self) -> bool {
        self.uring.params().is_feature_skip_cqe_on_success()
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

    /// Whether there are entries that the kernel has not been told of.
    pub(super) fn has_queued(&mut self) -> bool {
        !self.backlog.is_empty() || !self.uring.submission().is_empty()
    }

    /// Whether there are completions, or completion work that an entry into the kernel would run.
    pub(super) fn peek(&mut self) -> bool {
        let queue = self.uring.submission();
        let pending = queue.taskrun() || queue.cq_overflow();
        drop(queue);
        pending || !self.uring.completion().is_empty()
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
        let entered = match (wait, self.min_wait) {
            (Wait::Not, _) => self.enter_kernel(0, None),
            (Wait::Event, None) => self.enter_kernel(1, None),
            (Wait::Event, min @ Some(_)) => self.enter_timed(LONG, min),
            (Wait::AtMost(duration), min) => self.enter_timed(duration, min),
        };
        entered.or_else(|error| match error.raw_os_error() {
            // EBUSY and EAGAIN: completions have overflowed, or the kernel is short of memory
            // for requests. Taking the completions out is the cure for the first.
            Some(libc::EINTR | libc::EBUSY | libc::EAGAIN | libc::ETIME) => Ok(()),
            _ => Err(error),
        })
    }

    fn enter_timed(&mut self, at_most: Duration, min: Option<MinWait>) -> io::Result<()> {
        let timespec = Timespec::from(at_most);
        let argument = WaitArgument {
            min_wait_us: min.map_or(0, |min| min.us.get()),
            timespec: std::ptr::from_ref(&timespec) as u64,
            ..WaitArgument::default()
        };
        self.enter_kernel(min.map_or(1, |min| min.completions.get()), Some(&argument))
    }

    /// The crate's calls name the ring by its descriptor, hence this one's own.
    #[inline]
    fn enter_kernel(&mut self, want: u32, argument: Option<&WaitArgument>) -> io::Result<()> {
        let queue = self.uring.submission();
        let queued = u32::try_from(queue.len()).unwrap_or(u32::MAX);
        // GETEVENTS also when nothing is waited for: it runs the completion work that DEFER_TASKRUN
        // holds back, and flushes completions that have overflowed.
        let mut flags = IORING_ENTER_GETEVENTS;
        if self.sqpoll {
            if queued > 0 && queue.need_wakeup() {
                flags |= IORING_ENTER_SQ_WAKEUP;
            } else if want == 0 && !queue.cq_overflow() {
                // The kernel's thread sees the entries by itself.
                return Ok(());
            }
        }
        drop(queue);
        let (fd, by_index) = match self.index {
            Some(index) => (index, IORING_ENTER_REGISTERED_RING),
            None => (self.uring.as_raw_fd(), 0),
        };
        let (argument, bytes) = match argument {
            Some(argument) => {
                flags |= IORING_ENTER_EXT_ARG;
                (std::ptr::from_ref(argument), size_of::<WaitArgument>())
            }
            None => (std::ptr::null(), 0),
        };
        self.counters.kernel_entries.add(1);
        // SAFETY: the descriptor or index is that of a live ring, whose queued entries their
        // pushers have vouched for; the argument, and the time it points to, outlive the call.
        let result = unsafe {
            libc::syscall(
                libc::SYS_io_uring_enter,
                fd,
                queued,
                want,
                flags | by_index,
                argument,
                bytes,
            )
        };
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
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
        if let Some(index) = self.index {
            register::forget_ring_index(&self.uring, index);
        }
    }
}
