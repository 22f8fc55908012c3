//! Every byte sequence that is ever sent.

/// The answer to a request on a connection that stays open.
pub const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";

const HELLO_CLOSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, World!";
const HELLO_KEEP_ALIVE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: keep-alive\r\n\r\nHello, World!";
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n";
const HEAD_CLOSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n";
const HEAD_KEEP_ALIVE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: keep-alive\r\n\r\n";

/// Asks a client that waits for it to send the body.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The answer to one valid request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// For HEAD: the same head, no body.
    pub(crate) head_only: bool,
    pub(crate) persistence: Persistence,
}

/// Whether the connection outlives the answer, and what the answer says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Persistence {
    /// Stays open, as HTTP/1.1 does unless told otherwise.
    Implied,
    /// Stays open because an HTTP/1.0 client asked for it.
    KeepAlive,
    Close,
}

impl Answer {
    pub(crate) const HELLO: Self = Self {
        head_only: false,
        persistence: Persistence::Implied,
    };

    #[inline]
    pub(crate) fn is_hello(self) -> bool {
        self == Self::HELLO
    }

    pub(crate) fn bytes(self) -> &'static [u8] {
        match (self.head_only, self.persistence) {
            (false, Persistence::Implied) => HELLO,
            (false, Persistence::KeepAlive) => HELLO_KEEP_ALIVE,
            (false, Persistence::Close) => HELLO_CLOSE,
            (true, Persistence::Implied) => HEAD,
            (true, Persistence::KeepAlive) => HEAD_KEEP_ALIVE,
            (true, Persistence::Close) => HEAD_CLOSE,
        }
    }
}

/// Why a request is not served. The connection closes after the answer, since where the next
/// request begins is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Malformed,
    TooLarge,
    NotImplemented,
}

impl Refusal {
    pub(crate) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Malformed => {
                b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            }
            Self::TooLarge => {
                b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            }
            Self::NotImplemented => {
                b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            }
        }
    }
}
