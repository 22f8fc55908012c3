//! The epoll driver: makes the system calls itself, and where one would block, waits for readiness
//! and tells the owner to ask again.
//!
//! Sockets are registered once, edge-triggered, as Tokio's are. A call that would block leaves its
//! operation waiting; the next edge completes it with EAGAIN, upon which its owner submits it anew.
//! So the bytes are read when the task that wants them runs, into a buffer that is warm.

use std::cell::RefCell;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::slice;
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll as EpollFd, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{self, MsgFlags, SockFlag, SockaddrStorage};
use nix::unistd;
use server_kit::{Counters, EPOLL_EVENTS};

use super::backend::{Backend, CANCELLED, Turn, Wait};
use super::buffers::Buffers;
use super::descriptors::{Descriptor, Descriptors};
use super::inbox::Inbox;
use super::request::{Request, Socket};
use super::unpark::EventFdUnpark;
use crate::config::{Config, Ops};
use crate::error::Error;
use crate::op::Completion;
use crate::slab::Key;

/// `data` of the eventfd's registration; no descriptor is so large.
const UNPARK: u64 = u64::MAX;

pub(super) struct Epoll {
    epoll: EpollFd,
    descriptors: Descriptors,
    events: RefCell<Vec<EpollEvent>>,
    counters: Arc<Counters>,
}

impl Epoll {
    pub(super) fn new(unpark: &EventFdUnpark, counters: Arc<Counters>) -> Result<Self, Error> {
        let epoll = EpollFd::new(EpollCreateFlags::EPOLL_CLOEXEC)
            .map_err(|errno| Error::io("making an epoll instance")(errno.into()))?;
        epoll
            .add(unpark.event(), EpollEvent::new(EpollFlags::EPOLLIN, UNPARK))
            .map_err(|errno| Error::io("registering an eventfd")(errno.into()))?;
        let events = vec![EpollEvent::empty(); EPOLL_EVENTS];
        Ok(Self {
            epoll,
            descriptors: Descriptors::default(),
            events: RefCell::new(events),
            counters,
        })
    }

    /// Registers the descriptor for its edges, which reports at once what it is ready for already.
    fn register(&self, fd: RawFd, flags: EpollFlags) -> io::Result<()> {
        if self.descriptors.with(fd, |descriptor| {
            std::mem::replace(&mut descriptor.registered, true)
        }) {
            return Ok(());
        }
        self.counters.kernel_entries.add(1);
        // SAFETY: the caller's socket is open.
        let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
        let data = u64::from(fd.unsigned_abs());
        let event = EpollEvent::new(flags | EpollFlags::EPOLLET, data);
        self.epoll.add(borrowed, event).map_err(|errno| {
            self.descriptors
                .with(fd, |descriptor| *descriptor = Descriptor::default());
            errno.into()
        })
    }

    fn accept(&self, key: Key, listener: RawFd) -> io::Result<Option<Completion>> {
        self.counters.kernel_entries.add(1);
        match socket::accept4(listener, SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC) {
            Err(Errno::EAGAIN) => {
                self.descriptors
                    .with(listener, |descriptor| descriptor.read = Some(key));
                // One of the workers that wait for a shared listener is woken, not all.
                self.register(listener, EpollFlags::EPOLLIN | EpollFlags::EPOLLEXCLUSIVE)?;
                Ok(None)
            }
            result => {
                if let Ok(fd) = result {
                    // Whatever was known of the number was of another socket.
                    self.descriptors
                        .with(fd, |descriptor| *descriptor = Descriptor::default());
                }
                Ok(Some(completion(result)))
            }
        }
    }

    /// `read` makes the call and says how many bytes there was room for.
    fn receive(
        &self,
        key: Key,
        fd: RawFd,
        read: impl FnOnce() -> (nix::Result<usize>, usize),
    ) -> io::Result<Option<Result<usize, Errno>>> {
        let expected = self.descriptors.with(fd, |descriptor| {
            !descriptor.registered || descriptor.readable
        });
        if expected {
            self.counters.kernel_entries.add(1);
            let (result, room) = read();
            // Less than there was room for is everything: what comes later makes a new edge.
            let drained = result.is_ok_and(|length| length > 0 && length < room)
                || result == Err(Errno::EAGAIN);
            self.descriptors.with(fd, |descriptor| {
                descriptor.readable = !drained || descriptor.ended
            });
            if result != Err(Errno::EAGAIN) {
                return Ok(Some(result));
            }
        }
        self.descriptors
            .with(fd, |descriptor| descriptor.read = Some(key));
        self.register_stream(fd)?;
        Ok(None)
    }

    fn register_stream(&self, fd: RawFd) -> io::Result<()> {
        self.register(
            fd,
            EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLRDHUP,
        )
    }

    fn receive_shared(
        &self,
        key: Key,
        fd: RawFd,
        buffers: &RefCell<Buffers>,
    ) -> io::Result<Option<Completion>> {
        let Some(buffer) = buffers.borrow_mut().lend() else {
            return Ok(Some(completion(Err::<usize, _>(Errno::ENOBUFS))));
        };
        let read = || {
            let mut buffers = buffers.borrow_mut();
            let bytes = buffers.lent(buffer);
            (socket::recv(fd, bytes, MsgFlags::empty()), bytes.len())
        };
        let received = self.receive(key, fd, read);
        if let Ok(Some(Ok(length @ 1..))) = received {
            return Ok(Some(Completion {
                flags: Buffers::flags(buffer),
                ..completion(Ok(length))
            }));
        }
        buffers.borrow_mut().take_back(buffer);
        Ok(received?.map(completion))
    }

    fn send(&self, key: Key, fd: RawFd, bytes: &[u8]) -> io::Result<Option<Completion>> {
        self.counters.kernel_entries.add(1);
        match socket::send(fd, bytes, MsgFlags::MSG_NOSIGNAL) {
            Err(Errno::EAGAIN) => {
                self.descriptors
                    .with(fd, |descriptor| descriptor.write = Some(key));
                self.register_stream(fd)?;
                Ok(None)
            }
            result => Ok(Some(completion(result))),
        }
    }

    /// Asked anew after the edge, the kernel tells how the attempt has ended.
    fn connect(
        &self,
        key: Key,
        fd: RawFd,
        address: &SockaddrStorage,
    ) -> io::Result<Option<Completion>> {
        self.counters.kernel_entries.add(1);
        match socket::connect(fd, address) {
            Err(Errno::EINPROGRESS | Errno::EALREADY) => {
                self.descriptors
                    .with(fd, |descriptor| descriptor.write = Some(key));
                self.register_stream(fd)?;
                Ok(None)
            }
            result => Ok(Some(completion(result.map(|()| 0_usize)))),
        }
    }

    fn readable(&self, key: Key, fd: RawFd) -> io::Result<Option<Completion>> {
        let edge = self
            .descriptors
            .with(fd, |descriptor| std::mem::take(&mut descriptor.readable));
        if edge {
            return Ok(Some(completion(Ok(1_usize))));
        }
        self.descriptors
            .with(fd, |descriptor| descriptor.read = Some(key));
        self.register(fd, EpollFlags::EPOLLIN)?;
        Ok(None)
    }

    fn dispatch(&self, event: EpollEvent, inbox: &mut Inbox<'_>) {
        let flags = event.events();
        let gone = EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR;
        let ended = flags.intersects(gone | EpollFlags::EPOLLRDHUP);
        let (reads, writes) = (
            ended || flags.intersects(EpollFlags::EPOLLIN),
            flags.intersects(gone | EpollFlags::EPOLLOUT),
        );
        let fd = RawFd::try_from(event.data()).expect("the registration's descriptor");
        let (read, write) = self.descriptors.with(fd, |descriptor| {
            descriptor.ended |= ended;
            descriptor.readable |= reads;
            (
                descriptor.read.take_if(|_| reads),
                descriptor.write.take_if(|_| writes),
            )
        });
        for key in [read, write].into_iter().flatten() {
            // A last completion floods nobody.
            _ = inbox.deliver(key, completion(Err::<usize, _>(Errno::EAGAIN)), false);
        }
    }
}

impl Backend for Epoll {
    fn make_buffers(&self, config: &Config) -> Result<Option<Buffers>, Error> {
        Ok((config.ops == Ops::Multishot).then(|| Buffers::pool(config)))
    }

    fn unregister_buffers(&self) -> io::Result<()> {
        Ok(())
    }

    fn accepted(&self, result: u32) -> Socket {
        Socket::Fd(result.cast_signed())
    }

    #[inline]
    unsafe fn submit(
        &self,
        key: Key,
        request: &Request,
        buffers: Option<&RefCell<Buffers>>,
    ) -> io::Result<Option<Completion>> {
        match (*request, buffers) {
            (Request::Accept { listener, .. }, _) => self.accept(key, listener),
            (Request::Connect { fd, address, .. }, _) => {
                // SAFETY: the caller's promise: a valid address that nobody changes meanwhile.
                let address = unsafe { &*address };
                self.connect(key, fd, address)
            }
            (Request::Readable { fd }, _) => self.readable(key, fd),
            (Request::RecvShared { socket }, Some(buffers)) => {
                self.receive_shared(key, socket.fd(), buffers)
            }
            (Request::RecvShared { .. }, None) => {
                Ok(Some(completion(Err::<usize, _>(Errno::ENOBUFS))))
            }
            (
                Request::RecvInto {
                    socket,
                    buffer,
                    length,
                },
                _,
            ) => {
                // SAFETY: the caller's promise: valid memory that nobody else touches meanwhile.
                let bytes = unsafe { slice::from_raw_parts_mut(buffer, length as usize) };
                let read = || {
                    (
                        socket::recv(socket.fd(), bytes, MsgFlags::empty()),
                        length as usize,
                    )
                };
                Ok(self.receive(key, socket.fd(), read)?.map(completion))
            }
            (
                Request::Send {
                    socket,
                    bytes,
                    length,
                },
                _,
            ) => {
                // SAFETY: the caller's promise: valid memory that nobody changes meanwhile.
                let bytes = unsafe { slice::from_raw_parts(bytes, length as usize) };
                self.send(key, socket.fd(), bytes)
            }
            (Request::Shutdown { socket, how }, _) => {
                self.counters.kernel_entries.add(1);
                let how = match how {
                    std::net::Shutdown::Read => socket::Shutdown::Read,
                    std::net::Shutdown::Write => socket::Shutdown::Write,
                    std::net::Shutdown::Both => socket::Shutdown::Both,
                };
                Ok(Some(completion(
                    socket::shutdown(socket.fd(), how).map(|()| 0_usize),
                )))
            }
        }
    }

    fn cancel(&self, key: Key, socket: Socket) -> bool {
        // Only what waits for an edge is in flight, and the kernel knows nothing of it.
        self.descriptors.with(socket.fd(), |descriptor| {
            descriptor.read.take_if(|waiting| *waiting == key);
            descriptor.write.take_if(|waiting| *waiting == key);
        });
        true
    }

    fn cancel_all(&self, inbox: &mut Inbox<'_>) {
        let waiting = self.descriptors.take_waiting();
        for key in waiting {
            _ = inbox.deliver(key, CANCELLED, false);
        }
    }

    fn forget(&self, listener: RawFd) {
        let was = self.descriptors.with(listener, std::mem::take);
        if was.registered {
            self.counters.kernel_entries.add(1);
            // SAFETY: the owner has yet to close it.
            let borrowed = unsafe { BorrowedFd::borrow_raw(listener) };
            // By hand, as other handles on the same socket keep it in the set otherwise, where it
            // would go on to be chosen for connections that nobody here takes.
            _ = self.epoll.delete(borrowed);
        }
    }

    fn close(&self, socket: Socket) {
        let fd = socket.fd();
        self.descriptors
            .with(fd, |descriptor| *descriptor = Descriptor::default());
        self.counters.kernel_entries.add(1);
        // Linux has closed it whatever it says.
        _ = unistd::close(fd);
    }

    fn has_queued(&self) -> bool {
        // Every call was made at once.
        false
    }

    fn peek(&self) -> bool {
        // Only the kernel knows.
        true
    }

    fn turn(&self, wait: Wait, inbox: &mut Inbox<'_>) -> io::Result<Turn> {
        let timeout = match wait {
            Wait::Not => EpollTimeout::ZERO,
            Wait::Event => EpollTimeout::NONE,
            // A millisecond more, so that a sleep never ends early.
            Wait::AtMost(duration) => {
                EpollTimeout::try_from(duration.as_millis().saturating_add(1))
                    .unwrap_or(EpollTimeout::MAX)
            }
        };
        self.counters.kernel_entries.add(1);
        let mut events = self.events.borrow_mut();
        let count = match self.epoll.wait(&mut events, timeout) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(errno) => return Err(errno.into()),
        };
        let mut turn = Turn {
            events: u32::try_from(count).unwrap_or(u32::MAX),
            unparked: false,
        };
        for event in &events[..count] {
            if event.data() == UNPARK {
                turn.unparked = true;
            } else {
                self.dispatch(*event, inbox);
            }
        }
        Ok(turn)
    }
}

/// The result of a system call as the ring would give it.
fn completion<T: TryInto<i32>>(result: Result<T, Errno>) -> Completion {
    let result = match result {
        Ok(value) => value.try_into().unwrap_or(i32::MAX),
        Err(errno) => -(errno as i32),
    };
    Completion { result, flags: 0 }
}
