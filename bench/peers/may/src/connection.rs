//! One connection.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

use hello_http::{Connection, Mode};
use may::io::WaitIo;
use may::net::TcpStream;
use peer_kit::LINGER_BYTES;
use server_kit::Counters;

/// As for the other peers.
const BUFFER_BYTES: usize = 8192;

/// Answers requests until one side closes.
pub fn serve(mut stream: TcpStream, mode: Mode, counters: &Counters) {
    // The worker of the counters is the only one that counts here, as long as may does not move the
    // coroutine; if it ever does, the counts are right all the same.
    if talk(&mut stream, mode, counters).is_err() {
        counters.errors.add_shared(1);
    }
    counters.closes.add_shared(1);
}

fn talk(stream: &mut TcpStream, mode: Mode, counters: &Counters) -> io::Result<()> {
    // On the heap: a coroutine's stack is 32 KiB.
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut http = Connection::new(mode);
    loop {
        let count = read(stream, &mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let batch = http.feed(&buffer[..count]);
        if !batch.bytes.is_empty() {
            // Counted first: whoever has an answer finds it counted.
            counters.requests.add_shared(u64::from(batch.requests));
            write_all(stream, &batch.bytes)?;
        }
        if batch.close {
            return close(stream, &mut buffer);
        }
    }
}

/// Reads at once when something is there; else waits. Events come once for all that has come, so
/// only a read that would block may be followed by waiting.
fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.inner_mut().read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                stream.wait_io();
            }
            done => return done,
        }
    }
}

fn write_all(stream: &mut TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.inner_mut().write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                stream.wait_io();
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Ends this side and takes what is under way, so that the client gets the last answer.
fn close(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let mut taken = 0;
    while taken < LINGER_BYTES {
        match read(stream, buffer) {
            Ok(count) if count > 0 => taken += count,
            _ => break,
        }
    }
    Ok(())
}
