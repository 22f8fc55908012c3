//! What both servers share beside HTTP, so that none of it can be the difference between them:
//! the flags ([`CommonArgs`]), the options on the sockets ([`listener`]), the counters
//! ([`Counters`]) and the JSON lines that report them ([`StartLine`], [`CountersLine`]), and the
//! signals ([`CaughtSignals`]).
//!
//! A server prints one [`StartLine`] when its sockets listen, a [`CountersLine`] with
//! `"event":"counters"` at every SIGUSR1, and one with `"event":"stop"` after SIGINT or SIGTERM,
//! when its workers have ended. Everything else goes to standard error.
#![forbid(unsafe_code)]

mod args;
mod counters;
mod lines;
mod signals;
mod sockets;

pub use args::{CommonArgs, Cpus};
pub use counters::{Counter, Counters};
pub use lines::{CountersLine, Event, Kept, StartLine, WorkerCounters, print_line};
pub use signals::{CaughtSignals, request_stop};
pub use sockets::{BACKLOG, listener, raise_open_file_limit};
