//! What both servers share beside HTTP, so that none of it can be the difference between them:
//! the flags ([`CommonArgs`]), the options on the sockets ([`listener`]), how connections are shared
//! out among listeners ([`Balance`]), the rule of spinning before sleeping ([`AdaptiveSpin`]), the
//! counters ([`Counters`]) and the JSON lines that report them ([`StartLine`], [`CountersLine`]),
//! and the signals ([`CaughtSignals`]).
//!
//! A server prints one [`StartLine`] when its sockets listen, a [`CountersLine`] with
//! `"event":"counters"` at every SIGUSR1, and one with `"event":"stop"` after SIGINT or SIGTERM,
//! when its workers have ended. Everything else goes to standard error.
#![deny(unsafe_code)]

mod args;
#[allow(
    unsafe_code,
    reason = "loading a BPF program takes system calls of its own"
)]
mod balance;
mod counters;
mod lines;
mod signals;
mod sockets;
mod spin;

pub use args::{CommonArgs, Cpus};
pub use balance::Balance;
pub use counters::{Counter, Counters};
pub use lines::{CountersLine, Event, StartLine, WorkerCounters, print_line};
pub use signals::{CaughtSignals, request_stop};
pub use sockets::{BACKLOG, Listeners, listener, raise_open_file_limit};
pub use spin::AdaptiveSpin;
