//! One connection.

use std::borrow::Cow;
use std::io;
use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use compio::io::{AsyncReadMulti, AsyncWrite, AsyncWriteExt};
use compio::net::TcpStream;
use compio::time::sleep;
use futures_util::{Stream, StreamExt};
use hello_http::{Connection, Mode};
use peer_kit::LINGER_BYTES;
use server_kit::Counters;

/// Answers requests until one side closes.
pub async fn serve(stream: TcpStream, mode: Mode, counters: Arc<Counters>) {
    if talk(&stream, mode, &counters).await.is_err() {
        counters.errors.add(1);
    }
    counters.closes.add(1);
}

async fn talk(stream: &TcpStream, mode: Mode, counters: &Counters) -> io::Result<()> {
    let (mut reader, mut writer) = (stream, stream);
    let mut http = Connection::new(mode);
    loop {
        let mut exhausted = false;
        let mut received = pin!(reader.read_multi(0));
        while let Some(bytes) = received.next().await {
            // In a scope of its own, so that the buffer is given back before the answer is sent.
            let batch = match bytes {
                Ok(bytes) => http.feed(&bytes),
                Err(error) if is_exhausted(&error) => {
                    exhausted = true;
                    break;
                }
                Err(error) => return Err(error),
            };
            if !batch.bytes.is_empty() {
                // Counted first: whoever has an answer finds it counted.
                counters.requests.add(u64::from(batch.requests));
                match batch.bytes {
                    Cow::Borrowed(bytes) => writer.write_all(bytes).await.0?,
                    Cow::Owned(bytes) => writer.write_all(bytes).await.0?,
                }
            }
            if batch.close {
                writer.shutdown().await?;
                drain(received).await;
                return Ok(());
            }
        }
        if !exhausted {
            return Ok(());
        }
        // The receive has ended with its error. Others give buffers back within a turn of the loop.
        counters.buffers_exhausted.add(1);
        sleep(BACK_OFF).await;
    }
}

/// Wait after a receive that found no buffer.
const BACK_OFF: Duration = Duration::from_micros(100);

/// No buffer was free: one is after a while, since none is kept. compio's driver has this error of its
/// own for it, also where the kernel said ENOBUFS; the kernel's EBUSY is another thing.
fn is_exhausted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ResourceBusy && error.raw_os_error().is_none()
}

/// Takes what is under way, so that the client gets the last answer.
async fn drain<B: Deref<Target = [u8]>>(mut received: impl Stream<Item = io::Result<B>> + Unpin) {
    let mut taken = 0;
    while taken < LINGER_BYTES {
        match received.next().await {
            Some(Ok(bytes)) => taken += bytes.len(),
            Some(Err(error)) if is_exhausted(&error) => {}
            _ => break,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_own_busy_is_not_taken_for_an_empty_pool() {
        const EBUSY: i32 = 16;
        assert!(is_exhausted(&io::Error::new(
            io::ErrorKind::ResourceBusy,
            "no buffer"
        )));
        assert!(!is_exhausted(&io::Error::from_raw_os_error(EBUSY)));
        assert!(!is_exhausted(&io::ErrorKind::ConnectionReset.into()));
    }
}
