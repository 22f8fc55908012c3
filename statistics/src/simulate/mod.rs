//! Experiments of known truth: the proof that an interval covers it as often as it says, that no
//! difference is called where there is none, and that a real one is found.
//!
//! The tests of this crate hold every number to its bound; `analysis simulate` writes the same
//! numbers into the document of the method.

mod document;
mod noise;
mod rates;

pub use document::markdown;
pub use noise::Noise;
#[cfg(test)]
pub(crate) use noise::normal;
pub use rates::{
    alarms, alarms_of_a_family, coverage, coverage_of_level, coverage_of_runs,
    coverage_of_runs_by_bootstrap, coverage_when_sharp,
};

/// Synthetic experiments behind each number.
pub const EXPERIMENTS: usize = 4000;

/// Blocks for which the properties are shown.
pub const BLOCKS: [usize; 3] = [8, 12, 20];

/// Runs for which the interval over several runs is shown.
pub const RUNS: [usize; 4] = [2, 3, 5, 8];
