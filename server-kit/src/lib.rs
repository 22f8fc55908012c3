//! What both servers share beside HTTP, so that none of it can be the difference between them:
//! the flags ([`CommonArgs`]), the options on the sockets ([`listener`]), the counters
//! ([`Counters`]) and the JSON lines that report them ([`StartLine`], [`CountersLine`]), and the
//! signals ([`CaughtSignals`]).
//!
//! A server prints one [`StartLine`] when its sockets listen, a [`CountersLine`] with
//! `"event":"counters"` at every SIGUSR1, and one with `"event":"stop"` after SIGINT or SIGTERM,
//! when its workers have ended. Everything else goes to standard error.
//!
//! Without the feature `server` there are the counters alone: what the library `kio_rs` counts in,
//! without the flags, lines and signals that only its server's binary has.
#![forbid(unsafe_code)]

#[cfg(feature = "server")]
mod args;
mod counters;
#[cfg(feature = "server")]
mod lines;
#[cfg(feature = "server")]
mod signals;
#[cfg(feature = "server")]
mod sockets;

#[cfg(feature = "server")]
pub use args::{CommonArgs, Cpus};
pub use counters::{Counter, Counters, WorkerCounters};
#[cfg(feature = "server")]
pub use lines::{CountersLine, Event, StartLine, print_line};
#[cfg(feature = "server")]
pub use signals::{CaughtSignals, request_stop};
#[cfg(feature = "server")]
pub use sockets::{BACKLOG, listener, raise_open_file_limit};
