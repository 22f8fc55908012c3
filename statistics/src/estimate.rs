//! A number with its interval.

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// An estimate with its 95 % interval and the number of blocks it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower bound of the 95 % interval.
    pub low: f64,
    /// Upper bound of the 95 % interval.
    pub high: f64,
    /// Blocks.
    pub blocks: usize,
}

impl Estimate {
    /// How far the estimate is from 1, as a share: 0.97 and 1/0.97 are equally far.
    pub fn deviation(&self) -> f64 {
        self.value.ln().abs().exp() - 1.0
    }

    /// How far the interval reaches from 1, likewise.
    pub fn reach(&self) -> f64 {
        self.low.ln().abs().max(self.high.ln().abs()).exp() - 1.0
    }

    /// Whether the interval leaves 1 out.
    pub fn excludes_one(&self) -> bool {
        self.low > 1.0 || self.high < 1.0
    }

    /// Half of the interval's width, as a share: 0.97 to 1.03 is about 0.03.
    pub fn half_width(&self) -> f64 {
        ((self.high.ln() - self.low.ln()) / 2.0).exp_m1()
    }

    /// The same of logarithms, as ratios.
    pub(crate) fn exp(self) -> Self {
        Self {
            value: self.value.exp(),
            low: self.low.exp(),
            high: self.high.exp(),
            blocks: self.blocks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: f64, low: f64, high: f64) -> Estimate {
        Estimate {
            value,
            low,
            high,
            blocks: 1,
        }
    }

    #[test]
    fn distances_from_one_are_the_same_both_ways() {
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(close(of(0.8, 0.8, 0.8).deviation(), 0.25));
        assert!(close(of(1.25, 1.0, 1.25).deviation(), 0.25));
        assert!(close(of(0.9, 0.8, 1.1).reach(), 0.25));
        assert!(close(of(1.0, 0.8, 1.25).half_width(), 0.25));
    }

    #[test]
    fn an_interval_that_ends_at_one_does_not_exclude_it() {
        assert!(!of(1.1, 1.0, 1.2).excludes_one());
        assert!(of(1.1, 1.01, 1.2).excludes_one() && of(0.9, 0.8, 0.99).excludes_one());
    }
}
