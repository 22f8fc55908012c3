//! What a runtime could at best reach: the study's floors.
//!
//! A floor is the same server as the ones it is compared with, written by hand as a state machine.
//! `uring-floor` stands under the arms on io_uring, `epoll-floor` under those on epoll. Both parse
//! with [`hello_http::Connection`], listen on sockets of [`server_kit::listener`], and have its
//! counters, lines and signals, so that only what lies between the kernel and the parser differs.
//!
//! # What is left out against a runtime, and why
//!
//! - **Tasks, futures, wakers.** A completion or an event names its connection by its descriptor;
//!   the connection's state says what to do next, and it is done on the spot. This is the cost that
//!   the floors exist to measure.
//! - **Timers.** A connection has no deadline while it serves, as in the servers under study. The
//!   one deadline there is, on peers that stay after the last answer, is kept by a coarse tick.
//! - **Keys with generations.** A descriptor is closed only when nothing of its connection is with
//!   the kernel any more, so that no late completion can meet its next owner.
//! - **Cancelling, moving and dropping** anything at any time. What a worker owns lives until the
//!   process ends, which is why the kernel can be given its addresses without further ado.
//! - **Ending gently.** At a signal, answers that were made are handed to the kernel, and the
//!   process goes. Connections are not drained.
//!
//! What is kept is what a correct server cannot do without: answers in order, partial sends, peers
//! that vanish or close half, the lingering close of RFC 9112 (section 9.6), limits on what a peer
//! can make the server hold, buffers and descriptors that run out.
//!
//! # Layout
//!
//! The library has what both binaries share: [`serve`] starts the workers and stops them,
//! [`Outbox`] holds what is still to be sent on a connection, [`Linger`] knows for how long a peer
//! has stayed. The binaries' modules are named by what they do.

mod linger;
mod outbox;
mod serve;

pub use linger::{LINGER_BYTES, Linger, TICK};
pub use outbox::{BACKLOG_BYTES, Outbox};
pub use serve::{Description, Seat, serve};
