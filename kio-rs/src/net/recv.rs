//! Receiving.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::ptr::NonNull;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use super::chunk::{Chunk, Received};
use super::closer::Closer;
use super::send::SendHalf;
use super::stopping;
use crate::config::Ops;
use crate::driver::{Driver, Request, Socket};
use crate::op::{Completion, Kind, Polled};
use crate::slab::Key;

/// The side of a [`crate::TcpStream`] that receives. The connection closes when both sides are
/// dropped.
pub struct RecvHalf {
    driver: Rc<Driver>,
    socket: Socket,
    _closer: Rc<Closer>,
    /// The receive operation. It belongs to the connection, not to the future that waits for it,
    /// so that dropping that future loses no bytes.
    receive: Key,
    /// The connection's own buffer: always with one-shot operations, otherwise once the shared
    /// buffers have run out. Boxed bytes, so that they stay where they are.
    own: Option<Box<[u8]>>,
    /// The receive in flight, or the completion that ended it, is one-shot into `own`.
    into_own: bool,
    /// The shared buffers have run out: receive once into `own`, which always makes progress.
    exhausted: bool,
    /// The task has been told that the runtime is stopping.
    told: bool,
}

impl RecvHalf {
    pub(super) fn new(driver: Rc<Driver>, socket: Socket, closer: Rc<Closer>) -> Self {
        let receive = driver.create(Kind::Recv);
        Self {
            driver,
            socket,
            _closer: closer,
            receive,
            own: None,
            into_own: false,
            exhausted: false,
            told: false,
        }
    }

    #[inline]
    pub(super) fn give_back(&self, buffer: u16) {
        if let Some(buffers) = self.driver.buffers() {
            buffers.borrow_mut().give_back(buffer);
        }
    }

    /// As [`crate::TcpStream::recv`], but sends on nothing that was sent behind.
    #[inline]
    pub fn recv(&mut self) -> Recv<'_> {
        Recv {
            half: Some(self),
            send: None,
        }
    }

    #[inline]
    fn poll_recv(&mut self, context: &Context<'_>) -> Poll<io::Result<Received>> {
        loop {
            match self.driver.poll(self.receive, context) {
                Polled::Ready(completion) => {
                    if let Some(received) = self.received(completion).transpose() {
                        return Poll::Ready(received);
                    }
                }
                _ if self.driver.stopping() && !std::mem::replace(&mut self.told, true) => {
                    return Poll::Ready(Err(stopping()));
                }
                Polled::InFlight | Polled::NeedsWaiter => return Poll::Pending,
                Polled::Idle => self.arm()?,
            }
        }
    }

    /// What a completion brought; nothing when the receive is merely to be submitted anew.
    #[inline]
    fn received(&mut self, completion: Completion) -> io::Result<Option<Received>> {
        let length = usize::try_from(completion.result).unwrap_or(0);
        if let Some(buffers) = self.driver.buffers().filter(|_| !self.into_own) {
            let mut buffers = buffers.borrow_mut();
            if let Some(buffer) = buffers.received(completion.flags) {
                if length > 0 {
                    return Ok(Some(Received {
                        bytes: buffers.bytes(buffer, length),
                        buffer: Some(buffer),
                    }));
                }
                buffers.give_back(buffer);
            }
        }
        match (&self.own, -completion.result) {
            (Some(own), ..0) => Ok(Some(Received {
                bytes: NonNull::from(&own[..length]),
                buffer: None,
            })),
            (_, 0) => Ok(Some(Received::END)),
            (_, libc::ENOBUFS) => {
                self.count_exhaustion();
                self.exhausted = true;
                Ok(None)
            }
            // Cancelled because too much had piled up: the peer goes on now. EAGAIN and EINTR: an
            // older kernel gave up waiting.
            (_, libc::ECANCELED | libc::EAGAIN | libc::EINTR) => Ok(None),
            (_, errno) => Err(io::Error::from_raw_os_error(errno)),
        }
    }

    #[cold]
    fn count_exhaustion(&self) {
        let exhausted = &self.driver.counters().buffers_exhausted;
        if exhausted.get() == 0 {
            let buffers = self.driver.config().buffers;
            tracing::warn!(
                buffers,
                "the worker's shared buffers have run out for the first time: connections receive \
                 into buffers of their own meanwhile; more `buffers` avoid it"
            );
        }
        exhausted.add(1);
    }

    fn arm(&mut self) -> io::Result<()> {
        let config = self.driver.config();
        self.into_own = config.ops == Ops::OneShot || std::mem::take(&mut self.exhausted);
        let socket = self.socket;
        let request = if self.into_own {
            let length = config.buffer_bytes;
            let own = self
                .own
                .get_or_insert_with(|| vec![0; length as usize].into());
            Request::RecvInto {
                socket,
                buffer: own.as_mut_ptr(),
                length,
            }
        } else {
            Request::RecvShared { socket }
        };
        // SAFETY: `own` is boxed, not touched while the receive is in flight (a chunk of it borrows
        // this half, and `arm` is reached only by receiving anew), and handed to the operation
        // when this half is dropped before. A shared receive names no memory.
        unsafe { self.driver.submit(self.receive, &request) }
    }
}

/// The future of [`crate::TcpStream::recv`].
pub struct Recv<'a> {
    /// Taken by the chunk.
    half: Option<&'a mut RecvHalf>,
    /// Tended meanwhile, when it is not elsewhere.
    send: Option<&'a mut SendHalf>,
}

impl<'a> Recv<'a> {
    #[inline]
    pub(super) fn of(recv: &'a mut RecvHalf, send: &'a mut SendHalf) -> Self {
        Self {
            half: Some(recv),
            send: Some(send),
        }
    }
}

impl<'a> Future for Recv<'a> {
    type Output = io::Result<Chunk<'a>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        const ENDED: &str = "a future is not polled once it was ready";
        if let Some(send) = &mut self.send {
            send.tend(context)?;
        }
        let half = self.half.as_mut().expect(ENDED);
        let received = ready!(half.poll_recv(context))?;
        let half = self.half.take().expect(ENDED);
        Poll::Ready(Ok(Chunk { half, received }))
    }
}

impl Drop for RecvHalf {
    fn drop(&mut self) {
        let own = self.own.take().map(|own| Box::new(own) as _);
        self.driver
            .orphan(self.receive, Kind::Recv, self.socket, own);
    }
}
