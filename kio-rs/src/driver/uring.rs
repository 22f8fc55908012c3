//! The io_uring driver: requests become submission queue entries, completion queue entries go to
//! their operations.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::Shutdown;
use std::os::fd::RawFd;
use std::sync::Arc;

use io_uring::types::{CancelBuilder, DestinationSlot, Fd, Fixed};
use io_uring::{cqueue, opcode, squeue};
use server_kit::Counters;

use super::backend::{Backend, Turn, Wait};
use super::buffers::{self, Buffers};
use super::inbox::Inbox;
use super::lost_ends::{self, LostEnds};
use super::request::{Request, Socket};
use super::ring::Ring;
use super::unpark::EventFdUnpark;
use crate::config::{Config, Ops};
use crate::error::Error;
use crate::op::Completion;
use crate::slab::Key;

/// `user_data` of entries whose completions say nothing anybody waits for: cancel and close. Not a
/// key, as no slab has 2^32 entries.
const UNOWNED: u64 = u64::MAX;
/// `user_data` of the poll on the worker's eventfd.
const UNPARK: u64 = u64::MAX - 1;
/// `user_data` of the tick by which lost ends are looked for.
const TICK: u64 = u64::MAX - 2;

const POLLIN: u32 = libc::POLLIN.unsigned_abs() as u32;

pub(super) struct Uring {
    ring: RefCell<Ring>,
    unpark: EventFdUnpark,
    unpark_armed: Cell<bool>,
    direct: bool,
    /// For entries whose success nobody waits for.
    unowned: squeue::Flags,
    lost_ends: LostEnds,
}

impl Uring {
    /// Call it on the worker's own thread.
    pub(super) fn new(
        config: &Config,
        cpu: Option<usize>,
        unpark: EventFdUnpark,
        counters: Arc<Counters>,
    ) -> Result<Self, Error> {
        let ring = Ring::new(config, cpu, counters)?;
        let unowned = if ring.can_skip_success() {
            squeue::Flags::SKIP_SUCCESS
        } else {
            squeue::Flags::empty()
        };
        Ok(Self {
            unowned,
            ring: RefCell::new(ring),
            unpark,
            unpark_armed: Cell::new(false),
            direct: config.direct_descriptors(),
            lost_ends: LostEnds::default(),
        })
    }

    fn entry(&self, request: &Request) -> squeue::Entry {
        match *request {
            Request::Accept {
                listener,
                multishot,
            } => self.accept(listener, multishot),
            Request::Connect {
                fd,
                address,
                length,
            } => opcode::Connect::new(Fd(fd), address.cast(), length).build(),
            Request::Readable { fd } => opcode::PollAdd::new(Fd(fd), POLLIN).build(),
            Request::RecvShared {
                socket: Socket::Fd(fd),
            } => opcode::RecvMulti::new(Fd(fd), buffers::GROUP).build(),
            Request::RecvShared {
                socket: Socket::Direct(index),
            } => opcode::RecvMulti::new(Fixed(index), buffers::GROUP).build(),
            Request::RecvInto {
                socket: Socket::Fd(fd),
                buffer,
                length,
            } => opcode::Recv::new(Fd(fd), buffer, length).build(),
            Request::RecvInto {
                socket: Socket::Direct(index),
                buffer,
                length,
            } => opcode::Recv::new(Fixed(index), buffer, length).build(),
            // A peer that is gone is an error of this send, not a signal to the process.
            Request::Send {
                socket: Socket::Fd(fd),
                bytes,
                length,
            } => opcode::Send::new(Fd(fd), bytes, length)
                .flags(libc::MSG_NOSIGNAL)
                .build(),
            Request::Send {
                socket: Socket::Direct(index),
                bytes,
                length,
            } => opcode::Send::new(Fixed(index), bytes, length)
                .flags(libc::MSG_NOSIGNAL)
                .build(),
            Request::Shutdown { socket, how } => Self::shutdown(socket, how),
        }
    }

    fn accept(&self, listener: i32, multishot: bool) -> squeue::Entry {
        // Direct descriptors are the ring's alone, so that "close on exec" has no meaning for them.
        let flags = if self.direct { 0 } else { libc::SOCK_CLOEXEC };
        if multishot {
            return opcode::AcceptMulti::new(Fd(listener))
                .allocate_file_index(self.direct)
                .flags(flags)
                .build();
        }
        let slot = self.direct.then(DestinationSlot::auto_target);
        opcode::Accept::new(Fd(listener), std::ptr::null_mut(), std::ptr::null_mut())
            .flags(flags)
            .file_index(slot)
            .build()
    }

    fn shutdown(socket: Socket, how: Shutdown) -> squeue::Entry {
        let how = match how {
            Shutdown::Read => libc::SHUT_RD,
            Shutdown::Write => libc::SHUT_WR,
            Shutdown::Both => libc::SHUT_RDWR,
        };
        match socket {
            Socket::Fd(fd) => opcode::Shutdown::new(Fd(fd), how).build(),
            Socket::Direct(index) => opcode::Shutdown::new(Fixed(index), how).build(),
        }
    }

    fn push_unowned(&self, entry: squeue::Entry) {
        let entry = entry.user_data(UNOWNED).flags(self.unowned);
        // SAFETY: cancel and close entries point to no memory.
        unsafe { self.ring.borrow_mut().push(entry) }
    }

    /// Cancels an operation, which its owner will submit anew.
    fn restart(&self, key: Key) {
        self.push_unowned(opcode::AsyncCancel::new(key.to_user_data()).build());
    }

    fn arm_tick(&self) {
        if let Some(entry) = self.lost_ends.tick() {
            // SAFETY: the entry points to static memory.
            unsafe { self.ring.borrow_mut().push(entry.user_data(TICK)) }
        }
    }

    fn arm_unpark(&self) {
        let entry = opcode::PollAdd::new(Fd(self.unpark.raw()), POLLIN)
            .multi(true)
            .build();
        // SAFETY: a poll entry points to no memory.
        unsafe { self.ring.borrow_mut().push(entry.user_data(UNPARK)) }
        self.unpark_armed.set(true);
    }
}

impl Backend for Uring {
    fn make_buffers(&self, config: &Config) -> Result<Option<Buffers>, Error> {
        match config.ops {
            Ops::OneShot => Ok(None),
            Ops::Multishot => {
                Buffers::registered(&self.ring.borrow().submitter(), config).map(Some)
            }
        }
    }

    fn unregister_buffers(&self) -> io::Result<()> {
        self.ring
            .borrow()
            .submitter()
            .unregister_buf_ring(buffers::GROUP)
    }

    fn accepted(&self, result: u32) -> Socket {
        if self.direct {
            Socket::Direct(result)
        } else {
            Socket::Fd(result.cast_signed())
        }
    }

    #[inline]
    unsafe fn submit(
        &self,
        key: Key,
        request: &Request,
        _: Option<&RefCell<Buffers>>,
    ) -> io::Result<Option<Completion>> {
        let entry = self.entry(request).user_data(key.to_user_data());
        // SAFETY: passed on to the caller.
        unsafe { self.ring.borrow_mut().push(entry) }
        Ok(None)
    }

    fn cancel(&self, key: Key, _: Socket) -> bool {
        self.restart(key);
        false
    }

    fn cancel_all(&self, _: &mut Inbox<'_>) {
        // Before Linux 5.19 the kernel refuses this; what its owners cancelled ends all the same.
        self.push_unowned(opcode::AsyncCancel2::new(CancelBuilder::any().all()).build());
        // That included the poll on the eventfd, or will.
        self.unpark_armed.set(true);
    }

    fn forget(&self, _: RawFd) {}

    fn close(&self, socket: Socket) {
        self.push_unowned(match socket {
            Socket::Fd(fd) => opcode::Close::new(Fd(fd)).build(),
            Socket::Direct(index) => opcode::Close::new(Fixed(index)).build(),
        });
    }

    fn has_queued(&self) -> bool {
        self.ring.borrow_mut().has_queued()
    }

    fn peek(&self) -> bool {
        self.ring.borrow_mut().peek()
    }

    fn turn(&self, wait: Wait, inbox: &mut Inbox<'_>) -> io::Result<Turn> {
        if !self.unpark_armed.get() {
            self.arm_unpark();
        }
        let mut ring = self.ring.borrow_mut();
        ring.enter(wait)?;
        let mut turn = Turn::default();
        let (mut ticked, mut any_more) = (false, false);
        let mut to_restart = Vec::new();
        for entry in ring.completions() {
            let completion = Completion {
                result: entry.result(),
                flags: entry.flags(),
            };
            let more = cqueue::more(completion.flags);
            turn.events += 1;
            match entry.user_data() {
                UNOWNED => {}
                TICK => ticked = true,
                UNPARK if completion.result < 0 && completion.result != -libc::ECANCELED => {
                    let source = io::Error::from_raw_os_error(-completion.result);
                    let what = "waiting for other threads failed";
                    return Err(io::Error::new(source.kind(), format!("{what}: {source}")));
                }
                UNPARK => {
                    turn.unparked = true;
                    self.unpark_armed.set(more);
                }
                key => {
                    any_more |= more;
                    let key = Key::from_user_data(key);
                    if inbox.deliver(key, completion, more) {
                        to_restart.push(key);
                    }
                }
            }
        }
        drop(ring);
        if ticked {
            self.lost_ends.ticked();
            any_more |= inbox
                .ops
                .silent(lost_ends::AT_ONCE, |key| to_restart.push(key));
        }
        if any_more {
            self.arm_tick();
        }
        to_restart.into_iter().for_each(|key| self.restart(key));
        Ok(turn)
    }
}
