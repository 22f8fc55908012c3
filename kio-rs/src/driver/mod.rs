//! A worker's side of the kernel: carries the requests of the sockets that own operations, and
//! hands the completions back.
//!
//! There are two drivers behind one trait: [`uring::Uring`] gives requests to the kernel and is
//! told of their completion; [`epoll::Epoll`] makes the system calls itself and waits for readiness
//! where they would block. Everything above (operations, buffers, sockets, tasks) is the same.
//!
//! Invariant: memory that the kernel may touch belongs to an operation in flight, and is freed only
//! after that operation's last completion. [`Driver::shut_down`] waits for all of them.

#[expect(unsafe_code, reason = "its requests name memory")]
mod backend;
#[expect(unsafe_code, reason = "the kernel writes to the memory of its ring")]
mod buffers;
mod descriptors;
#[expect(
    unsafe_code,
    reason = "it reads the memory and descriptors that a request names"
)]
mod epoll;
mod inbox;
mod lost_ends;
mod places;
mod polling;
mod request;
#[expect(
    unsafe_code,
    reason = "its entries name memory, and it enters the kernel"
)]
mod ring;
mod unpark;
#[expect(unsafe_code, reason = "its entries name memory")]
mod uring;
mod waiting;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::RawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant};

use server_kit::Counters;

use crate::config::{Config, DriverKind};
use crate::current::Current;
use crate::error::Error;
use crate::executor;
use crate::op::{Completion, Kind, Ops, Waiter};
use crate::slab::Key;
use crate::timers::Timers;
use backend::{Backend, CANCELLED, Turn, Wait};
pub(crate) use buffers::Buffers;
use inbox::{Aftermath, Inbox, Leftover};
pub(crate) use places::Places;
pub(crate) use request::{Request, Socket};
pub use ring::ring_flags;
use unpark::EventFdUnpark;
use waiting::Waiting;

/// How long a worker that ends waits for the kernel to let go of its memory.
const LET_GO: Duration = Duration::from_secs(2);

pub(crate) struct Driver {
    backend: Box<dyn Backend>,
    ops: RefCell<Ops>,
    buffers: Option<RefCell<Buffers>>,
    timers: RefCell<Timers>,
    places: Places,
    unpark: EventFdUnpark,
    waiting: Waiting,
    stopping: Cell<bool>,
    config: Config,
    counters: Arc<Counters>,
    /// Empty between turns; kept for its memory.
    aftermath: RefCell<Aftermath>,
    current: Rc<Current>,
}

impl Driver {
    /// Call it on the worker's own thread, which is pinned to `cpu` when that is given.
    pub(crate) fn new(
        config: &Config,
        cpu: Option<usize>,
        counters: Arc<Counters>,
    ) -> Result<Self, Error> {
        if config.buffer_bytes == 0 {
            return Err(Error::Config(
                "buffer_bytes is at least 1: no receive would get a byte".to_owned(),
            ));
        }
        let unpark = EventFdUnpark::new()?;
        let backend: Box<dyn Backend> = match config.driver {
            DriverKind::Uring => Box::new(uring::Uring::new(
                config,
                cpu,
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
            places: Places::new(config.connection_limit()?),
            unpark,
            waiting: Waiting::new(config.spin),
            stopping: Cell::new(false),
            config: config.clone(),
            counters,
            aftermath: RefCell::new(Aftermath::new()),
            current: Rc::default(),
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

    pub(crate) fn places(&self) -> &Places {
        &self.places
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
    ///
    /// # Errors
    /// When the kernel has not taken the request and never will: nothing is in flight then.
    #[expect(unsafe_code, reason = "requests name memory")]
    #[inline]
    pub(crate) unsafe fn submit(&self, key: Key, request: &Request) -> io::Result<()> {
        // SAFETY: passed on to the caller.
        unsafe { self.submit_unheard(key, request, 0) }
    }

    /// Likewise, of an operation that wakes nobody when it ends with the result `expected` before
    /// [`Driver::poll`] asks for it.
    ///
    /// # Safety
    /// As [`Driver::submit`].
    ///
    /// # Errors
    /// As [`Driver::submit`].
    #[expect(unsafe_code, reason = "requests name memory")]
    #[inline]
    pub(crate) unsafe fn submit_unheard(
        &self,
        key: Key,
        request: &Request,
        expected: i32,
    ) -> io::Result<()> {
        self.ops.borrow_mut().submitted(key, expected);
        // SAFETY: passed on to the caller.
        match unsafe { self.backend.submit(key, request, self.buffers()) } {
            Ok(None) => {}
            Ok(Some(completion)) => self.complete(key, completion),
            Err(error) => {
                self.ops.borrow_mut().failed(key);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Gives an operation its last completion while its owner is being polled or is gone, so that nobody
    /// waits.
    #[inline]
    fn complete(&self, key: Key, completion: Completion) {
        // Bound, so that the borrow is over when what the delivery carries is dropped.
        let delivery = self.ops.borrow_mut().deliver(key, completion, false);
        drop(delivery);
    }

    /// The task being polled, which the executor names.
    pub(crate) fn current(&self) -> &Rc<Current> {
        &self.current
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
        if orphaned.in_flight && self.backend.cancel(key, socket) {
            self.complete(key, CANCELLED);
        }
        drop((orphaned.unused, orphaned.waiter));
    }

    /// Stops an accept without ending its owner: what it has brought is yet to be taken, and its
    /// last completion comes as always.
    pub(crate) fn pause(&self, key: Key, listener: RawFd) {
        let in_flight = self.ops.borrow_mut().is_in_flight(key);
        if in_flight && self.backend.cancel(key, Socket::Fd(listener)) {
            self.complete(key, CANCELLED);
        }
        // Otherwise a worker that takes no connection would still be chosen for new ones.
        self.backend.forget(listener);
    }

    /// A listening socket or a timer is about to be closed by its owner.
    pub(crate) fn forget(&self, listener: RawFd) {
        self.backend.forget(listener);
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
            Kind::Send | Kind::Poll => {}
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
        let turn = match next {
            _ if !sleep => self.exchange(Wait::Not)?,
            Some(Duration::ZERO) => self.exchange(Wait::Not)?,
            None => self.wait(Wait::Event)?,
            Some(duration) => self.wait(Wait::AtMost(duration))?,
        };
        if next.is_some() {
            let ended = self.timers.borrow_mut().ended(Instant::now);
            ended.into_iter().for_each(Waker::wake);
        }
        if turn.unparked {
            self.unpark.reset();
            self.counters.kernel_entries.add(1);
        }
        Ok(turn.unparked)
    }

    /// A turn that may sleep, after a spin where that pays.
    fn wait(&self, wait: Wait) -> io::Result<Turn> {
        self.waiting
            .wait(self.backend.as_ref(), wait, |wait| self.exchange(wait))
    }

    fn exchange(&self, wait: Wait) -> io::Result<Turn> {
        self.with_inbox(|inbox| self.backend.turn(wait, inbox))
    }

    fn with_inbox<T>(&self, act: impl FnOnce(&mut Inbox<'_>) -> T) -> T {
        let mut aftermath = self.aftermath.take();
        let result = act(&mut Inbox {
            ops: self.ops.borrow_mut(),
            aftermath: &mut aftermath,
            counters: &self.counters,
        });
        for Leftover {
            kind,
            completion,
            kept,
        } in aftermath.leftovers.drain(..)
        {
            self.release(kind, completion);
            drop(kept);
        }
        executor::wake_here(&mut aftermath.tasks);
        aftermath.wakers.drain(..).for_each(Waker::wake);
        self.aftermath.replace(aftermath);
        result
    }

    /// True once the worker is asked to stop: nothing new is accepted.
    #[inline]
    pub(crate) fn stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Wakes every task that waits for a connection, for bytes or for an interval, so that it sees
    /// [`Driver::stopping`].
    pub(crate) fn stop(&self) {
        self.stopping.set(true);
        for kind in [Kind::Accept, Kind::Recv, Kind::Poll] {
            let waiters = self.ops.borrow_mut().take_waiters(kind);
            waiters.into_iter().for_each(Waiter::wake);
        }
        self.places.wake();
    }

    /// Ends every operation and waits for its last completion, after which the kernel touches none
    /// of this worker's memory. Their owners are gone by then, or were leaked.
    ///
    /// # Errors
    /// When the kernel does not let go in time: the memory is leaked then.
    pub(crate) fn shut_down(&self) -> io::Result<()> {
        let deadline = Instant::now() + LET_GO;
        if self.ops.borrow().in_flight() > 0 {
            self.with_inbox(|inbox| self.backend.cancel_all(inbox));
        }
        while self.ops.borrow().in_flight() > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the kernel holds on to operations that were cancelled",
                ));
            }
            self.exchange(Wait::AtMost(left))?;
        }
        // What was queued for sockets that are being closed. With SQPOLL a thread of the kernel takes
        // it, some time after it was told.
        self.exchange(Wait::Not)?;
        while self.backend.has_queued() && Instant::now() < deadline {
            thread::yield_now();
            self.exchange(Wait::Not)?;
        }
        if self.buffers.is_some() {
            self.backend.unregister_buffers()
        } else {
            Ok(())
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A worker that ended by an error or a panic has not shut down. What was queued to be closed
        // is closed if that can be; the kernel may still use the buffers and what orphans keep, so
        // that the memory is given up rather than freed.
        if self.backend.has_queued() {
            _ = self.exchange(Wait::Not);
        }
        if self.ops.borrow().in_flight() > 0 {
            std::mem::forget(self.ops.replace(Ops::with_capacity(0)));
            std::mem::forget(self.buffers.take());
        }
    }
}
