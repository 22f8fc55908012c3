//! The cases as a list.

use std::net::SocketAddr;

use crate::cases::{
    closing, connections, framing, heads, refusals, requests, slow_clients, splits,
};
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

/// The case that takes longest.
const MANY: &str = "connections-2000";

impl Case {
    /// Whether any HTTP/1.1 server passes, in a moment even on an emulated processor.
    pub fn is_short(&self) -> bool {
        self.basic && self.name != MANY
    }

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

static CASES: &[Case] = &[
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
        "bytes-in-a-row",
        splits::bytes_in_a_row,
        "answers requests that come byte by byte without a pause",
    ),
    case(
        "pipeline-cut-anywhere",
        splits::pipeline_cut_anywhere,
        "answers six pipelined requests of every kind, cut in two at each of their bytes",
    ),
    case(
        "byte-by-byte-reader",
        slow_clients::byte_by_byte_reader,
        "answers 4000 pipelined requests of a client that reads one byte at a time",
    ),
    case(
        "flood-unread",
        slow_clients::flood_unread,
        "stops reading while answers are not read, and answers each request in the end",
    ),
    case(
        "folded-field",
        heads::folded_field,
        "refuses a field that goes on in the next line (obs-fold)",
    ),
    case(
        "bare-lf",
        heads::bare_lf,
        "takes a bare LF as the end of a line, and empty lines before a request",
    ),
    case(
        "bare-cr-and-controls",
        heads::bare_cr_and_controls,
        "refuses a CR without LF, and control characters",
    ),
    case(
        "field-name",
        heads::field_name,
        "refuses field names that are none, and white space before the colon",
    ),
    case(
        "host-once",
        heads::host_once,
        "refuses HTTP/1.1 without Host, and any request with two",
    ),
    case(
        "host-value",
        heads::host_value,
        "refuses a Host that is neither name nor address",
    ),
    case(
        "target-forms",
        heads::target_forms,
        "takes origin-form, absolute-form and `OPTIONS *`; refuses others, and CONNECT with 501",
    ),
    case(
        "versions",
        heads::versions,
        "refuses other versions, HTTP/2\'s preface and TLS",
    ),
    case(
        "upgrade-ignored",
        heads::upgrade_ignored,
        "answers a request that offers an upgrade as any other",
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
        "chunked-malformed",
        framing::chunked_malformed,
        "refuses a chunked body out of shape",
    ),
    case(
        "content-length",
        framing::content_length,
        "refuses lengths that differ or are none",
    ),
    case(
        "smuggling",
        framing::smuggling,
        "refuses a length beside a transfer coding, and any coding but `chunked` once",
    ),
    case(
        "expect-continue",
        framing::expect_continue,
        "asks for a body with 100 where a client waits for that",
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
            "close-while-another-waits",
            connections::close_while_another_waits,
            "closes a connection at once, although an older one waits for a request",
        )
    },
    Case {
        needs_parsing: false,
        basic: true,
        ..case(
            MANY,
            connections::connections_2000,
            "answers on each of 2000 connections open at once",
        )
    },
];

/// Every case.
pub fn cases() -> &'static [Case] {
    CASES
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
