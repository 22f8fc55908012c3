//! One connection, from its first byte to its close.

use std::borrow::Cow;
use std::io;
use std::net::Shutdown;
use std::time::Duration;

use hello_http::{Connection, Mode};
use kio_rs::{TcpStream, is_stopping, timeout};
use server_kit::Counters;

/// How answers are made.
#[derive(Clone, Copy, Debug)]
pub struct Answering {
    pub mode: Mode,
    /// Copy every answer to the heap first.
    pub heap: bool,
}

/// Answers until either side closes.
pub async fn serve(
    mut stream: TcpStream,
    answering: Answering,
    counters: &Counters,
) -> io::Result<()> {
    let mut http = Connection::new(answering.mode);
    loop {
        // Looked at inside the `map`, so that the buffer is given back before the answer is sent.
        let received = stream.recv().await;
        let batch = match received.map(|bytes| (!bytes.is_empty()).then(|| http.feed(&bytes))) {
            Ok(Some(batch)) => batch,
            Ok(None) => return Ok(()),
            // What was answered arrives, and the peer learns that no more will be.
            Err(_) if is_stopping() => return close(stream).await,
            Err(error) => return Err(error),
        };
        if !batch.bytes.is_empty() {
            let bytes = if answering.heap {
                Cow::Owned(batch.bytes.to_vec())
            } else {
                batch.bytes
            };
            // Counted first: whoever has an answer finds it counted.
            counters.requests.add(u64::from(batch.requests));
            stream.send_all(bytes).await?;
        }
        if batch.close {
            return close(stream).await;
        }
    }
}

/// What is taken from a peer, and how long is waited for it, after the last answer.
const LINGER_BYTES: usize = 1 << 20;
const LINGER_TIME: Duration = Duration::from_secs(1);

/// Ends this side and takes what is under way. Closing at once would make the kernel answer it
/// with a reset, which can cost the peer the answer it has not read yet (RFC 9112, section 9.6).
async fn close(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write).await?;
    let drain = async {
        let mut taken = 0;
        while taken < LINGER_BYTES {
            match stream.recv().await {
                Ok(received) if !received.is_empty() => taken += received.len(),
                // The answer is out; how the peer leaves does not matter.
                _ => break,
            }
        }
    };
    // A peer that stays is left.
    _ = timeout(LINGER_TIME, drain).await;
    Ok(())
}
