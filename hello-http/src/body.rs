//! Skips the body of a request.

use crate::answers::Refusal;
use crate::chunked::Chunked;

/// A body, as much of it as is still to come.
#[derive(Debug)]
pub(crate) enum Body {
    Length(u64),
    Chunked(Chunked),
}

impl Body {
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Length(0))
    }

    /// Skips what belongs to the body: how many bytes that is, and whether the body has ended.
    pub(crate) fn skip(&mut self, input: &[u8]) -> Result<(usize, bool), Refusal> {
        match self {
            Self::Length(left) => {
                let here = (*left).min(input.len() as u64);
                *left -= here;
                Ok((here as usize, *left == 0))
            }
            Self::Chunked(body) => body.skip(input),
        }
    }
}
