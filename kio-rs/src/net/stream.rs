//! A connection.

use std::any::Any;
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::bytes::StableBytes;
use super::chunk::{Chunk, Place};
use super::send::SendAll;
use super::stopping;
use crate::config::{DriverKind, Ops};
use crate::driver::{Driver, Request, Socket};
use crate::op::{Completion, Kind, Polled};
use crate::slab::Key;

/// A TCP connection of this worker. Dropping it closes it.
pub struct TcpStream {
    driver: Rc<Driver>,
    socket: Socket,
    closer: Rc<Closer>,
    /// The receive operation. It belongs to the connection, not to the future that waits for it,
    /// so that dropping that future loses no bytes.
    receive: Key,
    /// Sends and shuts down, one at a time.
    pub(super) send: Key,
    /// Something was submitted as `send`, and its completion not taken yet.
    pub(super) sending: bool,
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

impl TcpStream {
    /// Takes over a connected socket that this driver has accepted.
    pub(super) fn new(driver: Rc<Driver>, socket: Socket) -> Self {
        let receive = driver.create(Kind::Recv);
        let send = driver.create(Kind::Send);
        driver.counters().accepts.add(1);
        let closer = Rc::new(Closer {
            driver: Rc::clone(&driver),
            socket,
        });
        Self {
            driver,
            socket,
            closer,
            receive,
            send,
            sending: false,
            told: false,
            own: None,
            into_own: false,
            exhausted: false,
        }
    }

    pub(super) fn driver(&self) -> &Rc<Driver> {
        &self.driver
    }

    pub(super) fn socket(&self) -> Socket {
        self.socket
    }

    pub(super) fn own(&self, length: usize) -> &[u8] {
        self.own.as_ref().map_or(&[], |own| &own[..length])
    }

    pub(super) fn give_back(&self, buffer: u16) {
        if let Some(buffers) = self.driver.buffers() {
            buffers.borrow_mut().give_back(buffer);
        }
    }

    /// The next bytes that the peer has sent; none when it has ended its side.
    ///
    /// Dropping the future before it is ready loses nothing.
    ///
    /// # Errors
    /// What the kernel says of the connection; [`io::ErrorKind::ConnectionAborted`] once, when the
    /// runtime was asked to stop. The connection is whole then, so that it can be ended in order.
    pub async fn recv(&mut self) -> io::Result<Chunk<'_>> {
        let place = poll_fn(|context| self.poll_recv(context)).await?;
        Ok(Chunk {
            stream: self,
            place,
        })
    }

    fn poll_recv(&mut self, context: &Context<'_>) -> Poll<io::Result<Place>> {
        loop {
            match self.driver.poll(self.receive, context) {
                Polled::Ready(completion) => {
                    if let Some(place) = self.place(completion).transpose() {
                        return Poll::Ready(place);
                    }
                }
                _ if self.driver.stopping() && !std::mem::replace(&mut self.told, true) => {
                    return Poll::Ready(Err(stopping()));
                }
                Polled::InFlight | Polled::NeedsWaker => return Poll::Pending,
                Polled::Idle => self.arm()?,
            }
        }
    }

    /// What a completion brought; nothing when the receive is merely to be submitted anew.
    fn place(&mut self, completion: Completion) -> io::Result<Option<Place>> {
        let shared = self.driver.buffers().filter(|_| !self.into_own);
        let buffer = shared.and_then(|buffers| buffers.borrow_mut().received(completion.flags));
        match (completion.result, buffer, shared) {
            (length @ 1.., Some(buffer), Some(buffers)) => {
                let bytes = buffers
                    .borrow()
                    .bytes(buffer, length.unsigned_abs() as usize);
                Ok(Some(Place::Shared { buffer, bytes }))
            }
            (length @ 1.., _, _) => Ok(Some(Place::Own {
                length: length.unsigned_abs() as usize,
            })),
            (result, buffer, _) => {
                if let Some(buffer) = buffer {
                    self.give_back(buffer);
                }
                match -result {
                    0 => Ok(Some(Place::End)),
                    libc::ENOBUFS => {
                        self.driver.counters().buffers_exhausted.add(1);
                        self.exhausted = true;
                        Ok(None)
                    }
                    // Cancelled because too much had piled up: the peer goes on now. EAGAIN and
                    // EINTR: an older kernel gave up waiting.
                    libc::ECANCELED | libc::EAGAIN | libc::EINTR => Ok(None),
                    errno => Err(io::Error::from_raw_os_error(errno)),
                }
            }
        }
    }

    fn arm(&mut self) -> io::Result<()> {
        let config = self.driver.config();
        let own_always = config.driver == DriverKind::Uring && config.ops == Ops::OneShot;
        self.into_own = own_always || std::mem::take(&mut self.exhausted);
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
        // the connection, and `arm` is reached only by receiving anew), and handed to the operation
        // when the connection is dropped before. A shared receive names no memory.
        unsafe { self.driver.submit(self.receive, &request) }
    }

    /// Sends all of `bytes`, however often the kernel takes only a part.
    ///
    /// Dropping the future before it is ready cancels it: an unknown part was sent, so the
    /// connection is good for nothing but being dropped.
    pub fn send_all<B: StableBytes>(&mut self, bytes: B) -> SendAll<'_, B> {
        SendAll::new(self, bytes)
    }

    /// Ends one side of the connection, or both.
    ///
    /// # Errors
    /// What the kernel says: most often that the peer is gone.
    pub async fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.renew_send();
        let request = Request::Shutdown {
            socket: self.socket,
            how,
        };
        // SAFETY: the request points to no memory.
        unsafe { self.driver.submit(self.send, &request) }?;
        self.sending = true;
        let completion = poll_fn(|context| self.driver.poll_submitted(self.send, context)).await;
        self.sending = false;
        match completion.result {
            error @ ..0 => Err(io::Error::from_raw_os_error(-error)),
            _ => Ok(()),
        }
    }

    /// Leaves a send or shutdown that its future has abandoned to itself, so that its completion is
    /// not taken for that of the next.
    pub(super) fn renew_send(&mut self) {
        if self.sending {
            self.abandon_send(None);
        }
    }

    /// Leaves the send operation to itself and makes another.
    pub(super) fn abandon_send(&mut self, bytes: Option<Box<dyn Any>>) {
        self.orphan_send(bytes);
        self.send = self.driver.create(Kind::Send);
        self.sending = false;
    }

    /// Leaves the send operation to itself, with what it must not outlive.
    fn orphan_send(&self, bytes: Option<Box<dyn Any>>) {
        let kept = self
            .sending
            .then(|| Box::new((bytes, Rc::clone(&self.closer))) as _);
        self.driver.orphan(self.send, Kind::Send, self.socket, kept);
    }
}

/// Closes a socket when it is dropped: by its connection, or by the last of the operations that the
/// connection left behind. The kernel may yet have to begin one of those (a shutdown, which it
/// leaves to a thread of its own), and would find another socket under the same number.
struct Closer {
    driver: Rc<Driver>,
    socket: Socket,
}

impl Drop for Closer {
    fn drop(&mut self) {
        self.driver.close(self.socket);
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        let own = self.own.take().map(|own| Box::new(own) as _);
        self.driver
            .orphan(self.receive, Kind::Recv, self.socket, own);
        self.orphan_send(None);
        self.driver.counters().closes.add(1);
    }
}
