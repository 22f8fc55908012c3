//! Sending.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use super::bytes::StableBytes;
use super::closer::Closer;
use crate::driver::{Driver, Request, Socket};
use crate::op::{Completion, Kind};
use crate::slab::Key;

/// The side of a [`crate::TcpStream`] that sends. The connection closes when both sides are
/// dropped; until then the peer learns of the end of this one by [`SendHalf::shutdown`] only.
pub struct SendHalf {
    driver: Rc<Driver>,
    socket: Socket,
    closer: Rc<Closer>,
    /// Connects, sends and shuts down, one at a time.
    send: Key,
    /// Something was submitted as `send`, and its completion not taken yet.
    sending: bool,
}

impl SendHalf {
    pub(super) fn new(driver: Rc<Driver>, socket: Socket, closer: Rc<Closer>) -> Self {
        let send = driver.create(Kind::Send);
        Self {
            driver,
            socket,
            closer,
            send,
            sending: false,
        }
    }

    pub(super) fn socket(&self) -> Socket {
        self.socket
    }

    /// As [`crate::TcpStream::send_all`].
    pub fn send_all<B: StableBytes>(&mut self, bytes: B) -> SendAll<'_, B> {
        self.renew();
        SendAll {
            half: self,
            bytes: Some(bytes),
            sent: 0,
        }
    }

    /// As [`crate::TcpStream::shutdown`].
    ///
    /// # Errors
    /// As there.
    pub async fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.renew();
        let request = Request::Shutdown {
            socket: self.socket,
            how,
        };
        // SAFETY: the request points to no memory.
        unsafe { self.submit(&request) }?;
        let completion = poll_fn(|context| self.poll(context)).await;
        match completion.result {
            error @ ..0 => Err(io::Error::from_raw_os_error(-error)),
            _ => Ok(()),
        }
    }

    /// # Safety
    /// What the request points to is valid until its completion was taken, or was given to
    /// [`SendHalf::abandon`], or is leaked.
    pub(super) unsafe fn submit(&mut self, request: &Request) -> io::Result<()> {
        // SAFETY: passed on to the caller; a half that goes away leaves the operation to itself
        // with what it was given.
        unsafe { self.driver.submit(self.send, request) }?;
        self.sending = true;
        Ok(())
    }

    /// The completion of what was submitted.
    pub(super) fn poll(&mut self, context: &Context<'_>) -> Poll<Completion> {
        let completion = ready!(self.driver.poll_submitted(self.send, context));
        self.sending = false;
        Poll::Ready(completion)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.sending
    }

    /// Leaves a send or shutdown that its future has abandoned to itself, so that its completion is
    /// not taken for that of the next.
    fn renew(&mut self) {
        if self.sending {
            self.abandon(None);
        }
    }

    /// Leaves the operation to itself, with what it must not outlive, and makes another.
    pub(super) fn abandon(&mut self, memory: Option<Box<dyn Any>>) {
        self.orphan(memory);
        self.send = self.driver.create(Kind::Send);
        self.sending = false;
    }

    fn orphan(&self, memory: Option<Box<dyn Any>>) {
        let kept = self
            .sending
            .then(|| Box::new((memory, Rc::clone(&self.closer))) as _);
        self.driver.orphan(self.send, Kind::Send, self.socket, kept);
    }
}

impl Drop for SendHalf {
    fn drop(&mut self) {
        self.orphan(None);
    }
}

/// The future of [`crate::TcpStream::send_all`].
pub struct SendAll<'a, B: StableBytes> {
    half: &'a mut SendHalf,
    /// Taken out by the drop that comes too early.
    bytes: Option<B>,
    sent: usize,
}

impl<B: StableBytes> Future for SendAll<'_, B> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.half.sending {
                let completion = ready!(this.half.poll(context));
                match completion.result {
                    sent @ 1.. => this.sent += sent.unsigned_abs() as usize,
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    // An older kernel gave up waiting for room.
                    error if [-libc::EAGAIN, -libc::EINTR].contains(&error) => {}
                    error => return Poll::Ready(Err(io::Error::from_raw_os_error(-error))),
                }
            }
            let rest = this
                .bytes
                .as_ref()
                .map_or(&[][..], |bytes| &bytes.bytes()[this.sent..]);
            if rest.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let request = Request::Send {
                socket: this.half.socket,
                bytes: rest.as_ptr(),
                length: u32::try_from(rest.len()).unwrap_or(u32::MAX),
            };
            // SAFETY: stable bytes stay valid and where they are while this future owns them; its
            // drop hands them to the operation when that is still in flight. A future that is
            // forgotten leaks them, and the next send takes another operation.
            unsafe { this.half.submit(&request) }?;
        }
    }
}

impl<B: StableBytes> Drop for SendAll<'_, B> {
    #[inline]
    fn drop(&mut self) {
        if self.half.sending {
            let bytes = self.bytes.take().map(|bytes| Box::new(bytes) as _);
            self.half.abandon(bytes);
        }
    }
}
