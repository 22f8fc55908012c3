//! The Tokio server of the study.
//!
//! As the published server did, it spawns a task for each connection, which owns a buffer of
//! 8 KiB and goes round in a loop of read and write. The arms differ by two flags ([`Args`]):
//!
//! | arm | `--runtime` | `--accept` |
//! |---|---|---|
//! | `tokio-published` | `multi-thread` | `single`: one listener, one task that accepts |
//! | `tokio-multi-accept` | `multi-thread` | `per-worker`: a `SO_REUSEPORT` listener and a task a worker |
//! | `tokio-per-core` | `per-core`: a current-thread runtime a thread, pinned | `per-worker` |
//!
//! [`serve`] is all of it. The main thread waits for signals; runtimes live on threads of their own.
//! The binary adds one thing, the count of system calls, since that takes symbols of C.
#![forbid(unsafe_code)]

mod accepting;
mod args;
mod buffer;
mod connection;
mod pinning;
mod server;
mod stopping;
mod worker;

pub use args::{Accept, Args, BufferOf, RuntimeKind};
pub use server::serve;
pub use worker::{count, wait};
