//! The load: wrk, flood or oha for the timed window, a small client of our own for the warm-up before it.

mod flood;
mod generators;
mod histogram;
mod oha;
mod report;
mod run;
pub mod warm_up;
mod wrk;

use records::LoadPoint;

pub use flood::{Flood, sources};
pub use generators::{Generators, arguments, name};
pub use histogram::Latencies;
pub use oha::Oha;
pub use report::Window;
pub use run::{ClientSeries, Reading, Run, sample};
pub use wrk::Wrk;

/// A closed loop of wrk on so many connections, with so many requests in flight on each.
pub fn closed_loop(connections: u32, pipeline: u32) -> LoadPoint {
    LoadPoint {
        connections,
        pipeline,
        ..LoadPoint::default()
    }
}
