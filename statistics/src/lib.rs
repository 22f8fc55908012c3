//! The study's statistics as pure functions: no files, no frames, no clock, and no randomness but a
//! named seed. `analysis` draws its verdicts with them, and `bench` asks them when a run may end.
//!
//! A comparison of two arms is made inside blocks: both arms ran within the same minute or so, and
//! what drifts between blocks (frequency, neighbours, placement) cancels in their ratio. Where
//! the arms do not differ, neither ratio nor its inverse is the likelier one, so the logarithms of the
//! ratios lie symmetrically about zero whatever the noise of one arm looks like. Estimate, interval and
//! p-value rest on that alone ([`signed_rank`]).
//!
//! | module | does |
//! |---|---|
//! | [`signed_rank`] | estimate, exact interval and p-value of paired differences |
//! | [`level`] | median of one arm's values with its interval |
//! | [`holm_adjusted`] | one error rate for a family of claims |
#![forbid(unsafe_code)]

pub mod control;
pub mod distance;
pub mod drift;
pub mod headline;
pub mod level;
pub mod power;
pub mod ratio;
pub mod runs;
pub mod signed_rank;
pub mod simulate;
pub mod stop;
pub mod usl;

mod estimate;
mod holm;
mod median;
mod seed;
mod walsh;

pub use estimate::{Estimate, Interval};
pub use holm::holm_adjusted;
pub use median::median;
pub use seed::Seed;

/// Differences up to this share are declared equal in advance: a server that is 2 % cheaper is no
/// reason to choose it, and the usual A/A noise of a quiet machine is of this size.
pub const EQUIVALENCE_MARGIN: f64 = 0.02;

/// Share of experiments in which an interval may miss the truth, or a test see what is not there.
pub const ALPHA: f64 = 0.05;

/// With fewer blocks nothing is decided: six are the least whose whole range holds the truth with
/// 95 % (each value lies above it or below, like a coin: 1 - 2/64).
pub const MIN_BLOCKS: usize = 6;
