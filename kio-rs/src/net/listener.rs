//! Accepting connections.

use std::future::poll_fn;
use std::io;
use std::net::{self, SocketAddr};
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::closer::Closer;
use super::stopping;
use super::stream::TcpStream;
use crate::config::{DriverKind, Ops};
use crate::context;
use crate::driver::{Driver, Request, Socket};
use crate::op::{Kind, Polled};
use crate::slab::Key;

/// A listening socket on this worker's ring.
pub struct TcpListener {
    driver: Rc<Driver>,
    socket: Rc<net::TcpListener>,
    accept: Key,
    /// The accept in flight, if there is one, goes on until it is stopped.
    multishot: bool,
    /// It was stopped.
    paused: bool,
}

impl TcpListener {
    /// Takes over a socket that listens.
    ///
    /// # Errors
    /// When it cannot be made blocking for a ring, which would otherwise give EAGAIN instead of
    /// waiting, or non-blocking for epoll.
    ///
    /// # Panics
    /// On a thread that is no worker's.
    pub fn from_std(socket: net::TcpListener) -> io::Result<Self> {
        let driver = context::driver("TcpListener::from_std");
        socket.set_nonblocking(driver.config().driver == DriverKind::Epoll)?;
        let accept = driver.create(Kind::Accept);
        Ok(Self {
            driver,
            socket: Rc::new(socket),
            accept,
            multishot: false,
            paused: false,
        })
    }

    /// The address it listens on.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next connection. With as many open as [`crate::Config::max_connections`] allows, it
    /// waits until one closes.
    ///
    /// Dropping the future before it is ready loses none.
    ///
    /// # Errors
    /// What the kernel says: with EMFILE or ENFILE, wait before trying again, as the connection
    /// stays in the queue. [`io::ErrorKind::ConnectionAborted`] once the runtime was asked to stop,
    /// which [`crate::is_stopping`] tells from a peer that went away early.
    pub async fn accept(&mut self) -> io::Result<TcpStream> {
        poll_fn(|context| self.poll_accept(context)).await
    }

    fn poll_accept(&mut self, context: &Context<'_>) -> Poll<io::Result<TcpStream>> {
        loop {
            if !self.driver.places().any_left() {
                if self.driver.stopping() {
                    return Poll::Ready(Err(stopping()));
                }
                // What was accepted all the same is taken when there is room for it.
                if self.pause() {
                    tracing::debug!("as many connections as the worker may have");
                }
                self.driver.places().wait(context.waker());
                return Poll::Pending;
            }
            match self.driver.poll(self.accept, context) {
                Polled::Ready(completion) => match u32::try_from(completion.result) {
                    Ok(result) => {
                        let socket = self.driver.accepted(result);
                        let closer = Closer::accepted(&self.driver, socket);
                        let driver = Rc::clone(&self.driver);
                        return Poll::Ready(Ok(TcpStream::new(driver, socket, closer)));
                    }
                    // Cancelled for want of places, of which there are some now; or the moment to
                    // try (again).
                    Err(_)
                        if [-libc::ECANCELED, -libc::EAGAIN, -libc::EINTR]
                            .contains(&completion.result) => {}
                    Err(_) => {
                        return Poll::Ready(Err(io::Error::from_raw_os_error(-completion.result)));
                    }
                },
                _ if self.driver.stopping() => return Poll::Ready(Err(stopping())),
                Polled::InFlight | Polled::NeedsWaiter => {
                    if self.multishot && !self.driver.places().ample() {
                        self.pause();
                    }
                    return Poll::Pending;
                }
                Polled::Idle => self.arm()?,
            }
        }
    }

    fn arm(&mut self) -> io::Result<()> {
        let config = self.driver.config();
        self.multishot = config.driver == DriverKind::Uring
            && config.ops == Ops::Multishot
            && self.driver.places().ample();
        self.paused = false;
        let request = Request::Accept {
            listener: self.socket.as_raw_fd(),
            multishot: self.multishot,
        };
        // SAFETY: the request points to no memory.
        unsafe { self.driver.submit(self.accept, &request) }
    }

    /// Stops accepting until it is armed anew. False when it has stopped already.
    fn pause(&mut self) -> bool {
        let first = !std::mem::replace(&mut self.paused, true);
        if first {
            self.driver.pause(self.accept, self.socket.as_raw_fd());
        }
        first
    }
}

impl Drop for TcpListener {
    fn drop(&mut self) {
        self.driver.forget(self.socket.as_raw_fd());
        // The socket is closed when the accept has ended.
        let socket = Box::new(Rc::clone(&self.socket));
        self.driver.orphan(
            self.accept,
            Kind::Accept,
            Socket::Fd(self.socket.as_raw_fd()),
            Some(socket),
        );
    }
}
