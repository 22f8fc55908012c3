//! A closed-loop HTTP/1.1 load generator that spends much less on a request than wrk, so that one
//! processor of it can saturate one of a server.
//!
//! Every thread is one state machine over one io_uring: `ring` and `buffers` are the kernel's side and
//! the only `unsafe` code, `batch` is what a connection awaits, and `worker` is the loop between them.
//! A turn of it is one entry into the kernel, which sends what the turn before decided and waits; then
//! all completions are processed in their order, so that no connection is favoured, and the clock is
//! read once.
//!
//! Before the window all connections are opened, the idle ones first, and one request on the first
//! active connection tells the answer: every later one must be the same, byte by byte.
#![deny(unsafe_code)]

mod answer;
mod args;
mod batch;
mod buffers;
mod connections;
mod report;
mod ring;
mod run;
mod stop;
mod worker;

pub use args::{Args, Settings};
pub use report::{Report, Tally};
pub use run::run;
pub use stop::Stop;
