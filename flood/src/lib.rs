//! An HTTP/1.1 load generator that spends much less on a request than wrk, so that one
//! processor of it can saturate one of a server.
//!
//! Every thread is one state machine over one io_uring: `ring` and `buffers` are the kernel's side and
//! the only `unsafe` code, `batch` is what a connection awaits, `pace` says when the requests of an open
//! loop are due, and `worker` is the loop between them.
//! A turn of it is one entry into the kernel, which sends what the turn before decided and waits; then
//! all completions are processed in their order, so that no connection is favoured, and the clock is
//! read once.
//!
//! An open loop (`--rate`) is free of coordinated omission: requests are due at equal distances, whatever
//! the server does, and each one's latency counts from when it was due, so that the time for which a
//! server stalls is in the latency of every request that was due meanwhile. What is unanswered at the end
//! has no latency; it shows in the requests answered, of which there are fewer than offered.
//!
//! Connections that do not stay (`--requests-per-connection`) are closed by the server, because the last
//! request on each says `Connection: close`, as HTTP has it. So the state that TCP keeps of a connection
//! for a minute after its end (TIME_WAIT) is the server's, whose port is always the same, and the client's
//! ports are free again at once: none run out, and no connection is reset.
//!
//! Before the window all connections are opened, the idle ones first, and one request on the first
//! active connection tells the answer: every later one must be the same, byte by byte.
#![deny(unsafe_code)]

mod answer;
mod args;
mod batch;
mod buffers;
mod connections;
mod pace;
mod report;
mod ring;
mod run;
mod source;
mod stop;
mod worker;

pub use args::{Args, Settings};
pub use report::{Report, Tally};
pub use run::run;
pub use stop::Stop;
