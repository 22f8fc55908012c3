//! What every server of the study must answer, byte by byte.
//!
//! A [`Case`] speaks to a listening address as a client would; [`run_all`] runs every case, and
//! [`check_hello`] is the short check around a measurement. [`server::Server`] starts a server's
//! binary for a test, and [`conformance_tests!`] makes a `#[test]` of every case.
//!
//! The expected bytes are written out here rather than taken from the crate that the servers
//! answer with, so that a change there shows.
#![forbid(unsafe_code)]

mod case;
mod cases;
mod client;
#[cfg(feature = "confine")]
pub mod confine;
pub mod differential;
mod failure;
mod macros;
pub mod server;

pub use case::{Case, Outcome, cases, check_hello, check_hello_body, run_all};
pub use failure::Failure;
