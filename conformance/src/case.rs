//! The cases as a list.

use std::net::SocketAddr;

use crate::cases::{closing, connections, framing, refusals, requests};
use crate::failure::Failure;

/// Something that a server must do.
#[derive(Debug)]
pub struct Case {
    /// Short name, with hyphens.
    pub name: &'static str,
    /// What the server must do.
    pub description: &'static str,
    /// Whether only a server that reads the requests can pass.
    pub needs_parsing: bool,
    /// Whether any HTTP/1.1 server passes that answers with the study's bytes: the other cases are
    /// about what this study's parser does.
    pub basic: bool,
    check: fn(SocketAddr) -> Result<(), Failure>,
}

impl Case {
    /// Runs the case against a server.
    ///
    /// # Errors
    /// When the server does something else than it must, or cannot be reached.
    pub fn run(&self, server: SocketAddr) -> Result<(), Failure> {
        (self.check)(server)
    }
}

/// What came of a case.
#[derive(Debug)]
pub enum Outcome {
    /// The server did what it must.
    Passed,
    /// It did something else.
    Failed(Failure),
    /// It is not asked of this server.
    NotApplicable,
}

const fn case(
    name: &'static str,
    check: fn(SocketAddr) -> Result<(), Failure>,
    description: &'static str,
) -> Case {
    Case {
        name,
        description,
        needs_parsing: true,
        basic: false,
        check,
    }
}

static CASES: [Case; 12] = [
    Case {
        needs_parsing: false,
        basic: true,
        ..case(
            "one-request",
            requests::one_request,
            "answers a request with the exact bytes, once",
        )
    },
    Case {
        basic: true,
        ..case(
            "pipelined-1000",
            requests::pipelined_1000,
            "answers 1000 requests of one write, each once",
        )
    },
    Case {
        basic: true,
        ..case(
            "byte-at-a-time",
            requests::byte_at_a_time,
            "answers requests that come byte by byte, not before their last",
        )
    },
    case(
        "head-method",
        requests::head_method,
        "answers HEAD without a body",
    ),
    case(
        "body-1-mib",
        framing::body_1_mib,
        "skips a body of 1 MiB that looks like requests",
    ),
    case(
        "chunked-body",
        framing::chunked_body,
        "skips a chunked body with extensions and trailers",
    ),
    case(
        "malformed-400",
        refusals::malformed_400,
        "answers malformed requests with 400 and closes",
    ),
    case(
        "head-too-large-431",
        refusals::head_too_large_431,
        "takes a head of 8192 bytes; answers a longer one with 431 and closes",
    ),
    case(
        "connection-close",
        closing::connection_close,
        "closes after a request that says so, and says so too",
    ),
    case(
        "http-1.0",
        closing::http_1_0,
        "closes after an HTTP/1.0 request unless it says keep-alive",
    ),
    case(
        "half-closed-client",
        closing::half_closed_client,
        "answers a client that has already shut its side down",
    ),
    Case {
        needs_parsing: false,
        basic: true,
        ..case(
            "connections-2000",
            connections::connections_2000,
            "answers on each of 2000 connections open at once",
        )
    },
];

/// Every case.
pub fn cases() -> &'static [Case] {
    &CASES
}

/// Runs every case that `applies` to the server.
pub fn run_all(
    server: SocketAddr,
    applies: impl Fn(&Case) -> bool,
) -> Vec<(&'static Case, Outcome)> {
    let outcome = |case: &Case| {
        if !applies(case) {
            return Outcome::NotApplicable;
        }
        match case.run(server) {
            Ok(()) => Outcome::Passed,
            Err(failure) => Outcome::Failed(failure),
        }
    };
    cases().iter().map(|case| (case, outcome(case))).collect()
}

/// The check before and after every measurement: one request on a fresh connection, whose answer
/// must be byte-exact, with a body of so many bytes where it is not the usual one. Returns how many
/// bytes it has.
///
/// # Errors
/// When the answer is another, or there is none.
pub fn check_hello(server: SocketAddr, body_bytes: Option<u32>) -> Result<usize, Failure> {
    requests::one_request_of(server, body_bytes)
}

/// The same check of a server whose answers may have other fields in their head: status and body.
///
/// # Errors
/// When one of them is another, or there is no answer.
pub fn check_hello_body(server: SocketAddr, body_bytes: Option<u32>) -> Result<usize, Failure> {
    requests::one_request_like(server, body_bytes)
}
