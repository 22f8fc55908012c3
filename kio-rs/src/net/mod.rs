//! TCP on a worker's ring.

mod bytes;
mod chunk;
mod listener;
mod send;
mod stream;

use std::io;

pub use bytes::StableBytes;
pub use chunk::Chunk;
pub use listener::TcpListener;
pub use send::SendAll;
pub use stream::TcpStream;

/// The error that accepting and receiving end with once the runtime was asked to stop.
fn stopping() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the runtime is stopping")
}
