//! Where reads go to.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};

use server_kit::RECEIVE_BYTES;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use crate::args::BufferOf;

const BUFFER_BYTES: usize = RECEIVE_BYTES as usize;

thread_local! {
    static WORKERS: RefCell<[u8; BUFFER_BYTES]> = const { RefCell::new([0; BUFFER_BYTES]) };
}

/// A connection's buffer, or its use of the worker's.
pub(crate) enum Buffer {
    Own(Box<[u8]>),
    /// Of whichever worker runs the task: nothing is left in it when the task waits.
    Workers,
}

impl Buffer {
    pub(crate) fn new(of: BufferOf) -> Self {
        match of {
            BufferOf::Connection => Self::Own(vec![0; BUFFER_BYTES].into()),
            BufferOf::Worker => Self::Workers,
        }
    }

    /// Reads once and returns how many bytes came: none when the other side has ended. They are in
    /// the buffer until the task waits for something, as nothing else runs on the worker till then.
    ///
    /// By Tokio's own reading, which knows that a read that leaves room has taken everything, so
    /// that it waits without another call. `try_read` does not know, and makes one in vain for each
    /// request.
    #[inline]
    pub(crate) async fn read(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<usize> {
        match self {
            Self::Own(bytes) => stream.read(bytes).await,
            Self::Workers => {
                poll_fn(|context| {
                    WORKERS.with_borrow_mut(|bytes| {
                        let mut room = ReadBuf::new(bytes);
                        ready!(Pin::new(&mut *stream).poll_read(context, &mut room))?;
                        Poll::Ready(Ok(room.filled().len()))
                    })
                })
                .await
            }
        }
    }

    /// Has `act` use the bytes.
    #[inline]
    pub(crate) fn with<T>(&mut self, act: impl FnOnce(&mut [u8]) -> T) -> T {
        match self {
            Self::Own(bytes) => act(bytes),
            Self::Workers => WORKERS.with_borrow_mut(|bytes| act(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn connections_of_a_worker_read_to_one_place() {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut places = Vec::new();
            for of in [BufferOf::Worker, BufferOf::Worker, BufferOf::Connection] {
                let (mut server, mut client) = duplex(10);
                client.write_all(b"hello").await.unwrap();
                let mut buffer = Buffer::new(of);
                assert_eq!(buffer.read(&mut server).await.unwrap(), 5);
                buffer.with(|bytes| {
                    assert_eq!(&bytes[..5], b"hello");
                    places.push(bytes.as_ptr());
                });
                drop(client);
                assert_eq!(buffer.read(&mut server).await.unwrap(), 0);
            }
            assert_eq!(places[0], places[1]);
            assert_ne!(places[0], places[2]);
        });
    }
}
