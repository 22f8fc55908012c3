//! Where the bytes of the answers come from: constants for the study's body, memory made once at the
//! start for a body of another length.

use crate::answers::{Answer, HELLO, Persistence};

/// Enough for every request that 8 KiB of a load generator's pipelined requests can hold.
const BLOCK_ANSWERS: usize = 256;
/// Long answers fill a cache sooner than that.
const BLOCK_BYTES: usize = 1 << 18;

const BODY: &[u8] = b"Hello, World!";

static BLOCK: [u8; BLOCK_ANSWERS * HELLO.len()] = {
    let mut block = [0; BLOCK_ANSWERS * HELLO.len()];
    let mut at = 0;
    while at < block.len() {
        block[at] = HELLO[at % HELLO.len()];
        at += 1;
    }
    block
};

/// The bytes of every answer to a valid request. The code that answers is compiled for each kind, so
/// that the study's own body costs what it would if there were no other.
pub(crate) trait Responses: Copy {
    /// The answer on a connection that stays open.
    fn hello(self) -> &'static [u8];
    /// Several of them, one after the other.
    fn block(self) -> &'static [u8];
    /// Any answer.
    fn bytes(self, answer: Answer) -> &'static [u8];
}

/// The study's body.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hello;

impl Responses for Hello {
    #[inline]
    fn hello(self) -> &'static [u8] {
        HELLO
    }

    #[inline]
    fn block(self) -> &'static [u8] {
        &BLOCK
    }

    fn bytes(self, answer: Answer) -> &'static [u8] {
        answer.bytes()
    }
}

/// A body of another length: `Hello, World!` over and over, cut where it is long enough.
#[derive(Debug, PartialEq, Eq)]
pub struct OtherBody {
    pub(crate) every_read: bool,
    block: Vec<u8>,
    hello_bytes: usize,
    hello_close: Vec<u8>,
    hello_keep_alive: Vec<u8>,
    head: Vec<u8>,
    head_close: Vec<u8>,
    head_keep_alive: Vec<u8>,
}

impl OtherBody {
    /// The answers with a body of so many bytes, made once and never freed. Nothing for the length of
    /// the study's own.
    pub(crate) fn of_length(bytes: usize, every_read: bool) -> Option<&'static Self> {
        if bytes == BODY.len() {
            return None;
        }
        let body: Vec<u8> = BODY.iter().copied().cycle().take(bytes).collect();
        let head = |field: &str| {
            format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n{field}\r\n").into_bytes()
        };
        let whole = |head: &[u8]| [head, &body].concat();
        let (plain, close, keep_alive) = (
            head(""),
            head("Connection: close\r\n"),
            head("Connection: keep-alive\r\n"),
        );
        let hello = whole(&plain);
        let answers = (BLOCK_BYTES / hello.len()).clamp(1, BLOCK_ANSWERS);
        Some(Box::leak(Box::new(Self {
            every_read,
            block: hello.repeat(answers),
            hello_bytes: hello.len(),
            hello_close: whole(&close),
            hello_keep_alive: whole(&keep_alive),
            head: plain,
            head_close: close,
            head_keep_alive: keep_alive,
        })))
    }
}

impl Responses for &'static OtherBody {
    #[inline]
    fn hello(self) -> &'static [u8] {
        &self.block[..self.hello_bytes]
    }

    #[inline]
    fn block(self) -> &'static [u8] {
        &self.block
    }

    fn bytes(self, answer: Answer) -> &'static [u8] {
        match (answer.head_only, answer.persistence) {
            (false, Persistence::Implied) => self.hello(),
            (false, Persistence::KeepAlive) => &self.hello_keep_alive,
            (false, Persistence::Close) => &self.hello_close,
            (true, Persistence::Implied) => &self.head,
            (true, Persistence::KeepAlive) => &self.head_keep_alive,
            (true, Persistence::Close) => &self.head_close,
        }
    }
}
