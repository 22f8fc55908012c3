//! A thread-per-core runtime on io_uring.
//!
//! A [`Runtime`] is a number of workers. A worker is a thread, pinned to a processor when asked,
//! with an io_uring, an executor and counters of its own; tasks never leave it, so that futures
//! need not be `Send` and nothing on the hot path is shared or locked.
//!
//! ```no_run
//! use kio_rs::{Config, Runtime, TcpListener, spawn_local};
//!
//! let runtime = Runtime::start(&Config::default(), 1, |_number, _counters| async {
//!     let socket = std::net::TcpListener::bind("127.0.0.1:7000").expect("the port is free");
//!     let mut listener = TcpListener::from_std(socket).expect("it can be made blocking");
//!     while let Ok(mut stream) = listener.accept().await {
//!         spawn_local(async move {
//!             loop {
//!                 let bytes = match stream.recv().await {
//!                     Ok(chunk) if !chunk.is_empty() => chunk.to_vec(),
//!                     _ => break,
//!                 };
//!                 if stream.send_all(bytes).await.is_err() {
//!                     break;
//!                 }
//!             }
//!         });
//!     }
//! })?;
//! # runtime.stop()
//! # ; Ok::<(), kio_rs::Error>(())
//! ```
//!
//! What there is beside: [`TcpStream::connect`], both sides of a connection at once
//! ([`TcpStream::halves`], [`TcpStream::into_split`]), sends that a task need not wait for
//! ([`TcpStream::send_behind`]), [`sleep`], [`timeout`] and [`interval`],
//! [`Deadlines`] for time-outs of many connections at next to no cost, a cap on connections
//! ([`Config::max_connections`]), and wakers that work from any thread. The examples `echo`,
//! `hello`, `proxy` and `timer` show them.
//!
//! # Kernels
//!
//! The default configuration needs Linux 6.1. Each feature of [`Config`] names the release that
//! brought it, and can be turned off; [`DriverKind::Epoll`] runs the same tasks on any kernel.
//!
//! # Features of the package
//!
//! `server` (a default one) is for the binary, an HTTP server: the library is whole without it, and
//! brings neither a command line nor HTTP along.
//!
//! # Events
//!
//! Workers that start, end or fail, shared buffers that have run out for the first time and a cap
//! that is reached are events of `tracing`; nothing that happens a request is.
//!
//! # Layout
//!
//! | module | what it is | system calls |
//! |---|---|---|
//! | `runtime` | threads, pinning, the loop of a worker, stopping | few |
//! | `executor` | tasks, wakers, the queue of woken tasks | none |
//! | `net` | listeners, connections and their halves: the owners of operations | through `driver` |
//! | `time`, `timers` | sleeps and time-outs, ordered by their end | none |
//! | `interval`, `deadlines` | a timer of the kernel's, and time-outs counted in its ticks | few, none |
//! | `driver` | submits operations, hands completions to their owners | by one of two drivers |
//! | `driver::uring`, `ring` | io_uring: set-up flags, entries in, completions out | yes |
//! | `driver::epoll` | the calls themselves, and readiness where they would block | yes |
//! | `driver::lost_ends` | ends of connections that the kernel does not tell of | none |
//! | `driver::buffers` | the receive buffers that connections share | two |
//! | `driver::places` | how many connections a worker may have, and who waits for one to close | one |
//! | `current` | which task is being polled: a task of the worker waits by its key, not by a waker | none |
//! | `op` | what is in flight, from submission to the last completion | none |
//! | `slab` | storage for tasks and operations, keys with generations | none |
//! | `sync` | what threads share: the standard library's, or loom's to test it | none |
//!
//! # Invariants
//!
//! - Memory that the kernel may touch outlives its operation: a future or socket that goes away
//!   early leaves it to the operation, which frees it after the last completion. That holds for
//!   receive buffers, bytes to send and addresses to connect to.
//! - No operation finds another socket under the same number: a send, shutdown or connect holds its
//!   socket open until its last completion, and a receive has its file before the close is queued.
//! - A completion finds its operation by index *and* generation, so that a late one never reaches
//!   the slot's next user.
//! - Dropping a future that waits to receive, to accept or for a tick loses nothing: the operation
//!   belongs to the socket or interval.
//! - A connection that has ended does not stay while its task receives: where Linux fails to tell a
//!   multishot receive of it, the receive is submitted anew within two seconds, or where thousands of
//!   connections fall silent at once, a thousand of them a second.
//! - A peer that sends without reading holds a bounded number of shared buffers; when the buffers
//!   have run out, a connection goes on with one of its own.
//! - A worker never has more connections than it may: whoever is beyond the cap waits in the kernel's
//!   queue. With one listener a worker and an accept queue of at most 4096 the ring's table has room
//!   for whatever the kernel accepts, so that nobody is reset.
//! - Wakers run when nothing of the worker is borrowed, as they may run any code.
//! - What the kernel refuses is an error that names the feature, the release that has it and the
//!   remedy. Nothing is replaced in silence; [`Config::multishot_accept`] tells the one thing that
//!   depends on limits.
//!
//! # How they are held
//!
//! Operations, buffers, the slab and sleeps are run against models in every order of events; what
//! crosses threads against loom's interleavings; and a test sees when the bytes of an abandoned
//! send are dropped. All that makes no system call can run under Miri, and the whole runs under
//! AddressSanitizer, which sees this process's accesses but not the kernel's: that the kernel
//! writes to no freed memory is what the models and that test are for. `./study test --full` does
//! all of it, Miri where a toolchain has it.

// Only where a module says why.
#![deny(unsafe_code)]

#[cfg(feature = "bench-internals")]
#[doc(hidden)]
pub mod bench_support;
mod config;
mod context;
mod current;
mod deadlines;
mod driver;
mod error;
mod executor;
#[expect(unsafe_code, reason = "its request names a descriptor")]
mod interval;
mod net;
mod op;
mod runtime;
mod slab;
mod sync;
#[cfg(test)]
mod testing;
mod time;
mod timers;

pub use config::{Config, DriverKind, MinWait, Ops, TaskRun};
pub use context::spawn_local;
pub use deadlines::{Deadline, Deadlines};
pub use driver::ring_flags;
pub use error::Error;
pub use interval::{Interval, interval};
pub use net::{
    Chunk, Recv, RecvHalf, SendAll, SendBehind, SendHalf, StableBytes, TcpListener, TcpStream,
};
pub use runtime::{Runtime, is_stopping};
pub use server_kit::{Counter, Counters, Descriptors, WorkerCounters};
pub use time::{Sleep, TimedOut, sleep, timeout};
