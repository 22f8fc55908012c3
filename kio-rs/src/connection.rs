//! One connection, from its first byte to its close.

use std::borrow::Cow;
use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use hello_http::{Connection, Mode};
use kio_rs::{Counters, Deadline, TcpStream, is_stopping, timeout};

/// How answers are made.
#[derive(Clone, Copy, Debug)]
pub struct Answering {
    pub mode: Mode,
    /// Copy every answer to the heap first.
    pub heap: bool,
}

/// How long a peer may take, by the ticks of a deadline.
pub struct Patience {
    pub deadline: Deadline,
    /// For a byte of the next request, or of a part that has no time of its own; 0 for any time.
    pub idle: u32,
    /// For a head, from its first byte; 0 for none of its own.
    pub head: u32,
    /// For a body, from the end of its head; 0 for none of its own.
    pub body: u32,
}

impl Patience {
    /// Renews what the peer has, as far as it has a claim to it: bytes of the same head, or of the
    /// same body, do not renew the time for that.
    #[inline]
    fn renew(&self, waits: &mut Waits, http: &Connection, answered: bool) {
        let (next, ticks) = if http.head_begun() && self.head > 0 {
            (Waits::Head, self.head)
        } else if http.body_begun() && self.body > 0 {
            (Waits::Body, self.body)
        } else {
            (Waits::Anything, self.idle)
        };
        if next == Waits::Anything || *waits != next || answered {
            self.deadline.set(if ticks == 0 { u32::MAX } else { ticks });
        }
        *waits = next;
    }
}

/// What of the peer's is being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    Anything,
    /// The rest of a head.
    Head,
    /// The rest of a body.
    Body,
}

/// Answers until either side closes, or the peer takes too long; counts what goes wrong.
///
/// There is one such future a connection, so that its size is most of what an idle one costs. Hence
/// a block in place of an `async fn`, which would keep its arguments twice, and the box below.
pub fn serve(
    mut stream: TcpStream,
    answering: Answering,
    patience: Option<Patience>,
    counters: Arc<Counters>,
) -> impl Future<Output = ()> {
    let mut http = Connection::new(answering.mode);
    async move {
        let ended = answer(
            &mut stream,
            &mut http,
            answering,
            patience.as_ref(),
            &counters,
        )
        .await;
        let ended = match ended {
            // Rare, and large.
            Ok(Ended::ByUs) => Box::pin(close(stream)).await,
            // The peer may have ended its own side only.
            Ok(Ended::ByPeer) => stream.flush().await,
            Err(error) => Err(error),
        };
        if ended.is_err() && !is_stopping() {
            counters.errors.add(1);
        }
    }
}

/// Who has ended a connection in order.
enum Ended {
    /// The peer has, or it has left.
    ByPeer,
    /// This side has sent its last answer.
    ByUs,
}

async fn answer(
    stream: &mut TcpStream,
    http: &mut Connection,
    answering: Answering,
    patience: Option<&Patience>,
    counters: &Counters,
) -> io::Result<Ended> {
    let mut waits = Waits::Anything;
    let mut answered = true;
    loop {
        if let Some(patience) = patience {
            patience.renew(&mut waits, http, answered);
        }
        // The buffer is given back at the end of the block, before the answer is sent.
        let batch = {
            let received = match patience {
                None => Some(stream.recv().await),
                Some(patience) => patience.deadline.limit(stream.recv()).await.ok(),
            };
            match &received {
                None => None,
                Some(Ok(bytes)) if bytes.is_empty() => return Ok(Ended::ByPeer),
                Some(Ok(bytes)) => Some(http.feed(bytes)),
                // What was answered arrives, and the peer learns that no more will be.
                Some(Err(_)) if is_stopping() => return Ok(Ended::ByUs),
                Some(Err(error)) => return Err(error.kind().into()),
            }
        };
        let Some(batch) = batch else {
            if stream.is_flushed() {
                tracing::debug!(?waits, "a peer took too long");
                return match waits {
                    Waits::Anything => Ok(Ended::ByUs),
                    Waits::Head | Waits::Body => Err(io::ErrorKind::TimedOut.into()),
                };
            }
            // It still takes its answer, which may take any time; what it has begins thereafter.
            stream.flush().await?;
            answered = true;
            continue;
        };
        answered = !batch.bytes.is_empty();
        if answered {
            let bytes = if answering.heap {
                Cow::Owned(batch.bytes.to_vec())
            } else {
                batch.bytes
            };
            // Counted first: whoever has an answer finds it counted.
            counters.requests.add(u64::from(batch.requests));
            stream.send_behind(bytes).await?;
        }
        if batch.close {
            return Ok(Ended::ByUs);
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
