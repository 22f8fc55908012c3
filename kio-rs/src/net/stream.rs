//! A connection.

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
use crate::once::Once;
use crate::op::{Completion, Kind, Polled};
use crate::slab::Key;

/// A TCP connection of this worker. Dropping it closes it.
pub struct TcpStream {
    driver: Rc<Driver>,
    socket: Socket,
    /// The receive operation. It belongs to the connection, not to the future that waits for it,
    /// so that dropping that future loses no bytes.
    receive: Key,
    pub(super) send: Key,
    /// The connection's own buffer: always with one-shot operations, otherwise once the shared
    /// buffers have run out. Boxed bytes, so that they stay where they are.
    own: Option<Box<[u8]>>,
    /// The receive in flight, or the completion that ended it, is one-shot into `own`.
    into_own: bool,
    /// The shared buffers have run out: receive once into `own`, which always makes progress.
    exhausted: bool,
}

impl TcpStream {
    /// Takes over a connected socket that this driver has accepted.
    pub(super) fn new(driver: Rc<Driver>, socket: Socket) -> Self {
        let receive = driver.create(Kind::Recv);
        let send = driver.create(Kind::Send);
        driver.counters().accepts.add(1);
        Self {
            driver,
            socket,
            receive,
            send,
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
    /// What the kernel says of the connection; [`io::ErrorKind::ConnectionAborted`] once the
    /// runtime was asked to stop and everything that had arrived was taken.
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
                _ if self.driver.stopping() => return Poll::Ready(Err(stopping())),
                Polled::InFlight => return Poll::Pending,
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
    pub async fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let request = Request::Shutdown {
            socket: self.socket,
            how,
        };
        // SAFETY: the request points to no memory.
        unsafe { Once::submit(Rc::clone(&self.driver), self.socket, &request) }
            .await
            .map(drop)
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        let own = self.own.take().map(|own| Box::new(own) as _);
        self.driver
            .orphan(self.receive, Kind::Recv, self.socket, own);
        self.driver.orphan(self.send, Kind::Send, self.socket, None);
        // After the cancellations, in the order of submission: the kernel would otherwise keep the
        // socket open for the operations that hold it.
        self.driver.close(self.socket);
        self.driver.counters().closes.add(1);
    }
}
