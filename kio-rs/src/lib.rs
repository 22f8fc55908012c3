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
//! # Layout
//!
//! | module | what it is | system calls |
//! |---|---|---|
//! | `runtime` | threads, pinning, the loop of a worker, stopping | few |
//! | `executor` | tasks, wakers, the queue of woken tasks | none |
//! | `driver` | submits operations, hands completions to their owners | through `ring` |
//! | `ring` | the io_uring: set-up flags, entries in, completions out | yes |
//! | `op` | what is in flight, from submission to the last completion | none |
//! | `slab` | storage for tasks and operations, keys with generations | none |
//! | `buffers` | the ring of receive buffers that connections share | two |
//! | `sync` | what threads share: the standard library's, or loom's to test it | none |
//! | `net`, `time` | sockets and sleeps: the owners of operations | through `driver` |
//!
//! # Invariants
//!
//! - Memory that the kernel may touch outlives its operation: a future or socket that goes away
//!   early leaves it to the operation, which frees it after the last completion.
//! - A completion finds its operation by index *and* generation, so that a late one never reaches
//!   the slot's next user.
//! - Dropping a future that waits to receive or accept loses nothing: the operation belongs to the
//!   socket.
//! - A peer that sends without reading holds a bounded number of shared buffers; when the buffers
//!   have run out, a connection goes on with one of its own.
//! - What the kernel refuses is an error that names the feature, the release that has it and the
//!   remedy. Nothing is replaced in silence.
//!
//! # How they are held
//!
//! Operations, buffers, the slab and sleeps are run against models in every order of events; what
//! crosses threads against loom's interleavings; and a test sees when the bytes of an abandoned
//! send are dropped. All that makes no system call can run under Miri, and the whole runs under
//! AddressSanitizer, which sees this process's accesses but not the kernel's: that the kernel
//! writes to no freed memory is what the models and that test are for. `./study test --full` does
//! all of it, Miri where a toolchain has it.

#[cfg(feature = "bench-internals")]
#[doc(hidden)]
pub mod bench_support;
mod config;
mod context;
mod driver;
mod error;
mod executor;
mod net;
mod op;
mod runtime;
mod slab;
mod sync;
#[cfg(test)]
mod testing;
mod time;
mod timers;

pub use config::{Config, DriverKind, Ops, TaskRun};
pub use context::spawn_local;
pub use driver::ring_flags;
pub use error::Error;
pub use net::{Chunk, SendAll, StableBytes, TcpListener, TcpStream};
pub use runtime::{Runtime, is_stopping};
pub use time::{TimedOut, sleep, timeout};
