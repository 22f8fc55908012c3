//! What is kept for a connection between reads.

use crate::MAX_HEAD_BYTES;
use crate::answers::{Answer, CONTINUE, Persistence, Refusal};
use crate::batch::{Answers, Batch};
use crate::body::Body;
use crate::head::{self, Head};
use crate::responses::{Hello, OtherBody, Responses};
use crate::target::KnownHost;

/// How much a connection looks at, and with what body it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// Reads requests and answers each.
    #[default]
    Parse,
    /// Answers every read once, whatever it holds, as the published servers did.
    AnswerEveryRead,
    /// One of the two, with a body of another length.
    Other(&'static OtherBody),
}

impl Mode {
    /// Parses, or answers every read; with a body of so many bytes, which is made once and never
    /// freed, or the study's.
    pub fn new(every_read: bool, body_bytes: Option<u32>) -> Self {
        let bytes = body_bytes.and_then(|bytes| usize::try_from(bytes).ok());
        match bytes.and_then(|bytes| OtherBody::of_length(bytes, every_read)) {
            Some(other) => Self::Other(other),
            None if every_read => Self::AnswerEveryRead,
            None => Self::Parse,
        }
    }
}

/// The HTTP side of one connection.
#[derive(Debug)]
pub struct Connection {
    mode: Mode,
    phase: Phase,
    /// The start of a head whose end has not come; without memory of its own otherwise.
    carry: Vec<u8>,
    known_host: KnownHost,
}

#[derive(Debug)]
enum Phase {
    Head,
    /// A body is skipped before its request is answered.
    Body(Body, Answer),
    Closed,
}

impl Connection {
    /// A connection on which nothing has been read.
    #[inline]
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            phase: Phase::Head,
            carry: Vec::new(),
            known_host: KnownHost::default(),
        }
    }

    /// Whether the start of a head has come, and its end has not.
    #[inline]
    pub fn head_begun(&self) -> bool {
        !self.carry.is_empty()
    }

    /// Whether a head has come whose body has not, not all of it.
    #[inline]
    pub fn body_begun(&self) -> bool {
        matches!(self.phase, Phase::Body(..))
    }

    /// Takes all of `input` (whatever one read returned) and gives the answers to every request
    /// completed by it. After a batch that closes, input is discarded and answered with empty
    /// batches that close.
    #[inline]
    pub fn feed(&mut self, input: &[u8]) -> Batch {
        match self.mode {
            Mode::Parse => self.parse(input, Hello),
            Mode::AnswerEveryRead => answer_read(input, Hello),
            Mode::Other(other) if other.every_read => answer_read(input, other),
            Mode::Other(other) => self.parse(input, other),
        }
    }

    #[inline]
    fn parse<R: Responses>(&mut self, input: &[u8], responses: R) -> Batch {
        let mut answers = Answers::new(responses);
        let mut rest = input;
        while !rest.is_empty() {
            let taken = match &mut self.phase {
                Phase::Head if self.carry.is_empty() => self.take_head(rest, &mut answers),
                Phase::Head => self.take_carried_head(rest, &mut answers),
                Phase::Body(body, answer) => {
                    let answer = *answer;
                    body.skip(rest).map(|(taken, ended)| {
                        if ended {
                            self.answer(answer, &mut answers);
                        }
                        taken
                    })
                }
                Phase::Closed => break,
            };
            match taken {
                Ok(taken) => rest = &rest[taken..],
                Err(refusal) => self.refuse(refusal, &mut answers),
            }
        }
        answers.into_batch(matches!(self.phase, Phase::Closed))
    }

    /// Parses a head in place; when its end has not come, carries its start over.
    #[inline]
    fn take_head<R: Responses>(
        &mut self,
        input: &[u8],
        answers: &mut Answers<R>,
    ) -> Result<usize, Refusal> {
        match input {
            // Empty lines before a request line are skipped (RFC 9112, section 2.2).
            [b'\n', ..] => return Ok(1),
            [b'\r', b'\n', ..] => return Ok(2),
            _ => {}
        }
        let window = &input[..input.len().min(MAX_HEAD_BYTES)];
        if let Some((head, length)) = head::parse(window, &mut self.known_host)? {
            self.begin(head, answers);
            Ok(length)
        } else {
            self.carry.extend_from_slice(input);
            Ok(input.len())
        }
    }

    /// Completes a carried head. It is parsed again only when a line of it has ended, so the
    /// limits on headers and bytes bound the work however small the pieces are.
    #[cold]
    fn take_carried_head<R: Responses>(
        &mut self,
        input: &[u8],
        answers: &mut Answers<R>,
    ) -> Result<usize, Refusal> {
        if self.carry == b"\r" && input[0] == b'\n' {
            self.carry = Vec::new();
            return Ok(1);
        }
        let window = &input[..input.len().min(MAX_HEAD_BYTES - self.carry.len())];
        let mut taken = 0;
        for line in window.split_inclusive(|byte| *byte == b'\n') {
            self.carry.extend_from_slice(line);
            taken += line.len();
            if self.carry.ends_with(b"\n\r\n") || self.carry.ends_with(b"\n\n") {
                break;
            }
        }
        if self.carry.len() < MAX_HEAD_BYTES && !input[..taken].contains(&b'\n') {
            return Ok(taken);
        }
        if let Some((head, length)) = head::parse(&self.carry, &mut self.known_host)? {
            debug_assert_eq!(length, self.carry.len());
            self.carry = Vec::new();
            self.begin(head, answers);
        }
        Ok(taken)
    }

    /// Answers a request without a body at once, and prepares to skip the body of another.
    #[inline]
    fn begin<R: Responses>(&mut self, head: Head, answers: &mut Answers<R>) {
        if head.body.is_empty() {
            self.answer(head.answer, answers);
            return;
        }
        if head.expects_continue {
            answers.push_bytes(CONTINUE);
        }
        self.phase = Phase::Body(head.body, head.answer);
    }

    #[inline]
    fn answer<R: Responses>(&mut self, answer: Answer, answers: &mut Answers<R>) {
        answers.push(answer);
        self.phase = match answer.persistence {
            Persistence::Implied | Persistence::KeepAlive => Phase::Head,
            Persistence::Close => Phase::Closed,
        };
    }

    #[cold]
    fn refuse<R: Responses>(&mut self, refusal: Refusal, answers: &mut Answers<R>) {
        answers.push_bytes(refusal.bytes());
        self.carry = Vec::new();
        self.phase = Phase::Closed;
    }
}

#[inline]
fn answer_read<R: Responses>(input: &[u8], responses: R) -> Batch {
    let mut answers = Answers::new(responses);
    if !input.is_empty() {
        answers.push(Answer::HELLO);
    }
    answers.into_batch(false)
}
