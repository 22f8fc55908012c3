//! Ends of connections that the kernel does not tell of.
//!
//! When bytes arrive and the peer ends or resets the connection before a multishot receive has run,
//! both wake it, it may run only once, for the bytes, and nothing wakes it again: the connection
//! would stay for ever (axboe/liburing issue 1549 has it of local sockets; on Linux 6.18 a reset over TCP
//! does it too, rarely, whatever the kind of descriptor). A receive that is submitted anew looks at the
//! socket first. So a receive that has given bytes, and then was silent for a tick or two, is cancelled,
//! whereupon its owner submits it anew when it next receives. One that goes on giving bytes is only
//! looked at, once a tick, and where nothing comes nothing ticks.

use std::cell::Cell;

use io_uring::types::Timespec;
use io_uring::{opcode, squeue};

/// What a lost end waits at least, and at most twice unless it is one of many.
static TICK: Timespec = Timespec::new().sec(1);

/// Receives that are cancelled at one tick, so that thousands of connections which fall silent at once
/// do not hold up the others.
pub(super) const AT_ONCE: usize = 1024;

#[derive(Default)]
pub(super) struct LostEnds {
    /// The kernel has the tick, or will.
    ticking: Cell<bool>,
}

impl LostEnds {
    /// The entry of the next tick, when there is none. It points to static memory.
    #[inline]
    pub(super) fn tick(&self) -> Option<squeue::Entry> {
        let first = !self.ticking.replace(true);
        first.then(|| opcode::Timeout::new(&raw const TICK).build())
    }

    /// The tick is over.
    pub(super) fn ticked(&self) {
        self.ticking.set(false);
    }
}
