//! HTTP/1.1 without input or output: bytes that were read go in, bytes to write come out.
//!
//! Every server of the study speaks through this crate, so that the HTTP layer cannot be the
//! difference between them. A server keeps one [`Connection`] for each socket and hands it
//! whatever a read returned; the [`Batch`] that comes back answers all requests which that input
//! completed, so that one write sends them.
//!
//! ```
//! use hello_http::{Connection, HELLO, Mode};
//!
//! let mut connection = Connection::new(Mode::Parse);
//! let batch = connection.feed(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT");
//! assert_eq!(&*batch.bytes, HELLO);
//! assert_eq!((batch.requests, batch.close), (1, false));
//! ```
//!
//! What is answered depends on the bytes alone, never on where reads split them. Every method and
//! every target get the same answer, but for CONNECT (501, as a 200 would promise a tunnel) and targets
//! of no form that the method may have (400). Three rules of RFC 9112 leave a choice, and are decided
//! so:
//! - a transfer coding other than `chunked` is answered 400 rather than 501;
//! - `100 Continue` is sent whenever it is asked for and a body is announced, even when the body
//!   has already come;
//! - a line of the head may end with a bare LF, one inside a chunked body may not.
//!
//! A malformed head is answered when the line with the fault has ended.
#![forbid(unsafe_code)]

mod answers;
mod batch;
mod body;
mod chunked;
mod connection;
mod head;
mod responses;
mod target;

pub use answers::HELLO;
pub use batch::Batch;
pub use connection::{Connection, Mode};
pub use responses::OtherBody;

/// Length of the longest request head that is taken, without empty lines before it; a longer one
/// is answered 431. The trailers of a chunked body have the same limit.
pub const MAX_HEAD_BYTES: usize = 8192;
