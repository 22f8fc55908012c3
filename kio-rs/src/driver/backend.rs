//! What differs between the drivers.

use std::cell::RefCell;
use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use super::buffers::Buffers;
use super::inbox::Inbox;
use super::request::{Request, Socket};
use crate::config::Config;
use crate::error::Error;
use crate::op::Completion;
use crate::slab::Key;

/// How long a turn may sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Not at all.
    Not,
    /// Until something happens.
    Event,
    /// Likewise, but no longer.
    AtMost(Duration),
}

/// What a turn brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turn {
    /// Completions, or sockets that became ready.
    pub(super) events: u32,
    /// Another thread has unparked the worker.
    pub(super) unparked: bool,
}

/// How a cancelled operation ends.
pub(super) const CANCELLED: Completion = Completion {
    result: -libc::ECANCELED,
    flags: 0,
};

pub(super) trait Backend {
    /// The buffers that connections share, made known to the kernel where it fills them.
    fn make_buffers(&self, config: &Config) -> Result<Option<Buffers>, Error>;

    /// Takes the buffers back from the kernel.
    fn unregister_buffers(&self) -> io::Result<()>;

    /// The socket that an accept's result names.
    fn accepted(&self, result: u32) -> Socket;

    /// Starts the request for the operation. A completion is returned when it is there at once.
    ///
    /// # Safety
    /// The request's memory is valid, and not touched in conflict with the kernel, until the
    /// operation's last completion.
    unsafe fn submit(
        &self,
        key: Key,
        request: &Request,
        buffers: Option<&RefCell<Buffers>>,
    ) -> io::Result<Option<Completion>>;

    /// Ends the operation early. True when it has no completion to come any more; otherwise its
    /// last one comes as always.
    fn cancel(&self, key: Key, socket: Socket) -> bool;

    /// Ends all operations early.
    fn cancel_all(&self, inbox: &mut Inbox<'_>);

    /// A listening socket is about to be closed by its owner.
    fn forget(&self, listener: RawFd);

    /// Closes a socket that has no operation but cancelled ones.
    fn close(&self, socket: Socket);

    /// Whether there are requests that the next turn submits.
    fn has_queued(&self) -> bool;

    /// Whether a turn may bring something now; false is certain. Makes no system call, for a worker
    /// that spins.
    fn peek(&self) -> bool;

    /// Submits what is queued, sleeps as `wait` says, and hands completions out.
    ///
    /// An operation whose completions flood its owner is cancelled.
    fn turn(&self, wait: Wait, inbox: &mut Inbox<'_>) -> io::Result<Turn>;
}
