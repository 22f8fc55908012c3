//! One connection.

use std::io;
use std::net::Shutdown;
use std::sync::Arc;

use futures_lite::{AsyncBufReadExt, AsyncWriteExt};
use glommio::net::{Preallocated, TcpStream};
use hello_http::{Connection, Mode};
use peer_kit::LINGER_BYTES;
use server_kit::Counters;

type Stream = TcpStream<Preallocated>;

/// Answers requests until one side closes.
pub async fn serve(mut stream: Stream, mode: Mode, counters: Arc<Counters>) {
    if talk(&mut stream, mode, &counters).await.is_err() {
        counters.errors.add(1);
    }
    counters.closes.add(1);
}

async fn talk(stream: &mut Stream, mode: Mode, counters: &Counters) -> io::Result<()> {
    let mut http = Connection::new(mode);
    loop {
        let received = stream.fill_buf().await?;
        let count = received.len();
        if count == 0 {
            return Ok(());
        }
        let batch = http.feed(received);
        stream.consume(count);
        if !batch.bytes.is_empty() {
            // Counted first: whoever has an answer finds it counted.
            counters.requests.add(u64::from(batch.requests));
            stream.write_all(&batch.bytes).await?;
        }
        if batch.close {
            return close(stream).await;
        }
    }
}

/// Ends this side and takes what is under way, so that the client gets the last answer.
async fn close(stream: &mut Stream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write).await?;
    let mut taken = 0;
    while taken < LINGER_BYTES {
        match stream.fill_buf().await {
            Ok(received) if !received.is_empty() => {
                let count = received.len();
                stream.consume(count);
                taken += count;
            }
            _ => break,
        }
    }
    Ok(())
}
