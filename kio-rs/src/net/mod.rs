//! TCP on a worker's ring.

#[expect(unsafe_code, reason = "it says which bytes stay where they are")]
mod bytes;
#[expect(
    unsafe_code,
    reason = "its bytes are in a buffer that was received into"
)]
mod chunk;
mod closer;
#[expect(unsafe_code, reason = "its request names memory")]
mod connect;
#[expect(unsafe_code, reason = "its request names a descriptor")]
mod listener;
#[expect(unsafe_code, reason = "its request may name memory")]
mod recv;
#[expect(unsafe_code, reason = "its requests name memory")]
mod send;
#[expect(unsafe_code, reason = "it lends its descriptor")]
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
