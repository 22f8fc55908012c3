//! One connection.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use hello_http::{Connection, Mode};
use monoio::io::{AsyncReadRent, AsyncWriteRent, AsyncWriteRentExt};
use monoio::net::TcpStream;
use peer_kit::LINGER_BYTES;
use server_kit::Counters;

/// As in monoio's echo example.
const BUFFER_BYTES: usize = 8192;

/// Answers requests until one side closes.
pub async fn serve(mut stream: TcpStream, mode: Mode, counters: Arc<Counters>) {
    if talk(&mut stream, mode, &counters).await.is_err() {
        counters.errors.add(1);
    }
    counters.closes.add(1);
}

async fn talk(stream: &mut TcpStream, mode: Mode, counters: &Counters) -> io::Result<()> {
    let mut http = Connection::new(mode);
    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    loop {
        let received;
        (received, buffer) = stream.read(buffer).await;
        if received? == 0 {
            return Ok(());
        }
        let batch = http.feed(&buffer);
        buffer.clear();
        if !batch.bytes.is_empty() {
            // Counted first: whoever has an answer finds it counted.
            counters.requests.add(u64::from(batch.requests));
            match batch.bytes {
                Cow::Borrowed(bytes) => stream.write_all(bytes).await.0?,
                Cow::Owned(bytes) => stream.write_all(bytes).await.0?,
            };
        }
        if batch.close {
            return close(stream, buffer).await;
        }
    }
}

/// Ends this side and takes what is under way, so that the client gets the last answer.
async fn close(stream: &mut TcpStream, mut buffer: Vec<u8>) -> io::Result<()> {
    stream.shutdown().await?;
    let mut taken = 0;
    while taken < LINGER_BYTES {
        let received;
        buffer.clear();
        (received, buffer) = stream.read(buffer).await;
        match received {
            Ok(count) if count > 0 => taken += count,
            _ => break,
        }
    }
    Ok(())
}
