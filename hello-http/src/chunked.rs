//! Skips a chunked body, split anywhere, without keeping any of it.

use crate::MAX_HEAD_BYTES;
use crate::answers::Refusal;

/// Length of the longest line with a chunk's size and extensions.
const MAX_SIZE_LINE_BYTES: u16 = 1024;

/// Where in a chunked body the next byte belongs.
#[derive(Debug)]
pub(crate) struct Chunked {
    state: State,
    /// Of the chunk's data still to come.
    size: u64,
    /// Of the line with the size, or of all trailers together.
    line_bytes: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first digit of a size.
    SizeStart,
    Size,
    /// White space after the size, which only an extension may follow.
    SizeSpace,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// At the start of a line after the last chunk.
    TrailerStart,
    Trailer,
    TrailerLf,
    /// After the CR of the empty line that ends the body.
    EndLf,
}

impl Chunked {
    pub(crate) fn new() -> Self {
        Self {
            state: State::SizeStart,
            size: 0,
            line_bytes: 0,
        }
    }

    /// Skips what belongs to the body: how many bytes that is, and whether the body has ended.
    pub(crate) fn skip(&mut self, input: &[u8]) -> Result<(usize, bool), Refusal> {
        let mut taken = 0;
        while let Some(byte) = input.get(taken) {
            if self.state == State::Data {
                let here = (input.len() - taken) as u64;
                let data = here.min(self.size);
                self.size -= data;
                taken += data as usize;
                if self.size == 0 {
                    self.state = State::DataCr;
                }
                continue;
            }
            taken += 1;
            if self.state == State::EndLf {
                return match byte {
                    b'\n' => Ok((taken, true)),
                    _ => Err(Refusal::Malformed),
                };
            }
            self.state = self.after(*byte)?;
        }
        Ok((taken, false))
    }

    fn after(&mut self, byte: u8) -> Result<State, Refusal> {
        match self.state {
            State::SizeStart | State::Size | State::SizeSpace | State::Extension => {
                self.count(MAX_SIZE_LINE_BYTES, Refusal::Malformed)?;
            }
            State::TrailerStart | State::Trailer => {
                self.count(MAX_HEAD_BYTES as u16, Refusal::TooLarge)?;
            }
            _ => {}
        }
        match (self.state, byte) {
            (State::SizeStart | State::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                self.add_digit(byte)
            }
            (State::Size | State::SizeSpace, b' ' | b'\t') => Ok(State::SizeSpace),
            (State::Size | State::SizeSpace, b';') => Ok(State::Extension),
            (State::Size | State::Extension, b'\r') => Ok(State::SizeLf),
            (State::Extension, _) if is_text(byte) => Ok(State::Extension),
            (State::SizeLf, b'\n') => {
                self.line_bytes = 0;
                Ok(if self.size == 0 {
                    State::TrailerStart
                } else {
                    State::Data
                })
            }
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(State::SizeStart),
            (State::TrailerStart, b'\r') => Ok(State::EndLf),
            (State::Trailer, b'\r') => Ok(State::TrailerLf),
            (State::TrailerStart | State::Trailer, _) if is_text(byte) => Ok(State::Trailer),
            (State::TrailerLf, b'\n') => Ok(State::TrailerStart),
            _ => Err(Refusal::Malformed),
        }
    }

    fn add_digit(&mut self, byte: u8) -> Result<State, Refusal> {
        let digit = char::from(byte).to_digit(16).map(u64::from);
        self.size = digit
            .and_then(|digit| self.size.checked_mul(16)?.checked_add(digit))
            .ok_or(Refusal::Malformed)?;
        Ok(State::Size)
    }

    fn count(&mut self, limit: u16, refusal: Refusal) -> Result<(), Refusal> {
        self.line_bytes += 1;
        if self.line_bytes > limit {
            return Err(refusal);
        }
        Ok(())
    }
}

/// Neither a control character nor part of a line's end.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}
