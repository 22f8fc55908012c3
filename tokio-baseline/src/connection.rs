//! One connection.

use std::io;
use std::time::Duration;

use hello_http::{Connection, Mode};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::args::BufferOf;
use crate::buffer::Buffer;
use crate::stopping::Unfinished;
use crate::worker;

/// How much is read, and for how long, after the last answer.
const LINGER_BYTES: usize = 1 << 20;
const LINGER: Duration = Duration::from_secs(1);

/// What an arm's flags say about its connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handling {
    pub(crate) mode: Mode,
    pub(crate) buffer: BufferOf,
}

/// Answers requests until one side closes.
pub(crate) async fn serve(mut stream: TcpStream, handling: Handling) {
    let _open = Open;
    if talk(&mut stream, handling).await.is_err() {
        worker::count(|counters| counters.errors.add(1));
    }
}

/// Counts the close wherever the connection's task ends, be it by the end of its runtime.
struct Open;

impl Drop for Open {
    fn drop(&mut self) {
        worker::count(|counters| counters.closes.add(1));
    }
}

async fn talk(stream: &mut TcpStream, handling: Handling) -> io::Result<()> {
    let mut buffer = Buffer::new(handling.buffer);
    let mut connection = Connection::new(handling.mode);
    loop {
        let count = buffer.read(stream).await?;
        if count == 0 {
            return Ok(());
        }
        let batch = buffer.with(|input| connection.feed(&input[..count]));
        if !batch.bytes.is_empty() {
            // Counted first: whoever has an answer finds it counted.
            worker::count(|counters| counters.requests.add(u64::from(batch.requests)));
            let written = match stream.try_write(&batch.bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                result => result?,
            };
            if written < batch.bytes.len() {
                finish(stream, &batch.bytes[written..]).await?;
            }
        }
        if batch.close {
            return close(stream, &mut buffer).await;
        }
    }
}

/// Writes what the client holds up, which is waited for when the server stops.
async fn finish(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    let _unfinished = Unfinished::begin();
    stream.write_all(bytes).await
}

/// Closes so that the client gets the last answer. What it still sends is read for a while: input
/// left unread when a socket closes makes the kernel send a reset, which may overtake the answer.
async fn close(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    buffer: &mut Buffer,
) -> io::Result<()> {
    let _unfinished = Unfinished::begin();
    stream.shutdown().await?;
    let drain = async {
        let mut left = LINGER_BYTES;
        while left > 0 {
            match buffer.read(stream).await {
                Ok(count) if count > 0 => left = left.saturating_sub(count),
                _ => break,
            }
        }
    };
    // A client that does not close in time loses its claim to a clean end.
    let _ = timeout(LINGER, drain).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};
    use tokio::runtime::Builder;
    use tokio::task::yield_now;

    use super::*;
    use crate::stopping::unfinished;

    /// One test, since all connections of a process share one count.
    #[test]
    fn what_a_client_holds_up_is_known_until_it_is_done() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut server, mut client) = duplex(10);
            let writing = tokio::spawn(async move {
                finish(&mut server, &[b'x'; 25]).await.unwrap();
                server
            });
            yield_now().await;
            assert_eq!(unfinished(), 1);
            client.read_exact(&mut [0; 25]).await.unwrap();
            let mut server = writing.await.unwrap();
            assert_eq!(unfinished(), 0);

            let closing = tokio::spawn(async move {
                let mut buffer = Buffer::new(BufferOf::Connection);
                close(&mut server, &mut buffer).await
            });
            assert_eq!(
                client.read(&mut [0]).await.unwrap(),
                0,
                "the server has finished"
            );
            assert_eq!(unfinished(), 1);
            client
                .write_all(&[b'x'; 1000])
                .await
                .expect("the server still reads");
            drop(client);
            closing.await.unwrap().unwrap();
            assert_eq!(unfinished(), 0);
        });
    }
}
