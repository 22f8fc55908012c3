//! What is still to be sent on a connection.

use std::borrow::Cow;

/// Answers that may wait behind an unfinished send; with more, a connection is not read from.
pub const BACKLOG_BYTES: usize = 256 << 10;

/// Answers in order: those that are being sent, which stay where they are in memory until all of
/// them are, and those that wait behind them. Answers from static memory are not copied unless
/// they have to wait behind others.
#[derive(Debug, Default)]
pub struct Outbox {
    sending: Cow<'static, [u8]>,
    /// Bytes of `sending` that are sent.
    sent: usize,
    waiting: Cow<'static, [u8]>,
}

impl Outbox {
    /// Adds answers behind those that are there.
    #[inline]
    pub fn push(&mut self, bytes: Cow<'static, [u8]>) {
        if self.waiting.is_empty() {
            self.waiting = bytes;
        } else {
            self.waiting.to_mut().extend_from_slice(&bytes);
        }
    }

    /// What to send next, if anything is left. The bytes do not move before [`Self::advance`] has
    /// counted the last of them as sent.
    #[inline]
    pub fn stage(&mut self) -> Option<&[u8]> {
        if self.sent == self.sending.len() {
            if self.waiting.is_empty() {
                return None;
            }
            self.sending = std::mem::take(&mut self.waiting);
            self.sent = 0;
        }
        Some(&self.sending[self.sent..])
    }

    /// The bytes that [`Self::stage`] gave last, without those sent since.
    #[inline]
    pub fn unsent(&self) -> &[u8] {
        &self.sending[self.sent..]
    }

    /// Counts bytes as sent; returns memory of its own that is wholly sent.
    ///
    /// # Panics
    /// When there were not so many.
    #[inline]
    pub fn advance(&mut self, bytes: usize) -> Option<Vec<u8>> {
        self.sent += bytes;
        assert!(
            self.sent <= self.sending.len(),
            "no more is sent than was given"
        );
        if self.sent < self.sending.len() {
            return None;
        }
        self.sent = 0;
        match std::mem::take(&mut self.sending) {
            Cow::Borrowed(_) => None,
            Cow::Owned(bytes) => Some(bytes),
        }
    }

    /// How many bytes wait behind those that are being sent.
    #[inline]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_leave_in_order_however_they_are_taken() {
        let mut outbox = Outbox::default();
        let mut out = Vec::new();
        for (i, piece) in ["one", "two", "three", "four", "five"].iter().enumerate() {
            outbox.push(Cow::Borrowed(piece.as_bytes()));
            if i % 2 == 0 {
                out.push(outbox.stage().unwrap()[0]);
                outbox.advance(1);
            }
        }
        while let Some(bytes) = outbox.stage() {
            out.extend_from_slice(bytes);
            let all = bytes.len();
            outbox.advance(all);
        }
        assert_eq!(out, b"onetwothreefourfive");
        assert_eq!(outbox.waiting(), 0);
    }

    #[test]
    fn what_is_staged_stays_in_place_while_others_come() {
        let mut outbox = Outbox::default();
        outbox.push(Cow::Owned(b"first".to_vec()));
        let before = outbox.stage().unwrap().as_ptr();
        (0..100).for_each(|_| outbox.push(Cow::Borrowed(b"more")));
        assert_eq!((outbox.unsent().as_ptr(), outbox.waiting()), (before, 400));
        assert_eq!(outbox.advance(4), None);
        assert_eq!(outbox.advance(1), Some(b"first".to_vec()));
    }

    #[test]
    #[should_panic(expected = "no more")]
    fn more_than_was_given_cannot_be_sent() {
        let mut outbox = Outbox::default();
        outbox.push(Cow::Borrowed(b"one"));
        outbox.stage();
        outbox.advance(4);
    }
}
