//! Seeds derived from the run's recorded seed and the name of what is estimated.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The recorded seed of a run. Every estimate draws from a stream of its own, named after what is
/// estimated, so adding a comparison never changes another one's interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// The seed as the run's `experiment.toml` records it.
    pub const fn new(recorded: u64) -> Self {
        Self(recorded)
    }

    /// The random stream of the estimate with this name.
    pub fn stream(self, name: &str) -> ChaCha8Rng {
        let digest = Sha256::new()
            .chain_update(self.0.to_le_bytes())
            .chain_update(name.as_bytes())
            .finalize();
        ChaCha8Rng::from_seed(digest.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn a_stream_depends_on_seed_and_name_only() {
        let first = |seed: u64, name: &str| Seed::new(seed).stream(name).next_u64();
        assert_eq!(first(1, "a"), first(1, "a"));
        assert_ne!(first(1, "a"), first(1, "b"));
        assert_ne!(first(1, "a"), first(2, "a"));
    }
}
