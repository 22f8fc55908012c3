//! Synthetic noise of known truth.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Exp1, StandardNormal, StudentT};

/// How one window of an arm deviates from the arm's true speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// Log-normal.
    LogNormal,
    /// Student's t with 3 degrees of freedom: now and then a window is far off.
    HeavyTails,
    /// The speed jumps by 20 %: for a whole block in one block of three, for a window alone in one of four.
    Modes,
    /// One window in ten is half as slow again.
    Outliers,
    /// Exponential: no window is much faster than usual, many are slower.
    Skewed,
    /// Log-normal, three times as wide for one arm as for the other.
    Unequal,
}

impl Noise {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::LogNormal,
        Self::HeavyTails,
        Self::Modes,
        Self::Outliers,
        Self::Skewed,
        Self::Unequal,
    ];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::LogNormal => "log-normal",
            Self::HeavyTails => "heavy tails (t with 3 degrees of freedom)",
            Self::Modes => "modes (speed jumps by 20 %)",
            Self::Outliers => "outliers (one window in ten 50 % slower)",
            Self::Skewed => "skewed (exponential)",
            Self::Unequal => "one arm three times as noisy",
        }
    }

    /// The logarithms of so many arms' deviations in one block.
    pub fn block(self, arms: usize, random: &mut impl Rng) -> Vec<f64> {
        let drift = match self {
            Self::Modes => jump(1.0 / 3.0, 1.2, random),
            _ => 0.1 * normal(random),
        };
        (0..arms)
            .map(|arm| drift + self.window(arm, random))
            .collect()
    }

    fn window(self, arm: usize, random: &mut impl Rng) -> f64 {
        match self {
            Self::LogNormal => 0.05 * normal(random),
            Self::HeavyTails => {
                let tails = StudentT::new(3.0).expect("3 is positive");
                0.03 * Distribution::<f64>::sample(&tails, random)
            }
            Self::Modes => 0.03 * normal(random) + jump(0.25, 1.2, random),
            Self::Outliers => 0.03 * normal(random) + jump(0.1, 1.5, random),
            Self::Skewed => 0.05 * Distribution::<f64>::sample(&Exp1, random),
            Self::Unequal if arm == 0 => 0.06 * normal(random),
            Self::Unequal => 0.02 * normal(random),
        }
    }
}

pub(crate) fn normal(random: &mut impl Rng) -> f64 {
    StandardNormal.sample(random)
}

fn jump(probability: f64, times: f64, random: &mut impl Rng) -> f64 {
    if random.random_bool(probability) {
        f64::ln(times)
    } else {
        0.0
    }
}
