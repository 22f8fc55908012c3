//! Entries in, completions out, and the one system call between.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use io_uring::types::{SubmitArgs, Timespec};
use io_uring::{CompletionQueue, EnterFlags, IoUring, SubmissionQueue, Submitter, cqueue, squeue};
use server_kit::Counters;

use crate::args::{Args, RingFd};
use crate::refusal::{refused, unsupported};

/// A sleep without an end, for the kernel.
static LONG_TIME: Timespec = Timespec::new().sec(3600);

/// A worker's side of its ring. Both queues' ends are kept here and made known to the kernel once
/// a turn.
pub(crate) struct Queues<'r> {
    submitter: Submitter<'r>,
    submissions: SubmissionQueue<'r>,
    completions: CompletionQueue<'r>,
    /// Entries for which the submission queue had no room, oldest first.
    backlog: VecDeque<squeue::Entry>,
    sqpoll: bool,
    wait_for: u32,
    min_wait_us: Option<u32>,
    spin: Duration,
    counters: Arc<Counters>,
}

impl<'r> Queues<'r> {
    pub(crate) fn new(
        uring: &'r mut IoUring,
        args: &Args,
        counters: Arc<Counters>,
    ) -> Result<Self> {
        let (mut submitter, submissions, completions) = uring.split();
        if args.ring_fd == RingFd::Registered {
            submitter
                .register_ring_fd()
                .map_err(|source| match source.raw_os_error() {
                    Some(libc::EINVAL) => {
                        unsupported("a registered ring", "5.18", "give --ring-fd plain")
                    }
                    _ => refused("registering the ring")(source),
                })?;
        }
        Ok(Self {
            submitter,
            submissions,
            completions,
            backlog: VecDeque::new(),
            sqpoll: args.sqpoll,
            wait_for: args.wait_for.unwrap_or(1),
            min_wait_us: args.min_wait_us,
            spin: Duration::from_micros(args.spin_us),
            counters,
        })
    }

    /// Puts an entry in the submission queue; enters the kernel only when the queue is full.
    ///
    /// # Safety
    /// What the entry points to is valid, and is not touched in conflict with the kernel, until the
    /// operation's last completion.
    #[inline]
    pub(crate) unsafe fn push(&mut self, entry: &squeue::Entry) {
        self.counters.sqes.add(1);
        // SAFETY: passed on to the caller.
        if self.backlog.is_empty() && unsafe { self.submissions.push(entry) }.is_ok() {
            return;
        }
        self.backlog.push_back(entry.clone());
        // The entry is kept whatever happens; an error that lasts is met again by the next turn.
        _ = self.call(0);
        self.move_backlog();
    }

    /// Moves what did not fit into the submission queue, in order.
    #[cold]
    fn move_backlog(&mut self) {
        while let Some(entry) = self.backlog.front() {
            // SAFETY: the caller of `push` has vouched for the entry until its last completion,
            // which cannot come before it is submitted.
            if unsafe { self.submissions.push(entry) }.is_err() {
                return;
            }
            self.backlog.pop_front();
        }
    }

    /// Whether the kernel has taken over all that was pushed, or will without being asked.
    #[inline]
    pub(crate) fn all_submitted(&self) -> bool {
        (self.sqpoll || self.submissions.is_empty()) && self.backlog.is_empty()
    }

    /// Whether completions are held back in the kernel because the queue was full.
    #[inline]
    pub(crate) fn overflown(&self) -> bool {
        self.submissions.cq_overflow()
    }

    /// Submits what was pushed and, when `wait` says so, waits for completions. A signal, or one
    /// of the queues being full, ends the wait early.
    #[inline]
    pub(crate) fn turn(&mut self, wait: bool) -> io::Result<()> {
        if !self.backlog.is_empty() {
            self.move_backlog();
        }
        // The kernel does not sleep before it knows what was taken out.
        self.completions.sync();
        // What waits behind a full queue may be what would complete: sleep only with it submitted.
        let wait = wait && self.backlog.is_empty();
        if wait && !self.spin.is_zero() {
            self.submissions.sync();
            if !self.submissions.is_empty() {
                self.call(0)?;
            }
            if !self.spin() {
                self.call(self.wait_for)?;
            }
        } else {
            self.call(if wait { self.wait_for } else { 0 })?;
        }
        self.completions.sync();
        self.counters.cqes.add(self.completions.len() as u64);
        Ok(())
    }

    /// Looks for completions without entering the kernel: true when they are there, false when it
    /// must be entered to have them, or the time is over.
    fn spin(&mut self) -> bool {
        let start = Instant::now();
        loop {
            self.completions.sync();
            if !self.completions.is_empty() {
                return true;
            }
            if self.submissions.taskrun() || start.elapsed() >= self.spin {
                return false;
            }
            std::hint::spin_loop();
        }
    }

    #[inline]
    fn call(&mut self, want: u32) -> io::Result<()> {
        self.submissions.sync();
        // GETEVENTS also when nothing is waited for: it runs the completion work that DEFER_TASKRUN
        // holds back, and flushes completions that have overflowed.
        let mut flags = EnterFlags::GETEVENTS;
        if self.sqpoll {
            if self.submissions.need_wakeup() {
                flags |= EnterFlags::SQ_WAKEUP;
            } else if want == 0 && !self.overflown() && !self.submissions.is_full() {
                return Ok(());
            }
            if self.submissions.is_full() {
                flags |= EnterFlags::SQ_WAIT;
            }
        }
        let queued = self.submissions.len() as u32;
        self.counters.kernel_entries.add(1);
        let entered = match self.min_wait_us {
            Some(min_wait_us) if want > 0 => {
                // Without a time-out the kernel ends the sleep after the minimal wait even when
                // nothing has come.
                let arguments = SubmitArgs::new()
                    .min_wait_usec(min_wait_us)
                    .timespec(&LONG_TIME);
                flags |= EnterFlags::EXT_ARG;
                // SAFETY: the argument is of the type that EXT_ARG announces; whoever pushed the
                // entries has vouched for them.
                unsafe {
                    self.submitter
                        .enter(queued, want, flags.bits(), Some(&arguments))
                }
            }
            // SAFETY: no argument is passed; whoever pushed the entries has vouched for them.
            _ => unsafe {
                self.submitter
                    .enter::<libc::sigset_t>(queued, want, flags.bits(), None)
            },
        };
        self.submissions.sync();
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

    /// The next of the completions that the last turn brought.
    #[inline]
    pub(crate) fn completion(&mut self) -> Option<cqueue::Entry> {
        self.completions.next()
    }
}
