//! The loop of a worker: events in, connections advanced.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use floors::{Linger, Seat, TICK};
use hello_http::Mode;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{SockFlag, accept4};
use server_kit::{Counters, EPOLL_EVENTS};

use crate::connection::{Connection, Outcome};

/// What events of other things than connections carry; no descriptor is so large.
const LISTENER: u64 = u64::MAX;
const STOP: u64 = u64::MAX - 1;

/// Wait after an accept for which descriptors are missing.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) mode: Mode,
    pub(crate) buffer_bytes: usize,
    /// How long is looked for events before sleeping.
    pub(crate) spin: Duration,
}

pub(crate) struct Worker<'s> {
    seat: &'s Seat,
    counters: &'s Counters,
    options: Options,
    epoll: Epoll,
    /// By descriptor.
    connections: Vec<Option<Connection>>,
    buffer: Vec<u8>,
    /// Connections with more to read than their turn allowed.
    again: Vec<RawFd>,
    linger: Linger,
    last_tick: Instant,
    /// When to accept again, after descriptors were missing.
    accept_at: Option<Instant>,
    accepting_failed: bool,
    stopping: bool,
}

impl<'s> Worker<'s> {
    pub(crate) fn new(seat: &'s Seat, options: Options) -> Result<Self> {
        let epoll =
            Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("cannot make an epoll instance")?;
        let readable = |data| EpollEvent::new(EpollFlags::EPOLLIN, data);
        epoll
            .add(&seat.listener, readable(LISTENER))
            .context("cannot wait for the listener")?;
        epoll
            .add(&*seat.stop, readable(STOP))
            .context("cannot wait for an eventfd")?;
        Ok(Self {
            seat,
            counters: &seat.counters,
            options,
            epoll,
            connections: Vec::new(),
            buffer: vec![0; options.buffer_bytes],
            again: Vec::new(),
            linger: Linger::default(),
            last_tick: Instant::now(),
            accept_at: None,
            accepting_failed: false,
            stopping: false,
        })
    }

    pub(crate) fn run(&mut self) -> Result<()> {
        let mut events = vec![EpollEvent::empty(); EPOLL_EVENTS];
        while !self.stopping {
            let count = self.wait(&mut events)?;
            // Taken before the events: what these have to read again waits for the next turn.
            let again = std::mem::take(&mut self.again);
            for event in &events[..count] {
                self.handle(*event);
            }
            again.into_iter().for_each(|fd| self.advance(fd));
            self.look_at_the_clock()?;
        }
        let open = self.connections.iter().flatten().count();
        self.counters.closes.add(open as u64);
        Ok(())
    }

    fn wait(&self, events: &mut [EpollEvent]) -> Result<usize> {
        if !self.again.is_empty() {
            return self.poll(events, EpollTimeout::ZERO);
        }
        if !self.options.spin.is_zero() {
            let start = Instant::now();
            while start.elapsed() < self.options.spin {
                let count = self.poll(events, EpollTimeout::ZERO)?;
                if count > 0 {
                    return Ok(count);
                }
            }
        }
        let timeout = match (self.accept_at, self.linger.is_empty()) {
            (Some(_), _) => ACCEPT_PAUSE,
            (None, false) => TICK,
            (None, true) => return self.poll(events, EpollTimeout::NONE),
        };
        let timeout = EpollTimeout::try_from(timeout).unwrap_or(EpollTimeout::MAX);
        self.poll(events, timeout)
    }

    fn poll(&self, events: &mut [EpollEvent], timeout: EpollTimeout) -> Result<usize> {
        self.counters.kernel_entries.add(1);
        match self.epoll.wait(events, timeout) {
            Err(Errno::EINTR) => Ok(0),
            result => result.context("epoll_wait failed"),
        }
    }

    #[inline]
    fn handle(&mut self, event: EpollEvent) {
        match event.data() {
            LISTENER => self.accept(),
            STOP => self.stopping = true,
            data => {
                let fd = RawFd::try_from(data).expect("a connection's data is its descriptor");
                let flags = event.events();
                let ended = flags.intersects(
                    EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR,
                );
                let Some(connection) = self.connection(fd) else {
                    return;
                };
                connection.edge(ended || flags.contains(EpollFlags::EPOLLIN), ended);
                self.advance(fd);
            }
        }
    }

    #[inline]
    fn connection(&mut self, fd: RawFd) -> Option<&mut Connection> {
        self.connections
            .get_mut(fd.unsigned_abs() as usize)?
            .as_mut()
    }

    #[inline]
    fn advance(&mut self, fd: RawFd) {
        let index = fd.unsigned_abs() as usize;
        loop {
            let Some(Some(connection)) = self.connections.get_mut(index) else {
                return;
            };
            match connection.advance(&mut self.buffer, self.counters) {
                Outcome::Wait => return,
                Outcome::Again => return self.again.push(fd),
                Outcome::WaitForRoom => {
                    if !std::mem::replace(&mut connection.wants_room, true) {
                        self.ask_for_room(fd);
                    }
                    return;
                }
                Outcome::Linger => {
                    if self.linger.is_empty() {
                        self.last_tick = Instant::now();
                    }
                    connection.set_linger_stamp(self.linger.add(fd.unsigned_abs()));
                }
                Outcome::Close => return self.close(fd),
            }
        }
    }

    /// Edges of room to send into are asked for when a socket was full for the first time, as few
    /// ever are.
    #[cold]
    fn ask_for_room(&mut self, fd: RawFd) {
        self.counters.kernel_entries.add(1);
        let mut event = EpollEvent::new(connection_edges() | EpollFlags::EPOLLOUT, data_of(fd));
        let Some(Some(connection)) = self.connections.get(fd.unsigned_abs() as usize) else {
            return;
        };
        // It reports at once when there is room by now.
        if self.epoll.modify(connection.socket(), &mut event).is_err() {
            self.counters.errors.add(1);
            self.close(fd);
        }
    }

    fn accept(&mut self) {
        loop {
            self.counters.kernel_entries.add(1);
            let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
            match accept4(self.seat.listener.as_raw_fd(), flags) {
                // SAFETY: accept4 has just made it; nobody else knows of it.
                Ok(fd) => self.open(unsafe { OwnedFd::from_raw_fd(fd) }),
                Err(Errno::EAGAIN) => return,
                Err(Errno::EINTR) => {}
                // The peer left before it was accepted.
                Err(Errno::ECONNABORTED) => self.counters.errors.add(1),
                Err(errno) => return self.pause_accepting(errno),
            }
        }
    }

    fn open(&mut self, socket: OwnedFd) {
        self.counters.accepts.add(1);
        self.counters.kernel_entries.add(1);
        let fd = socket.as_raw_fd();
        // It reports at once what has come already.
        let event = EpollEvent::new(connection_edges(), data_of(fd));
        if self.epoll.add(&socket, event).is_err() {
            self.counters.errors.add(1);
            self.counters.closes.add(1);
            return;
        }
        let index = fd.unsigned_abs() as usize;
        if self.connections.len() <= index {
            self.connections.resize_with(index + 1, || None);
        }
        self.connections[index] = Some(Connection::new(socket, self.options.mode));
    }

    /// Most likely no descriptor is left. The connection stays in the queue, and the listener would
    /// go on to report it.
    #[cold]
    fn pause_accepting(&mut self, errno: Errno) {
        self.counters.errors.add(1);
        if !std::mem::replace(&mut self.accepting_failed, true) {
            eprintln!("epoll-floor: accepting failed; trying again: {errno}");
        }
        self.accept_at = Some(Instant::now() + ACCEPT_PAUSE);
        self.listen(EpollFlags::empty());
    }

    fn listen(&self, flags: EpollFlags) {
        self.counters.kernel_entries.add(1);
        // It is registered for as long as the worker runs; the call has no other way to fail.
        _ = self
            .epoll
            .modify(&self.seat.listener, &mut EpollEvent::new(flags, LISTENER));
    }

    fn look_at_the_clock(&mut self) -> Result<()> {
        if self.accept_at.is_some_and(|at| Instant::now() >= at) {
            self.accept_at = None;
            self.listen(EpollFlags::EPOLLIN);
        }
        if self.linger.is_empty() || self.last_tick.elapsed() < TICK {
            return Ok(());
        }
        self.last_tick = Instant::now();
        self.linger.tick();
        while let Some((number, stamp)) = self.linger.overdue() {
            let fd = RawFd::try_from(number).context("a descriptor is not negative")?;
            if self
                .connection(fd)
                .is_some_and(|connection| connection.lingers_since(stamp))
            {
                self.close(fd);
            }
        }
        Ok(())
    }

    fn close(&mut self, fd: RawFd) {
        self.counters.kernel_entries.add(1);
        self.counters.closes.add(1);
        // Closing takes it out of the epoll instance.
        self.connections[fd.unsigned_abs() as usize] = None;
    }
}

fn connection_edges() -> EpollFlags {
    EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET
}

fn data_of(fd: RawFd) -> u64 {
    u64::from(fd.unsigned_abs())
}
