//! A latency histogram as it is recorded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

/// A right-skewed histogram around a mean.
pub fn around(mean_us: f64) -> String {
    let mut histogram = Histogram::<u64>::new(3).unwrap();
    for step in 0..64_u32 {
        let value = (mean_us * (0.4 + f64::from(step) / 50.0)) as u64;
        let count = 40_000_u32 >> (step / 4);
        histogram
            .record_n(value.max(1), u64::from(count) + 1)
            .unwrap();
    }
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(&histogram, &mut bytes)
        .unwrap();
    STANDARD.encode(bytes)
}
