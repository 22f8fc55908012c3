//! A worker's side of its io_uring: submits operations for the sockets and sleeps that own them,
//! and hands their completions back.
//!
//! Invariant: memory that the kernel may touch belongs to an operation in flight, and is freed only
//! after that operation's last completion. [`Driver::shut_down`] waits for all of them.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use io_uring::types::{Fd, Timespec};
use io_uring::{cqueue, opcode, squeue};
use server_kit::Counters;

use crate::buffers::BufferRing;
use crate::config::{Config, Ops};
use crate::error::Error;
use crate::op::{self, Completion, Delivery, Kind};
use crate::ring::Ring;
use crate::slab::Key;
use crate::unpark::EventFdUnpark;

/// `user_data` of entries whose completions say nothing anybody waits for: cancel and close. Not a
/// key, as no slab has 2^32 entries.
const UNOWNED: u64 = u64::MAX;
/// `user_data` of the poll on the worker's eventfd.
const UNPARK: u64 = u64::MAX - 1;

/// How long a worker that was asked to stop lets its tasks finish what they were sending.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// A completion for an operation without an owner, and what was kept for the operation.
struct Leftover {
    kind: Kind,
    completion: Completion,
    kept: Option<Box<dyn Any>>,
}

pub(crate) struct Driver {
    ring: RefCell<Ring>,
    ops: RefCell<op::Ops>,
    buffers: Option<RefCell<BufferRing>>,
    unpark: EventFdUnpark,
    unpark_armed: Cell<bool>,
    stopping: Cell<bool>,
    /// How long a worker that was asked to stop lets its tasks go on. The kernel reads it when the
    /// time-out is submitted.
    grace: Timespec,
    config: Config,
    counters: Arc<Counters>,
    /// Empty between turns; kept for its memory.
    leftovers: RefCell<Vec<Leftover>>,
}

impl Driver {
    /// Call it on the worker's own thread.
    pub(crate) fn new(config: &Config, counters: Arc<Counters>) -> Result<Self, Error> {
        let ring = Ring::new(config, Arc::clone(&counters))?;
        let buffers = match config.ops {
            Ops::OneShot => None,
            Ops::Multishot => Some(RefCell::new(BufferRing::register(
                &ring.submitter(),
                config,
            )?)),
        };
        Ok(Self {
            ring: RefCell::new(ring),
            ops: RefCell::new(op::Ops::with_capacity(config.op_slots)),
            buffers,
            unpark: EventFdUnpark::new()?,
            unpark_armed: Cell::new(false),
            stopping: Cell::new(false),
            grace: Timespec::from(GRACE),
            config: config.clone(),
            counters,
            leftovers: RefCell::new(Vec::new()),
        })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn buffers(&self) -> Option<&RefCell<BufferRing>> {
        self.buffers.as_ref()
    }

    pub(crate) fn unparker(&self) -> EventFdUnpark {
        self.unpark.clone()
    }

    pub(crate) fn create(&self, kind: Kind) -> Key {
        self.ops.borrow_mut().create(kind)
    }

    /// Queues the entry for the kernel under the operation's key.
    ///
    /// # Safety
    /// What the entry points to is valid until the operation's last completion: it belongs to the
    /// operation's owner, which on going away early leaves it to [`Driver::orphan`].
    #[inline]
    pub(crate) unsafe fn submit(&self, key: Key, entry: squeue::Entry) -> io::Result<()> {
        self.ops.borrow_mut().submitted(key);
        let entry = entry.user_data(key.to_user_data());
        // SAFETY: passed on to the caller.
        unsafe { self.ring.borrow_mut().push(entry) }
    }

    #[inline]
    pub(crate) fn poll(&self, key: Key, context: &Context<'_>) -> Poll<Completion> {
        self.ops.borrow_mut().poll(key, context)
    }

    #[inline]
    pub(crate) fn is_in_flight(&self, key: Key) -> bool {
        self.ops.borrow_mut().is_in_flight(key)
    }

    /// Gives `memory` to the operation, to be dropped after its last completion.
    pub(crate) fn keep(&self, key: Key, memory: Box<dyn Any>) {
        self.ops.borrow_mut().keep(key, memory);
    }

    /// Asks the kernel to end the operation early; its last completion comes all the same.
    pub(crate) fn cancel(&self, key: Key) {
        self.push_unowned(opcode::AsyncCancel::new(key.to_user_data()).build());
    }

    /// The operation's owner is gone: releases what it has not taken, cancels what is in flight,
    /// and keeps `memory` until the last completion.
    pub(crate) fn orphan(&self, key: Key, kind: Kind, memory: Option<Box<dyn Any>>) {
        let orphaned = self.ops.borrow_mut().orphan(key, memory);
        for completion in orphaned.untaken {
            self.release(kind, completion);
        }
        drop(orphaned.unused);
        if orphaned.in_flight {
            self.cancel(key);
        }
    }

    /// Closes a descriptor with the next submission.
    pub(crate) fn close(&self, fd: RawFd) {
        self.push_unowned(opcode::Close::new(Fd(fd)).build());
    }

    fn push_unowned(&self, entry: squeue::Entry) {
        // SAFETY: cancel, close and poll entries point to no memory.
        let pushed = unsafe { self.ring.borrow_mut().push(entry.user_data(UNOWNED)) };
        if pushed.is_err() {
            // The entry is in the backlog; the next turn meets the same error and reports it.
            self.counters.errors.add(1);
        }
    }

    /// Releases what a completion carries that nobody will take.
    fn release(&self, kind: Kind, completion: Completion) {
        match kind {
            Kind::Accept if completion.result >= 0 => self.close(completion.result),
            Kind::Recv => {
                if let Some(buffers) = &self.buffers {
                    let mut buffers = buffers.borrow_mut();
                    if let Some(buffer) = buffers.take(completion.flags) {
                        buffers.give_back(buffer);
                    }
                }
            }
            Kind::Accept | Kind::Other => {}
        }
    }

    /// Submits everything queued, sleeps until a completion or an unpark when `sleep` is set, and
    /// hands out the completions. True when another thread has unparked the worker.
    ///
    /// # Errors
    /// When the ring itself fails; the worker cannot go on.
    pub(crate) fn turn(&self, sleep: bool) -> io::Result<bool> {
        if !self.unpark_armed.get() {
            self.arm_unpark()?;
        }
        self.ring.borrow_mut().enter(usize::from(sleep))?;
        let unparked = self.reap();
        if unparked {
            self.unpark.reset();
            self.counters.kernel_entries.add(1);
        }
        Ok(unparked)
    }

    fn arm_unpark(&self) -> io::Result<()> {
        let events = u32::from(libc::POLLIN.unsigned_abs());
        let entry = opcode::PollAdd::new(Fd(self.unpark.raw()), events)
            .multi(true)
            .build();
        // SAFETY: a poll entry points to no memory.
        unsafe { self.ring.borrow_mut().push(entry.user_data(UNPARK)) }?;
        self.unpark_armed.set(true);
        Ok(())
    }

    fn reap(&self) -> bool {
        let mut unparked = false;
        let mut leftovers = self.leftovers.take();
        let mut flooded = Vec::new();
        {
            let mut ring = self.ring.borrow_mut();
            let mut ops = self.ops.borrow_mut();
            for entry in ring.completions() {
                let completion = Completion {
                    result: entry.result(),
                    flags: entry.flags(),
                };
                let more = cqueue::more(completion.flags);
                match entry.user_data() {
                    UNOWNED => {}
                    UNPARK => {
                        unparked = true;
                        self.unpark_armed.set(more);
                    }
                    key => match ops.deliver(Key::from_user_data(key), completion, more) {
                        Delivery::Owner => {}
                        Delivery::Flooded(key) => flooded.push(key),
                        Delivery::Orphan { kind, kept } => leftovers.push(Leftover {
                            kind,
                            completion,
                            kept,
                        }),
                        Delivery::Stale => self.counters.errors.add(1),
                    },
                }
            }
        }
        for Leftover {
            kind,
            completion,
            kept,
        } in leftovers.drain(..)
        {
            self.release(kind, completion);
            drop(kept);
        }
        self.leftovers.replace(leftovers);
        flooded.into_iter().for_each(|key| self.cancel(key));
        unparked
    }

    /// True once the worker is asked to stop: nothing new is accepted, received or slept for.
    #[inline]
    pub(crate) fn stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Wakes every task that waits for a connection or for bytes, so that it sees
    /// [`Driver::stopping`]; and has the kernel wake the worker after [`GRACE`].
    pub(crate) fn stop(&self) -> io::Result<()> {
        self.stopping.set(true);
        let entry = opcode::Timeout::new(&raw const self.grace)
            .build()
            .user_data(UNOWNED);
        // SAFETY: the time is part of this driver, which submits the entry before it is moved: it
        // lives in an `Rc`.
        unsafe { self.ring.borrow_mut().push(entry) }?;
        let mut ops = self.ops.borrow_mut();
        ops.wake_all(Kind::Accept);
        ops.wake_all(Kind::Recv);
        Ok(())
    }

    /// Waits for the last completion of every operation, after which the kernel touches none of
    /// this worker's memory. Every owner is gone by then, and has cancelled its operations.
    pub(crate) fn shut_down(&self) -> io::Result<()> {
        while self.ops.borrow().in_flight() > 0 {
            self.ring.borrow_mut().enter(1)?;
            self.reap();
        }
        // What was queued for sockets that are being closed.
        self.ring.borrow_mut().enter(0)?;
        self.reap();
        match &self.buffers {
            Some(buffers) => buffers.borrow().unregister(&self.ring.borrow().submitter()),
            None => Ok(()),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A worker that ended by an error or a panic has not shut down: the kernel may still use
        // the buffers and what orphans keep, so that the memory is given up rather than freed.
        if self.ops.borrow().in_flight() > 0 {
            std::mem::forget(self.ops.replace(op::Ops::with_capacity(0)));
            std::mem::forget(self.buffers.take());
        }
    }
}
