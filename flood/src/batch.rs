//! What a connection awaits: the answers to the requests it has in flight. No system calls here.

use std::time::Instant;

/// The answers that every batch must have.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// As many answers as a batch has requests, one after the other.
    bytes: Vec<u8>,
    /// Length of one.
    answer: usize,
}

impl Expected {
    /// For batches of `pipeline` requests that are each answered with `answer`.
    pub(crate) fn new(answer: &[u8], pipeline: usize) -> Self {
        Self {
            bytes: answer.repeat(pipeline),
            answer: answer.len(),
        }
    }

    /// Bytes of all answers of a batch.
    pub(crate) fn batch_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of one answer.
    pub(crate) fn answer_bytes(&self) -> usize {
        self.answer
    }
}

/// What the two kinds of requests must be answered.
#[derive(Clone, Debug)]
pub(crate) struct Expectation {
    /// Every time but the last.
    pub(crate) usual: Expected,
    /// The last time on a connection that does not stay.
    pub(crate) last: Expected,
}

/// A batch of requests in flight on one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    /// When its latency began: it was sent, or due.
    pub(crate) sent: Instant,
    /// Bytes of its answers that have come.
    received: usize,
}

/// What bytes from the server amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More must come.
    Incomplete,
    /// They were the last of the batch.
    Complete,
    /// They are not what must come: from here on no answer can be told from the next.
    Wrong,
}

impl Batch {
    /// One whose latency counts from `sent`.
    pub(crate) fn new(sent: Instant) -> Self {
        Self { sent, received: 0 }
    }

    /// Takes what has come.
    #[inline]
    pub(crate) fn receive(&mut self, bytes: &[u8], expected: &Expected) -> Progress {
        let end = self.received + bytes.len();
        if expected.bytes.get(self.received..end) != Some(bytes) {
            return Progress::Wrong;
        }
        self.received = end;
        if end == expected.bytes.len() {
            Progress::Complete
        } else {
            Progress::Incomplete
        }
    }

    /// Whole answers that have come.
    pub(crate) fn answers(&self, expected: &Expected) -> usize {
        self.received / expected.answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

    #[test]
    fn a_batch_is_complete_with_its_last_byte_however_it_is_cut() {
        let expected = Expected::new(ANSWER, 3);
        let whole = ANSWER.repeat(3);
        for cut in 1..whole.len() {
            let mut batch = Batch::new(Instant::now());
            let first = batch.receive(&whole[..cut], &expected);
            assert_eq!(first, Progress::Incomplete);
            assert_eq!(batch.answers(&expected), cut / ANSWER.len());
            let second = batch.receive(&whole[cut..], &expected);
            assert_eq!(second, Progress::Complete);
            assert_eq!(batch.answers(&expected), 3);
        }
    }

    #[test]
    fn other_bytes_and_more_bytes_are_wrong() {
        let expected = Expected::new(ANSWER, 1);
        let receive = |bytes: &[u8]| Batch::new(Instant::now()).receive(bytes, &expected);
        assert_eq!(receive(&[ANSWER, b"H"].concat()), Progress::Wrong);
        assert_eq!(receive(b"HTTP/1.1 400"), Progress::Wrong);
        let mut batch = Batch::new(Instant::now());
        batch.receive(&ANSWER[..10], &expected);
        assert_eq!(batch.receive(b"x", &expected), Progress::Wrong);
        assert_eq!(batch.answers(&expected), 0);
    }
}
