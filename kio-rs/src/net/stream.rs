//! A connection.

use std::borrow::Cow;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{BorrowedFd, RawFd};
use std::rc::Rc;

use nix::sys::socket::{SockaddrStorage, getpeername, getsockname, setsockopt, sockopt};

use super::bytes::StableBytes;
use super::closer::Closer;
use super::connect;
use super::recv::{Recv, RecvHalf};
use super::send::{SendAll, SendBehind, SendHalf};
use crate::context;
use crate::driver::{Driver, Socket};

/// A TCP connection of this worker. Dropping it closes it.
///
/// One task may receive while another sends: [`TcpStream::halves`] lends both sides,
/// [`TcpStream::into_split`] gives them away.
pub struct TcpStream {
    // Dropped in this order: what is in flight is cancelled, then the last of them closes.
    recv: RecvHalf,
    send: SendHalf,
}

impl TcpStream {
    /// Takes over a socket of this driver.
    pub(super) fn new(driver: Rc<Driver>, socket: Socket, closer: Closer) -> Self {
        let closer = Rc::new(closer);
        Self {
            recv: RecvHalf::new(Rc::clone(&driver), socket, Rc::clone(&closer)),
            send: SendHalf::new(driver, socket, closer),
        }
    }

    /// Connects to `address` (with io_uring by `IORING_OP_CONNECT`, Linux 5.5). Names are not
    /// looked up: that would block the worker.
    ///
    /// Dropping the future before it is ready ends the attempt; [`crate::timeout`] bounds it, which
    /// the kernel does only after some minutes. A connection of one's own counts for nothing in
    /// [`crate::Config::max_connections`], and has a descriptor of the process even where accepted
    /// ones are direct.
    ///
    /// # Errors
    /// What the kernel says: most often that the peer refuses or cannot be reached, or that the
    /// process may open no more files.
    ///
    /// # Panics
    /// On a thread that is no worker's.
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        connect::connect(context::driver("TcpStream::connect"), address).await
    }

    /// The next bytes that the peer has sent; none when it has ended its side. With
    /// [`crate::Ops::Multishot`] on io_uring the receive stays with the kernel between calls
    /// (Linux 6.0).
    ///
    /// Dropping the future before it is ready loses nothing.
    ///
    /// # Errors
    /// What the kernel says of the connection, or why bytes of [`TcpStream::send_behind`] could not be
    /// sent; [`io::ErrorKind::ConnectionAborted`] once, when the
    /// runtime was asked to stop. The connection is whole then, so that it can be ended in order.
    #[inline]
    pub fn recv(&mut self) -> Recv<'_> {
        Recv::of(&mut self.recv, &mut self.send)
    }

    /// Sends all of `bytes`, however often the kernel takes only a part.
    ///
    /// Dropping the future before it is ready cancels it: an unknown part was sent, so the
    /// connection is good for nothing but being dropped.
    ///
    /// # Errors
    /// The future's: what the kernel says, most often that the peer is gone.
    pub fn send_all<B: StableBytes>(&mut self, bytes: B) -> SendAll<'_, B> {
        self.send.send_all(bytes)
    }

    /// Sends all of `bytes` while the task goes on: ready as soon as the operation is submitted, and
    /// that waits only for those of the call before, if they are still under way. Its task is not woken
    /// when all goes well, which saves a server that receives, answers and receives again one of two
    /// polls of its task a request on io_uring. A vector of up to 64 KiB is kept until the task next runs.
    ///
    /// Bytes of which the kernel has taken a part are sent on while the connection is received from
    /// ([`TcpStream::recv`]), sent on, flushed or shut down. Before it is dropped, [`TcpStream::flush`]
    /// it: dropping it cancels what is under way.
    ///
    /// # Errors
    /// The future's: why bytes of a call before could not be sent. Those of this one are told of by the
    /// next call to any of these, unless they could not be submitted.
    #[inline]
    pub fn send_behind(&mut self, bytes: impl Into<Cow<'static, [u8]>>) -> SendBehind<'_> {
        self.send.send_behind(bytes.into())
    }

    /// Whether all that was sent by [`TcpStream::send_behind`] is known to have been taken by the kernel.
    /// What is under way is looked for when the connection is received from or flushed.
    pub fn is_flushed(&self) -> bool {
        !self.send.is_behind()
    }

    /// Waits until the kernel has taken all that was sent by [`TcpStream::send_behind`].
    ///
    /// # Errors
    /// Why it could not be sent.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.send.flush().await
    }

    /// Ends one side of the connection, or both (with io_uring by `IORING_OP_SHUTDOWN`, Linux
    /// 5.11), once all that was sent by [`TcpStream::send_behind`] was taken.
    ///
    /// # Errors
    /// What the kernel says: most often that the peer is gone. Where bytes could not be sent nothing is
    /// shut down.
    pub async fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.send.shutdown(how).await
    }

    /// Both sides, for two futures of one task. [`RecvHalf::recv`] knows nothing of the other side:
    /// [`TcpStream::flush`] what was sent by [`TcpStream::send_behind`] before.
    pub fn halves(&mut self) -> (&mut RecvHalf, &mut SendHalf) {
        (&mut self.recv, &mut self.send)
    }

    /// Both sides, for two tasks of the worker. The connection closes when both are dropped. As with
    /// [`TcpStream::halves`], flush it before.
    pub fn into_split(self) -> (RecvHalf, SendHalf) {
        (self.recv, self.send)
    }

    pub(super) fn send_half(&mut self) -> &mut SendHalf {
        &mut self.send
    }

    /// Whether what is sent goes out at once, however little it is. An accepted connection has what
    /// its listening socket was set to.
    ///
    /// # Errors
    /// What the kernel says; [`io::ErrorKind::Unsupported`] with a direct descriptor, which system
    /// calls do not know: set it on the listening socket.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        let fd = self.fd()?;
        Ok(setsockopt(&fd, sockopt::TcpNoDelay, &nodelay)?)
    }

    /// The peer's address.
    ///
    /// # Errors
    /// What the kernel says; [`io::ErrorKind::Unsupported`] with a direct descriptor, which system
    /// calls do not know: [`crate::Config::descriptors`] turns them off.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        address(getpeername(self.raw()?)?)
    }

    /// This side's address.
    ///
    /// # Errors
    /// As [`TcpStream::peer_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        address(getsockname(self.raw()?)?)
    }

    fn raw(&self) -> io::Result<RawFd> {
        match self.send.socket() {
            Socket::Fd(fd) => Ok(fd),
            Socket::Direct(_) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a direct descriptor has neither addresses nor options: configure the worker with \
                 `descriptors: Descriptors::Process`, or set options on the listening socket",
            )),
        }
    }

    fn fd(&self) -> io::Result<BorrowedFd<'_>> {
        let raw = self.raw()?;
        // SAFETY: the socket is open for as long as the stream lives, as its halves hold the closer.
        Ok(unsafe { BorrowedFd::borrow_raw(raw) })
    }
}

fn address(storage: SockaddrStorage) -> io::Result<SocketAddr> {
    if let Some(&v4) = storage.as_sockaddr_in() {
        return Ok(SocketAddr::V4(v4.into()));
    }
    let v6 = storage.as_sockaddr_in6().copied();
    v6.map(|v6| SocketAddr::V6(v6.into()))
        .ok_or_else(|| io::Error::other("the socket's address is none of TCP's"))
}
