//! Connecting.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{IntoRawFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use nix::sys::socket::{
    AddressFamily, SockFlag, SockProtocol, SockType, SockaddrLike, SockaddrStorage, socket,
};

use super::closer::Closer;
use super::send::SendHalf;
use super::stream::TcpStream;
use crate::config::DriverKind;
use crate::driver::{Driver, Request, Socket};

/// Connects to `address`, by a descriptor of the process whatever accepted sockets have.
pub(super) async fn connect(driver: Rc<Driver>, address: SocketAddr) -> io::Result<TcpStream> {
    let fd = unconnected(&driver, address)?.into_raw_fd();
    let socket = Socket::Fd(fd);
    let closer = Closer::made(&driver, socket);
    let mut stream = TcpStream::new(driver, socket, closer);
    let attempt = Attempt {
        half: stream.send_half(),
        fd,
        address: Some(Box::new(address.into())),
    };
    attempt.await?;
    Ok(stream)
}

fn unconnected(driver: &Driver, address: SocketAddr) -> io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    // A ring waits for blocking sockets, and answers EAGAIN for others.
    let flags = match driver.config().driver {
        DriverKind::Uring => SockFlag::SOCK_CLOEXEC,
        DriverKind::Epoll => SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
    };
    driver.counters().kernel_entries.add(1);
    Ok(socket(family, SockType::Stream, flags, SockProtocol::Tcp)?)
}

/// Dropped too early, it leaves the operation to itself, with the address that the kernel may yet
/// read; the socket closes after the last completion.
struct Attempt<'a> {
    half: &'a mut SendHalf,
    fd: RawFd,
    /// Boxed, so that it stays where it is. Taken out by the drop that comes too early.
    address: Option<Box<SockaddrStorage>>,
}

impl Future for Attempt<'_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.half.is_busy() {
                let completion = ready!(this.half.poll(context));
                match -completion.result {
                    // The moment to ask again; or interrupted, which does not end the attempt.
                    libc::EAGAIN | libc::EINTR => {}
                    errno @ 1.. => return Poll::Ready(Err(io::Error::from_raw_os_error(errno))),
                    _ => return Poll::Ready(Ok(())),
                }
            }
            let Some(address) = &this.address else {
                unreachable!("only the drop takes the address")
            };
            let request = Request::Connect {
                fd: this.fd,
                address: &raw const **address,
                length: address.len(),
            };
            // SAFETY: the address is boxed, never changed, and handed to the operation when this
            // is dropped before the completion; forgotten, it leaks.
            unsafe { this.half.submit(&request) }?;
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.half.is_busy() {
            let address = self.address.take().map(|address| address as _);
            self.half.abandon(address);
        }
    }
}
