//! The load: wrk for the timed window, a small client of our own for the warm-up before it.

mod histogram;
mod report;
pub mod warm_up;
mod wrk;

pub use histogram::Latencies;
pub use report::Window;
pub use wrk::{Run, Wrk, arguments};
