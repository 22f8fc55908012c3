//! Accepting connections.

use std::future::poll_fn;
use std::io;
use std::net::{self, SocketAddr};
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::task::{Context, Poll};

use io_uring::opcode;
use io_uring::types::Fd;

use super::stopping;
use super::stream::TcpStream;
use crate::config::Ops;
use crate::context;
use crate::driver::Driver;
use crate::op::Kind;
use crate::slab::Key;

/// A listening socket on this worker's ring.
pub struct TcpListener {
    driver: Rc<Driver>,
    socket: Rc<net::TcpListener>,
    accept: Key,
}

impl TcpListener {
    /// Takes over a socket that listens.
    ///
    /// # Errors
    /// When it cannot be made blocking: the ring would give EAGAIN instead of waiting.
    ///
    /// # Panics
    /// On a thread that is no worker's.
    pub fn from_std(socket: net::TcpListener) -> io::Result<Self> {
        socket.set_nonblocking(false)?;
        let driver = context::driver("TcpListener::from_std");
        let accept = driver.create(Kind::Accept);
        Ok(Self {
            driver,
            socket: Rc::new(socket),
            accept,
        })
    }

    /// The address it listens on.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next connection.
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
            if let Poll::Ready(completion) = self.driver.poll(self.accept, context) {
                match completion.result {
                    fd @ 0.. => {
                        return Poll::Ready(Ok(TcpStream::new(Rc::clone(&self.driver), fd)));
                    }
                    // Cancelled because too many had piled up; they have been taken now.
                    error if [-libc::ECANCELED, -libc::EAGAIN, -libc::EINTR].contains(&error) => {
                        continue;
                    }
                    error => return Poll::Ready(Err(io::Error::from_raw_os_error(-error))),
                }
            }
            if self.driver.stopping() {
                return Poll::Ready(Err(stopping()));
            }
            if !self.driver.is_in_flight(self.accept) {
                self.arm()?;
            }
            return Poll::Pending;
        }
    }

    fn arm(&self) -> io::Result<()> {
        let fd = Fd(self.socket.as_raw_fd());
        let entry = match self.driver.config().ops {
            Ops::OneShot => opcode::Accept::new(fd, std::ptr::null_mut(), std::ptr::null_mut())
                .flags(libc::SOCK_CLOEXEC)
                .build(),
            Ops::Multishot => opcode::AcceptMulti::new(fd)
                .flags(libc::SOCK_CLOEXEC)
                .build(),
        };
        // SAFETY: the entry asks for no address, so it points to no memory.
        unsafe { self.driver.submit(self.accept, entry) }
    }
}

impl Drop for TcpListener {
    fn drop(&mut self) {
        // The socket is closed while the accept is being cancelled; the ring holds it until then.
        self.driver.orphan(
            self.accept,
            Kind::Accept,
            Some(Box::new(Rc::clone(&self.socket))),
        );
    }
}
