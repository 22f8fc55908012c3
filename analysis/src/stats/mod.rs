//! Statistics as pure functions: no files, no frames, no clock, and no randomness but a named seed.
//!
//! A comparison of two arms is made inside blocks: both arms ran within the same minute or so, and
//! what drifts between blocks (frequency, neighbours, placement) cancels in their ratio. The
//! estimate is the median of the paired ratios, the interval a percentile bootstrap over blocks.

mod bootstrap;
mod holm;
mod median;
mod ratio;
mod seed;
mod sign_flip;

pub use bootstrap::{Interval, RESAMPLES, Resampler};
pub use holm::holm_adjusted;
pub use median::median;
pub use ratio::{Estimate, log_ratios, median_estimate, ratio_estimate};
pub use seed::Seed;
pub use sign_flip::{EXACT_UP_TO_BLOCKS, sign_flip_p};

/// Differences up to this share are declared equal in advance: a server that is 2 % cheaper is no
/// reason to choose it, and the usual A/A noise of a quiet machine is of this size.
pub const EQUIVALENCE_MARGIN: f64 = 0.02;

/// With fewer blocks nothing is decided: six are the least whose whole range spans the median with
/// 95 % (each value lies above it or below, like a coin: 1 - 2/64), and the least that a sign-flip
/// test can tell from chance (p = 2/64).
pub const MIN_BLOCKS: usize = 6;
