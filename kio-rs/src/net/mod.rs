//! TCP on a worker's ring.

mod bytes;
mod chunk;
mod closer;
mod connect;
mod listener;
mod recv;
mod send;
mod stream;

use std::io;

pub use bytes::StableBytes;
pub use chunk::Chunk;
pub use listener::TcpListener;
pub use recv::{Recv, RecvHalf};
pub use send::{SendAll, SendBehind, SendHalf};
pub use stream::TcpStream;

/// The error that accepting and receiving end with once the runtime was asked to stop.
pub(crate) fn stopping() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the runtime is stopping")
}
