//! What the peers share: [`serve`] gives each worker a thread of its own, pinned, with a listener
//! of its own and counters, and reports as the study's own servers do. A peer adds its runtime.
#![forbid(unsafe_code)]

mod accepting;
mod lock;
mod serve;

pub use accepting::accept_failed;
pub use lock::locked_version;
pub use serve::{LINGER_BYTES, Peer, Worker, exit_code, serve, start_line};
pub use server_kit::confine;
