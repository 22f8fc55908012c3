//! A worker's side of the kernel: carries the requests of the sockets that own operations, and
//! hands the completions back.
//!
//! There are two drivers behind one trait: [`uring::Uring`] gives requests to the kernel and is
//! told of their completion; [`epoll::Epoll`] makes the system calls itself and waits for readiness
//! where they would block. Everything above (operations, buffers, sockets, tasks) is the same.
//!
//! Invariant: memory that the kernel may touch belongs to an operation in flight, and is freed only
//! after that operation's last completion. [`Driver::shut_down`] waits for all of them.

mod buffers;
mod epoll;
mod inbox;
mod request;
mod ring;
mod unpark;
mod uring;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use server_kit::Counters;

use crate::config::{Config, DriverKind};
use crate::error::Error;
use crate::op::{Completion, Kind, Ops, Polled};
use crate::slab::Key;
use crate::timers::Timers;
pub(crate) use buffers::Buffers;
use inbox::{Inbox, Leftover};
pub(crate) use request::{Request, Socket};
pub use ring::ring_flags;
use unpark::EventFdUnpark;

/// How long a turn may sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// Not at all.
    Not,
    /// Until something happens.
    Event,
    /// Likewise, but no longer.
    AtMost(Duration),
}

/// What differs between the drivers.
trait Backend {
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

    /// Closes a socket that has no operation but cancelled ones.
    fn close(&self, socket: Socket);

    /// Submits what is queued, sleeps as `wait` says, and hands completions out. True when another
    /// thread has unparked the worker.
    ///
    /// An operation whose completions flood its owner is cancelled.
    fn turn(&self, wait: Wait, inbox: &mut Inbox<'_>) -> io::Result<bool>;
}

pub(crate) struct Driver {
    backend: Box<dyn Backend>,
    ops: RefCell<Ops>,
    buffers: Option<RefCell<Buffers>>,
    timers: RefCell<Timers>,
    unpark: EventFdUnpark,
    stopping: Cell<bool>,
    config: Config,
    counters: Arc<Counters>,
    /// Empty between turns; kept for its memory.
    leftovers: RefCell<Vec<Leftover>>,
}

impl Driver {
    /// Call it on the worker's own thread.
    pub(crate) fn new(config: &Config, counters: Arc<Counters>) -> Result<Self, Error> {
        let unpark = EventFdUnpark::new()?;
        let backend: Box<dyn Backend> = match config.driver {
            DriverKind::Uring => Box::new(uring::Uring::new(
                config,
                unpark.clone(),
                Arc::clone(&counters),
            )?),
            DriverKind::Epoll => Box::new(epoll::Epoll::new(&unpark, Arc::clone(&counters))?),
        };
        let buffers = backend.make_buffers(config)?.map(RefCell::new);
        Ok(Self {
            backend,
            ops: RefCell::new(Ops::with_capacity(config.op_slots)),
            buffers,
            timers: RefCell::default(),
            unpark,
            stopping: Cell::new(false),
            config: config.clone(),
            counters,
            leftovers: RefCell::default(),
        })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn buffers(&self) -> Option<&RefCell<Buffers>> {
        self.buffers.as_ref()
    }

    pub(crate) fn timers(&self) -> &RefCell<Timers> {
        &self.timers
    }

    pub(crate) fn unparker(&self) -> EventFdUnpark {
        self.unpark.clone()
    }

    pub(crate) fn accepted(&self, result: u32) -> Socket {
        self.backend.accepted(result)
    }

    pub(crate) fn create(&self, kind: Kind) -> Key {
        self.ops.borrow_mut().create(kind)
    }

    /// Starts the request as the operation `key`.
    ///
    /// # Safety
    /// What the request points to is valid until the operation's last completion: it belongs to
    /// the operation's owner, which on going away early leaves it to [`Driver::orphan`].
    #[inline]
    pub(crate) unsafe fn submit(&self, key: Key, request: &Request) -> io::Result<()> {
        self.ops.borrow_mut().submitted(key);
        // SAFETY: passed on to the caller.
        if let Some(completion) = unsafe { self.backend.submit(key, request, self.buffers()) }? {
            self.ops.borrow_mut().deliver(key, completion, false);
        }
        Ok(())
    }

    /// The operation's next completion; a wake-up when one is to come; or the news that none is.
    #[inline]
    pub(crate) fn poll(&self, key: Key, context: &Context<'_>) -> Polled {
        self.ops.borrow_mut().poll(key, context)
    }

    /// As [`Driver::poll`], for an operation that was submitted.
    #[inline]
    pub(crate) fn poll_submitted(&self, key: Key, context: &Context<'_>) -> Poll<Completion> {
        match self.poll(key, context) {
            Polled::Ready(completion) => Poll::Ready(completion),
            Polled::InFlight => Poll::Pending,
            Polled::Idle => unreachable!("a submitted operation has a completion, or one to come"),
        }
    }

    /// The operation's owner is gone: releases what it has not taken, cancels what is in flight,
    /// and keeps `memory` until the last completion.
    pub(crate) fn orphan(
        &self,
        key: Key,
        kind: Kind,
        socket: Socket,
        memory: Option<Box<dyn Any>>,
    ) {
        let orphaned = self.ops.borrow_mut().orphan(key, memory);
        for completion in orphaned.untaken {
            self.release(kind, completion);
        }
        drop(orphaned.unused);
        if orphaned.in_flight && self.backend.cancel(key, socket) {
            let cancelled = Completion {
                result: -libc::ECANCELED,
                flags: 0,
            };
            // Bound, so that the borrow is over when what was kept is dropped.
            let delivery = self.ops.borrow_mut().deliver(key, cancelled, false);
            drop(delivery);
        }
    }

    pub(crate) fn close(&self, socket: Socket) {
        self.backend.close(socket);
    }

    /// Releases what a completion carries that nobody will take.
    fn release(&self, kind: Kind, completion: Completion) {
        match kind {
            Kind::Accept => {
                if let Ok(result) = u32::try_from(completion.result) {
                    self.close(self.accepted(result));
                }
            }
            Kind::Recv => {
                if let Some(buffers) = &self.buffers {
                    let mut buffers = buffers.borrow_mut();
                    if let Some(buffer) = buffers.received(completion.flags) {
                        buffers.give_back(buffer);
                    }
                }
            }
            Kind::Send => {}
        }
    }

    /// Submits everything queued, sleeps until a completion, an unpark or the end of a sleep when
    /// `sleep` is set, and hands the completions out. True when another thread has unparked the
    /// worker.
    ///
    /// # Errors
    /// When the driver itself fails; the worker cannot go on.
    pub(crate) fn turn(&self, sleep: bool) -> io::Result<bool> {
        let next = self.timers.borrow().next(Instant::now);
        let wait = match next {
            _ if !sleep => Wait::Not,
            None => Wait::Event,
            Some(Duration::ZERO) => Wait::Not,
            Some(duration) => Wait::AtMost(duration),
        };
        let unparked = self.exchange(wait)?;
        if next.is_some() {
            let ended = self.timers.borrow_mut().ended(Instant::now);
            ended.into_iter().for_each(std::task::Waker::wake);
        }
        if unparked {
            self.unpark.reset();
            self.counters.kernel_entries.add(1);
        }
        Ok(unparked)
    }

    fn exchange(&self, wait: Wait) -> io::Result<bool> {
        let mut leftovers = self.leftovers.take();
        let turned = {
            let ops = self.ops.borrow_mut();
            self.backend.turn(
                wait,
                &mut Inbox {
                    ops,
                    leftovers: &mut leftovers,
                    counters: &self.counters,
                },
            )
        };
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
        turned
    }

    /// True once the worker is asked to stop: nothing new is accepted or received.
    #[inline]
    pub(crate) fn stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Wakes every task that waits for a connection or for bytes, so that it sees
    /// [`Driver::stopping`].
    pub(crate) fn stop(&self) {
        self.stopping.set(true);
        let mut ops = self.ops.borrow_mut();
        ops.wake_all(Kind::Accept);
        ops.wake_all(Kind::Recv);
    }

    /// Waits for the last completion of every operation, after which the kernel touches none of
    /// this worker's memory. Every owner is gone by then, and has cancelled its operations.
    pub(crate) fn shut_down(&self) -> io::Result<()> {
        while self.ops.borrow().in_flight() > 0 {
            self.exchange(Wait::Event)?;
        }
        // What was queued for sockets that are being closed.
        self.exchange(Wait::Not)?;
        if self.buffers.is_some() {
            self.backend.unregister_buffers()
        } else {
            Ok(())
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A worker that ended by an error or a panic has not shut down: the kernel may still use
        // the buffers and what orphans keep, so that the memory is given up rather than freed.
        if self.ops.borrow().in_flight() > 0 {
            std::mem::forget(self.ops.replace(Ops::with_capacity(0)));
            std::mem::forget(self.buffers.take());
        }
    }
}
