//! The answers that one feed gives.

use std::borrow::Cow;

use crate::answers::Answer;
use crate::responses::Responses;

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

/// Collects answers. As long as all are the plain one it only counts them, since a block of
/// [`Responses`] has the bytes.
pub(crate) struct Answers<R> {
    responses: R,
    hellos: usize,
    /// Everything so far, from the first answer that is not the plain one on.
    mixed: Vec<u8>,
    requests: u32,
}

impl<R: Responses> Answers<R> {
    #[inline]
    pub(crate) fn new(responses: R) -> Self {
        Self {
            responses,
            hellos: 0,
            mixed: Vec::new(),
            requests: 0,
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, answer: Answer) {
        self.requests += 1;
        if answer.is_hello() && self.mixed.is_empty() {
            self.hellos += 1;
        } else {
            self.push_bytes(self.responses.bytes(answer));
        }
    }

    /// Adds bytes that are not the answer to a request.
    #[cold]
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) {
        if self.mixed.is_empty() {
            self.mixed = self.responses.hello().repeat(self.hellos);
        }
        self.mixed.extend_from_slice(bytes);
    }

    #[inline]
    pub(crate) fn into_batch(self, close: bool) -> Batch {
        let (hello, block) = (self.responses.hello(), self.responses.block());
        let length = self.hellos * hello.len();
        let bytes = if !self.mixed.is_empty() {
            Cow::Owned(self.mixed)
        } else if length <= block.len() {
            Cow::Borrowed(&block[..length])
        } else {
            Cow::Owned(hello.repeat(self.hellos))
        };
        Batch {
            bytes,
            requests: self.requests,
            close,
        }
    }
}
