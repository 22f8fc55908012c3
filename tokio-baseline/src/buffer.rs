//! Where reads go to.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::args::BufferOf;

/// As the published server's.
const BUFFER_BYTES: usize = 8192;

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

    /// Reads once and gives what came to `look`, which is nothing when the other side has ended.
    ///
    /// This is `AsyncReadExt::read` but for the place: Tokio's own reading knows that a read which
    /// leaves room has taken everything, so that it waits without another call. `try_read` does not
    /// know, and makes one in vain for each request.
    #[inline]
    pub(crate) async fn read<T>(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        mut look: impl FnMut(&[u8]) -> T,
    ) -> io::Result<T> {
        poll_fn(|context| {
            self.with(|room| {
                let mut room = ReadBuf::new(room);
                ready!(Pin::new(&mut *stream).poll_read(context, &mut room))?;
                Poll::Ready(Ok(look(room.filled())))
            })
        })
        .await
    }

    #[inline]
    fn with<T>(&mut self, act: impl FnOnce(&mut [u8]) -> T) -> T {
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
                let mut look = |input: &[u8]| (input.as_ptr(), input.to_vec());
                let (place, bytes) = buffer.read(&mut server, &mut look).await.unwrap();
                assert_eq!(bytes, b"hello");
                places.push(place);
                drop(client);
                let (_, rest) = buffer.read(&mut server, &mut look).await.unwrap();
                assert!(rest.is_empty());
            }
            assert_eq!(places[0], places[1]);
            assert_ne!(places[0], places[2]);
        });
    }
}
