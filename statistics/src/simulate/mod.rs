//! x
mod noise;
pub(crate) use noise::normal;
pub use noise::Noise;
