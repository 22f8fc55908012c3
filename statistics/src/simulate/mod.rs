//! x
mod noise;
pub use noise::Noise;
