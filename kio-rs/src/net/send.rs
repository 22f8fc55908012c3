//! Sending.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::bytes::StableBytes;
use super::stream::TcpStream;
use crate::driver::Request;

/// The future of [`TcpStream::send_all`].
pub struct SendAll<'a, B: StableBytes> {
    stream: &'a mut TcpStream,
    /// Taken out by the drop that comes too early.
    bytes: Option<B>,
    sent: usize,
}

impl<'a, B: StableBytes> SendAll<'a, B> {
    pub(super) fn new(stream: &'a mut TcpStream, bytes: B) -> Self {
        stream.renew_send();
        Self {
            stream,
            bytes: Some(bytes),
            sent: 0,
        }
    }

    fn submit(&self, rest: &[u8]) -> io::Result<()> {
        let request = Request::Send {
            socket: self.stream.socket(),
            bytes: rest.as_ptr(),
            length: u32::try_from(rest.len()).unwrap_or(u32::MAX),
        };
        // SAFETY: stable bytes stay valid and where they are while this future owns them; its drop
        // hands them to the operation when that is still in flight. A future that is forgotten
        // leaks them, and the next send takes another operation.
        unsafe { self.stream.driver().submit(self.stream.send, &request) }
    }
}

impl<B: StableBytes> Future for SendAll<'_, B> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.stream.sending {
                let completion = ready!(
                    self.stream
                        .driver()
                        .poll_submitted(self.stream.send, context)
                );
                self.stream.sending = false;
                match completion.result {
                    sent @ 1.. => self.sent += sent.unsigned_abs() as usize,
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    // An older kernel gave up waiting for room.
                    error if [-libc::EAGAIN, -libc::EINTR].contains(&error) => {}
                    error => return Poll::Ready(Err(io::Error::from_raw_os_error(-error))),
                }
            }
            let rest = self
                .bytes
                .as_ref()
                .map_or(&[][..], |bytes| &bytes.bytes()[self.sent..]);
            if rest.is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.submit(rest)?;
            self.stream.sending = true;
        }
    }
}

impl<B: StableBytes> Drop for SendAll<'_, B> {
    #[inline]
    fn drop(&mut self) {
        if self.stream.sending {
            let bytes = self.bytes.take().map(|bytes| Box::new(bytes) as _);
            self.stream.abandon_send(bytes);
        }
    }
}
