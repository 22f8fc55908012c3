//! Sending.

use std::any::Any;
use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use super::bytes::StableBytes;
use super::closer::Closer;
use crate::driver::{Driver, Request, Socket};
use crate::op::{Completion, Kind, Polled};
use crate::slab::Key;

/// The side of a [`crate::TcpStream`] that sends. The connection closes when both sides are
/// dropped; until then the peer learns of the end of this one by [`SendHalf::shutdown`] only.
pub struct SendHalf {
    driver: Rc<Driver>,
    socket: Socket,
    closer: Rc<Closer>,
    /// Connects, sends and shuts down, one at a time.
    send: Key,
    /// Something was submitted as `send` by a future that takes its completion, and has not yet.
    sending: bool,
    /// What was submitted as `send` by nobody who waits, unless it is empty.
    behind: Behind,
}

/// Bytes on the heap that may be kept after they were sent, until the connection's task next runs.
const KEPT: usize = 64 << 10;

/// Bytes that are sent while their connection goes on with something else.
#[derive(Default)]
struct Behind {
    bytes: Cow<'static, [u8]>,
    sent: usize,
}

impl Behind {
    #[inline]
    fn rest(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }
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
            behind: Behind::default(),
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

    /// As [`crate::TcpStream::send_behind`].
    #[inline]
    pub(super) fn send_behind(&mut self, bytes: Cow<'static, [u8]>) -> SendBehind<'_> {
        self.renew();
        SendBehind {
            half: self,
            bytes: Some(bytes),
        }
    }

    /// As [`crate::TcpStream::flush`].
    ///
    /// # Errors
    /// As there.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|context| self.poll_flush(context)).await
    }

    /// As [`crate::TcpStream::shutdown`].
    ///
    /// # Errors
    /// As there.
    pub async fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.flush().await?;
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

    /// Whether bytes that were sent behind may be under way.
    #[inline]
    pub(super) fn is_behind(&self) -> bool {
        !self.behind.bytes.is_empty()
    }

    /// Ready when none are.
    fn poll_flush(&mut self, context: &Context<'_>) -> Poll<io::Result<()>> {
        while self.is_behind() {
            match self.driver.poll(self.send, context) {
                Polled::InFlight | Polled::NeedsWaiter => return Poll::Pending,
                polled => self.go_on(polled)?,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Sends on what was sent in part, and sees to it that the task is woken when that is needed
    /// (again); it is not when all goes well.
    ///
    /// # Errors
    /// Why the bytes could not be sent.
    #[inline]
    pub(super) fn tend(&mut self, context: &Context<'_>) -> io::Result<()> {
        while self.is_behind() {
            match self.driver.poll_unheard(self.send, context) {
                Polled::InFlight | Polled::NeedsWaiter => break,
                polled => self.go_on(polled)?,
            }
        }
        Ok(())
    }

    /// What becomes of the bytes that are sent behind after a send of them.
    #[inline]
    fn go_on(&mut self, polled: Polled) -> io::Result<()> {
        match polled {
            // It ended as expected, which counts as a completion taken: a task that sends and sends
            // holds up no others.
            Polled::Idle => {
                self.driver.current().took();
                self.behind = Behind::default();
            }
            Polled::Ready(completion) => self.went(completion)?,
            Polled::InFlight | Polled::NeedsWaiter => {}
        }
        Ok(())
    }

    #[cold]
    fn went(&mut self, completion: Completion) -> io::Result<()> {
        match progress(completion) {
            Ok(sent) => self.behind.sent += sent,
            Err(error) => {
                self.behind = Behind::default();
                return Err(error);
            }
        }
        if self.behind.rest().is_empty() {
            self.behind = Behind::default();
            return Ok(());
        }
        self.submit_behind()
    }

    #[inline]
    fn submit_behind(&mut self) -> io::Result<()> {
        let rest = self.behind.rest();
        // What does not fit ends in a completion that is not the expected one.
        let length = i32::try_from(rest.len()).unwrap_or(i32::MAX);
        // So that much memory is given back when it was sent, and not when something is received.
        let is_much = rest.len() > KEPT && matches!(self.behind.bytes, Cow::Owned(_));
        let expected = if is_much { 0 } else { length };
        let request = Request::Send {
            socket: self.socket,
            bytes: rest.as_ptr(),
            length: length.unsigned_abs(),
        };
        // SAFETY: static bytes or a vector's, which stay where they are and unchanged until
        // `behind` is replaced. That is done when the operation is known to have ended; a half that
        // goes away before leaves them to the operation.
        let submitted = unsafe { self.driver.submit_unheard(self.send, &request, expected) };
        if submitted.is_err() {
            self.behind = Behind::default();
        }
        submitted
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

    fn orphan(&mut self, memory: Option<Box<dyn Any>>) {
        let busy = self.sending || self.is_behind();
        let behind = std::mem::take(&mut self.behind).bytes;
        let kept = busy.then(|| Box::new((memory, behind, Rc::clone(&self.closer))) as _);
        self.driver.orphan(self.send, Kind::Send, self.socket, kept);
    }
}

impl Drop for SendHalf {
    fn drop(&mut self) {
        self.orphan(None);
    }
}

/// How many bytes a send has sent.
fn progress(completion: Completion) -> io::Result<usize> {
    match completion.result {
        sent @ 1.. => Ok(sent.unsigned_abs() as usize),
        0 => Err(io::ErrorKind::WriteZero.into()),
        // An older kernel gave up waiting for room.
        error if [-libc::EAGAIN, -libc::EINTR].contains(&error) => Ok(0),
        error => Err(io::Error::from_raw_os_error(-error)),
    }
}

/// The future of [`crate::TcpStream::send_behind`].
pub struct SendBehind<'a> {
    half: &'a mut SendHalf,
    /// Taken when they are submitted.
    bytes: Option<Cow<'static, [u8]>>,
}

impl Future for SendBehind<'_> {
    type Output = io::Result<()>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.half.is_behind() {
            ready!(self.half.poll_flush(context))?;
        }
        let bytes = self.bytes.take().unwrap_or_default();
        if bytes.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.half.behind = Behind { bytes, sent: 0 };
        Poll::Ready(self.half.submit_behind())
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
        if this.half.is_behind() {
            ready!(this.half.poll_flush(context))?;
        }
        loop {
            if this.half.sending {
                this.sent += progress(ready!(this.half.poll(context)))?;
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
