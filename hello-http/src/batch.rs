//! The answers that one feed gives.

use std::borrow::Cow;

use crate::answers::{Answer, HELLO};

/// Enough for every request that 8 KiB of a load generator's pipelined requests can hold.
const BLOCK_ANSWERS: usize = 256;

static BLOCK: [u8; BLOCK_ANSWERS * HELLO.len()] = {
    let mut block = [0; BLOCK_ANSWERS * HELLO.len()];
    let mut at = 0;
    while at < block.len() {
        block[at] = HELLO[at % HELLO.len()];
        at += 1;
    }
    block
};

/// The answers to all requests that one feed completed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// What to write; empty when no request is complete.
    pub bytes: Cow<'static, [u8]>,
    /// Requests answered 200. Refused ones (400, 431, 501) are not counted.
    pub requests: u32,
    /// Close the connection once `bytes` are written.
    pub close: bool,
}

/// Collects answers. As long as all are [`HELLO`] it only counts them, since [`BLOCK`] has the bytes.
#[derive(Default)]
pub(crate) struct Answers {
    hellos: usize,
    /// Everything so far, from the first answer that is not [`HELLO`] on.
    mixed: Vec<u8>,
    requests: u32,
}

impl Answers {
    #[inline]
    pub(crate) fn push(&mut self, answer: Answer) {
        self.requests += 1;
        if answer.is_hello() && self.mixed.is_empty() {
            self.hellos += 1;
        } else {
            self.push_bytes(answer.bytes());
        }
    }

    /// Adds bytes that are not the answer to a request.
    #[cold]
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) {
        if self.mixed.is_empty() {
            self.mixed = HELLO.repeat(self.hellos);
        }
        self.mixed.extend_from_slice(bytes);
    }

    #[inline]
    pub(crate) fn into_batch(self, close: bool) -> Batch {
        let bytes = if !self.mixed.is_empty() {
            Cow::Owned(self.mixed)
        } else if self.hellos <= BLOCK_ANSWERS {
            Cow::Borrowed(&BLOCK[..self.hellos * HELLO.len()])
        } else {
            Cow::Owned(HELLO.repeat(self.hellos))
        };
        Batch {
            bytes,
            requests: self.requests,
            close,
        }
    }
}
