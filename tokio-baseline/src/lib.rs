//! The Tokio server of the study.
//!
//! As the published server did, it spawns a task for each connection, which goes round in a loop of
//! read and write. The arms differ by flags ([`Args`]):
//!
//! | flag | choices | isolates |
//! |---|---|---|
//! | `--accept` | `single`: one listener, one task that accepts; `per-worker`: a `SO_REUSEPORT` listener and a task a worker | the accept path |
//! | `--runtime` | `multi-thread`; `per-core`: a current-thread runtime a thread, pinned | work stealing and migration |
//! | `--buffer` | `connection`: 8 KiB of its own for each; `worker`: one for all of a worker's connections | the memory that a request touches |
//! | `--spin-us` | how long a worker may look for events before it sleeps | waking an idle processor |
//!
//! `tokio-published` has the first choice of each and no spin.
//!
//! # Choices
//!
//! This is Tokio as its users have it: its current release, stable interfaces only, no
//! `tokio_unstable`. What could be done in more than one way was decided by counting instructions and
//! system calls a request, and by interleaved runs:
//!
//! - *Reading* is `AsyncReadExt::read`, not `readable` and `try_read`: the former knows that a read
//!   which leaves room in the buffer has taken everything, and goes to sleep without asking the kernel
//!   again. `try_read` asks once more for each request.
//! - *Writing* tries at once (`try_write`) and waits by `write_all` only for what is left. The socket
//!   is nearly always writable, and the future of `write_all` costs more than the call.
//! - *The buffer* is the connection's in the published server, which is nearly all the memory of a
//!   connection. A buffer of the worker's is free again when a request is read, as in kio-rs. With few
//!   connections it makes no difference; with many, a request then finds its buffer in the cache.
//! - *Allocation*: what `spawn` allocates is once a connection; a request allocates nothing.
//! - *The scheduler's settings* (`event_interval`, `global_queue_interval`, `max_io_events_per_tick`
//!   and `_per_busy_tick`) stay as they come: no other values were better beyond the noise. The LIFO
//!   slot can be switched off by an unstable interface only. Workers are as many as asked for, which
//!   is a processor each.
//! - *The time driver* is on, as by `#[tokio::main]`: it looks at the clock when a worker waits, never
//!   for a request. Without it no difference was to be seen. No timer runs while a connection is open;
//!   only refusing, closing, and failing to accept use one.
//! - *Spinning* is done where Tokio waits for epoll ([`wait`]), so that it works alike in both runtimes
//!   and costs a system call a look. The way through `on_thread_park`, which wakes a task for Tokio not
//!   to sleep, goes through the scheduler each time, and cannot know how many events a wait brought.
//!   The rule is [`server_kit::AdaptiveSpin`], as in kio-rs.
//!
//! [`serve`] is all of it. The main thread waits for signals; runtimes live on threads of their own.
//! The binary adds one thing, the count of system calls, since that takes symbols of C.
#![forbid(unsafe_code)]

mod accepting;
mod args;
mod buffer;
mod connection;
mod server;
mod stopping;
mod worker;

pub use args::{Accept, Args, BufferOf, RuntimeKind};
pub use server::serve;
pub use worker::{count, wait};
