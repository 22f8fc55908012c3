//! The eventfd by which other threads wake a worker that sleeps in its ring.
//!
//! Memory order. The kernel adds to an eventfd's count and takes it under one spinlock
//! (`ctx->wqh.lock` in `fs/eventfd.c`), also where a read finds nothing. So whatever a thread wrote
//! before [`Unpark::unpark`] is seen by what the worker reads after the [`EventFdUnpark::reset`]
//! that took it; and one that came too late for that reset makes the descriptor readable anew, for
//! another turn. Everything that is told to a worker by a word in memory hangs on this order: write
//! the word, then unpark; reset, then read the word.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Arc;

use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::error::Error;
use crate::executor::Unpark;

/// Wakes one worker; its ring polls the eventfd.
#[derive(Clone)]
pub(crate) struct EventFdUnpark(Arc<EventFd>);

impl EventFdUnpark {
    pub(crate) fn new() -> Result<Self, Error> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let event = EventFd::from_value_and_flags(0, flags)
            .map_err(|errno| Error::io("making an eventfd")(errno.into()))?;
        Ok(Self(Arc::new(event)))
    }

    pub(crate) fn event(&self) -> &EventFd {
        &self.0
    }

    pub(crate) fn raw(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }

    /// Takes the pending wake-ups, so that the next one makes the descriptor readable anew.
    pub(crate) fn reset(&self) {
        // It would block when another poll has emptied it already: nothing to do then.
        _ = self.0.read();
    }
}

impl Unpark for EventFdUnpark {
    fn unpark(&self) {
        // It fails only when the counter is at its limit, and then the worker is being woken.
        _ = self.0.write(1);
    }
}
