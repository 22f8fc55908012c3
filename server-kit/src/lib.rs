//! What both servers share beside HTTP, so that none of it can be the difference between them:
//! the flags ([`CommonArgs`]), the options on the sockets ([`listener`]), how connections are shared
//! out among listeners ([`Balance`]), how much is received and how many events are taken at once
//! ([`RECEIVE_BYTES`], [`EPOLL_EVENTS`]), the rule of spinning before sleeping ([`AdaptiveSpin`]), the
//! counters ([`Counters`]) and the JSON lines that report them ([`StartLine`], [`CountersLine`]),
//! the signals ([`CaughtSignals`]), and the likely cause when the kernel refuses io_uring
//! ([`io_uring_refusal`]).
//!
//! A server prints one [`StartLine`] when its sockets listen, a [`CountersLine`] with
//! `"event":"counters"` at every SIGUSR1, and one with `"event":"stop"` after SIGINT or SIGTERM,
//! when its workers have ended. Everything else goes to standard error.
//!
//! With the feature `uring` there is what a server on io_uring finds out by trying.
//!
//! Without the feature `server` there are the counters, the lengths, the rule of spinning and the causes
//! of refusals alone: what the library `kio_rs` needs, without the flags, lines and signals that only its server's binary has.
#![deny(unsafe_code)]

#[cfg(feature = "server")]
mod args;
#[cfg(feature = "server")]
#[allow(
    unsafe_code,
    reason = "loading a BPF program takes system calls of its own"
)]
mod balance;
mod counters;
#[cfg(feature = "uring")]
#[allow(
    unsafe_code,
    reason = "entries of a ring are put there without a check"
)]
mod direct;
#[cfg(feature = "server")]
mod lines;
#[cfg(feature = "server")]
mod pinning;
mod refusal;
mod shortage;
#[cfg(feature = "server")]
mod signals;
mod sizes;
#[cfg(feature = "server")]
mod sockets;
mod spin;

#[cfg(feature = "server")]
pub use args::{CommonArgs, Cpus};
#[cfg(feature = "server")]
pub use balance::Balance;
pub use counters::{Counter, Counters, WorkerCounters};
#[cfg(feature = "uring")]
pub use direct::{Descriptors, closes_direct_descriptors_at_once};
#[cfg(feature = "server")]
pub use lines::{CountersLine, Event, Kept, StartLine, print_line};
#[cfg(feature = "server")]
pub use pinning::confine;
pub use refusal::{io_uring_refusal, kernel_release};
pub use shortage::while_memory_is_short;
#[cfg(feature = "server")]
pub use signals::{CaughtSignals, request_stop};
pub use sizes::{EPOLL_EVENTS, RECEIVE_BYTES};
#[cfg(feature = "server")]
pub use sockets::{BACKLOG, Listeners, listener, raise_open_file_limit};
pub use spin::AdaptiveSpin;
