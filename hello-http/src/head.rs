//! Reads one request head.

use std::mem::MaybeUninit;

use httparse::{EMPTY_HEADER, Error, Header, Request, Status};

use crate::MAX_HEAD_BYTES;
use crate::answers::{Answer, Persistence, Refusal};
use crate::body::Body;
use crate::chunked::Chunked;
use crate::target::{self, KnownHost};

const MAX_HEADERS: usize = 64;

/// What a head says about its request.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) answer: Answer,
    pub(crate) body: Body,
    pub(crate) expects_continue: bool,
}

/// Parses the head at the start of `window`, which holds the first [`MAX_HEAD_BYTES`] of what has
/// come, or all of it when that is less. `None` when the head has not ended.
#[inline]
pub(crate) fn parse(
    window: &[u8],
    known_host: &mut KnownHost,
) -> Result<Option<(Head, usize)>, Refusal> {
    // Clearing room for all headers would cost as much as parsing a short head.
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut request = Request::new(&mut []);
    match request.parse_with_uninit_headers(window, &mut headers) {
        Ok(Status::Complete(length)) => Ok(Some((Head::of(&request, known_host)?, length))),
        Ok(Status::Partial) => unfinished(window),
        Err(_) => faulty(window),
    }
}

/// What becomes of a head with a fault, which counts once its line has ended. Otherwise the answer
/// would depend on where reads split the head, since a carried head is parsed again only when a line
/// ends.
#[cold]
fn faulty(window: &[u8]) -> Result<Option<(Head, usize)>, Refusal> {
    let Some(line_end) = window.iter().rposition(|byte| *byte == b'\n') else {
        return unfinished(window);
    };
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    match Request::new(&mut headers).parse(&window[..=line_end]) {
        Ok(_) => unfinished(window),
        Err(Error::TooManyHeaders) => Err(Refusal::TooLarge),
        Err(_) => Err(Refusal::Malformed),
    }
}

fn unfinished(window: &[u8]) -> Result<Option<(Head, usize)>, Refusal> {
    if window.len() < MAX_HEAD_BYTES {
        Ok(None)
    } else {
        Err(Refusal::TooLarge)
    }
}

impl Head {
    #[inline]
    fn of(request: &Request<'_, '_>, known_host: &mut KnownHost) -> Result<Self, Refusal> {
        let method = request.method.unwrap_or_default();
        target::check(method, request.path.unwrap_or_default())?;
        let mut fields = Fields::default();
        for header in request.headers.iter() {
            fields.read(header, known_host)?;
        }
        // httparse gives Some(0) or Some(1), and refuses every other version.
        let is_http_1_1 = request.version == Some(1);
        if is_http_1_1 && !fields.host {
            return Err(Refusal::Malformed);
        }
        let body = match (fields.coding, fields.length) {
            (Coding::Identity, length) => Body::Length(length.unwrap_or(0)),
            (Coding::Chunked, None) if is_http_1_1 => Body::Chunked(Chunked::new()),
            _ => return Err(Refusal::Malformed),
        };
        let persistence = if fields.close {
            Persistence::Close
        } else if is_http_1_1 {
            Persistence::Implied
        } else if fields.keep_alive {
            Persistence::KeepAlive
        } else {
            Persistence::Close
        };
        Ok(Self {
            answer: Answer {
                head_only: method == "HEAD",
                persistence,
            },
            body,
            expects_continue: fields.expects_continue && is_http_1_1,
        })
    }
}

/// The header fields that matter, gathered in one pass.
#[derive(Default)]
struct Fields {
    host: bool,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
    length: Option<u64>,
    coding: Coding,
}

/// What the Transfer-Encoding fields say, all together.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Coding {
    /// There is no such field.
    #[default]
    Identity,
    /// There is one, without a coding so far.
    Empty,
    Chunked,
}

impl Fields {
    /// Looks at the length first, since it rules out nearly every field at the cost of a compare.
    #[inline]
    fn read(&mut self, header: &Header<'_>, known_host: &mut KnownHost) -> Result<(), Refusal> {
        let name = header.name;
        match name.len() {
            4 if is_host_name(name) => {
                if self.host || !known_host.accepts(header.value) {
                    return Err(Refusal::Malformed);
                }
                self.host = true;
            }
            6 if name.eq_ignore_ascii_case("expect") => {
                self.expects_continue |= header.value.eq_ignore_ascii_case(b"100-continue");
            }
            10 if name.eq_ignore_ascii_case("connection") => {
                for option in tokens(header.value) {
                    self.close |= option.eq_ignore_ascii_case(b"close");
                    self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            14 if name.eq_ignore_ascii_case("content-length") => {
                let length = decimal(header.value).ok_or(Refusal::Malformed)?;
                if self.length.is_some_and(|earlier| earlier != length) {
                    return Err(Refusal::Malformed);
                }
                self.length = Some(length);
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                self.coding = coding(self.coding, header.value)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether the 4 bytes are `host`, at once: every request has this field.
#[inline]
fn is_host_name(name: &str) -> bool {
    // Only letters become these letters.
    let lower = |bytes: [u8; 4]| u32::from_ne_bytes(bytes) | u32::from_ne_bytes([0x20; 4]);
    name.as_bytes()
        .first_chunk()
        .is_some_and(|name| lower(*name) == lower(*b"host"))
}

/// `chunked`, once and alone, is the only list of codings that is understood.
fn coding(earlier: Coding, value: &[u8]) -> Result<Coding, Refusal> {
    let mut coding = match earlier {
        Coding::Identity => Coding::Empty,
        other => other,
    };
    for name in tokens(value) {
        if coding == Coding::Chunked || !name.eq_ignore_ascii_case(b"chunked") {
            return Err(Refusal::Malformed);
        }
        coding = Coding::Chunked;
    }
    Ok(coding)
}

/// The elements of a comma-separated list; empty ones do not count.
fn tokens(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|token| !token.is_empty())
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = char::from(*byte).to_digit(10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}
