//! The decision table: from an interval to a verdict.
//!
//! A claim says "A is *r* times B". With the 95 % interval [low, high] of the ratio found and the
//! margin m ([`EQUIVALENCE_MARGIN`]), the first line that applies decides:
//!
//! | # | condition | verdict |
//! |---|---|---|
//! | 1 | a cell is invalid | `invalid` |
//! | 2 | fewer than [`MIN_BLOCKS`] blocks | `inconclusive` |
//! | 3 | the quantity depends on the load generator, and that was the bottleneck in either cell | `inconclusive` |
//! | 4 | 1/(1+m) <= low and high <= 1+m | `equivalent`; a claimed r beyond the margin is refuted with it |
//! | 5 | low > 1 and high >= r/(1+m) | `supported` |
//! | 6 | high < r/(1+m) | `refuted`: smaller (low > 1), the reverse (high < 1) or no difference |
//! | 7 | otherwise | `inconclusive` |
//!
//! That is the table for r >= 1; for r < 1 the ratio, the interval and r are inverted first. A claim
//! of a direction alone ("less", "more") is r = 1 in that direction, without a margin: an interval
//! that excludes 1 on the other side refutes it. A claim of likeness has no
//! direction: lines 1 to 4 apply, it is `refuted` when the whole interval lies beyond the margin
//! on one side, and `inconclusive` otherwise.
//!
//! Of line 5, "the claimed size less the margin is reached": r lies inside the interval or is
//! surpassed by it. Lines 5 and 6 exclude each other by their second condition, so a verdict is
//! never both, and no reversed difference is ever `supported`.

use std::fmt;

use crate::stats::{EQUIVALENCE_MARGIN, Estimate, MIN_BLOCKS};

/// Tolerance in comparing claimed sizes, which are decimal fractions.
const ROUNDING: f64 = 1e-9;

/// What becomes of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The data show what the claim says.
    Supported,
    /// The data exclude what the claim says.
    Refuted,
    /// There is no difference beyond the margin.
    Equivalent,
    /// The data do not decide it.
    Inconclusive,
    /// A measurement the claim needs is invalid.
    Invalid,
}

impl Verdict {
    /// All verdicts, in the order of the report.
    pub const ALL: [Self; 5] = [
        Self::Supported,
        Self::Refuted,
        Self::Equivalent,
        Self::Inconclusive,
        Self::Invalid,
    ];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Refuted => "refuted",
            Self::Equivalent => "equivalent",
            Self::Inconclusive => "inconclusive",
            Self::Invalid => "invalid",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What is claimed of a ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// It is so large.
    Times(f64),
    /// It is above 1.
    More,
    /// It is below 1.
    Less,
    /// It is 1, within the margin.
    Similar,
}

impl Shape {
    /// The claimed ratio.
    pub fn ratio(self) -> f64 {
        match self {
            Self::Times(ratio) => ratio,
            Self::More | Self::Less | Self::Similar => 1.0,
        }
    }

    /// Whether a difference beyond the margin is claimed.
    pub fn claims_a_difference(self) -> bool {
        self.ratio().ln().abs() > (1.0 + EQUIVALENCE_MARGIN).ln() + ROUNDING
    }
}

/// Why a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A cell is invalid.
    InvalidCell,
    /// There are fewer than [`MIN_BLOCKS`] blocks.
    TooFewBlocks,
    /// The load generator was the bottleneck.
    ClientBound,
    /// The interval lies within the margin.
    WithinMargin,
    /// The claimed size is inside the interval.
    Reached,
    /// The whole interval lies beyond the claimed size.
    Surpassed,
    /// The difference has the claimed direction but not the size.
    Smaller,
    /// The claimed size is excluded and no difference is not.
    NoDifference,
    /// The difference has the other direction.
    Reverse,
    /// Likeness was claimed and there is a difference.
    Different,
    /// The interval holds both the claim and its opposite.
    TooWide,
}

/// What is known at one load point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The ratio found; absent where a cell is invalid.
    pub estimate: Option<Estimate>,
    /// Whether the quantity depends on the load generator and that was the bottleneck.
    pub client_bound: bool,
}

/// A verdict and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
}

/// The decision table of this module.
pub fn decide(shape: Shape, evidence: &Evidence) -> Decision {
    let with = |verdict, reason| Decision { verdict, reason };
    let Some(estimate) = evidence.estimate else {
        return with(Verdict::Invalid, Reason::InvalidCell);
    };
    if estimate.blocks < MIN_BLOCKS {
        return with(Verdict::Inconclusive, Reason::TooFewBlocks);
    }
    if evidence.client_bound {
        return with(Verdict::Inconclusive, Reason::ClientBound);
    }
    let most = 1.0 + EQUIVALENCE_MARGIN;
    let (low, high) = (estimate.low, estimate.high);
    if 1.0 / most <= low && high <= most {
        return with(Verdict::Equivalent, Reason::WithinMargin);
    }
    let upwards = match shape {
        Shape::Similar if low > most || high < 1.0 / most => {
            return with(Verdict::Refuted, Reason::Different);
        }
        Shape::Similar => return with(Verdict::Inconclusive, Reason::TooWide),
        Shape::More => true,
        Shape::Less => false,
        Shape::Times(ratio) => ratio >= 1.0,
    };
    let (low, high, claimed) = if upwards {
        (low, high, shape.ratio())
    } else {
        (1.0 / high, 1.0 / low, 1.0 / shape.ratio())
    };
    // A direction alone has no size that could be missed by a margin.
    let least = match shape {
        Shape::Times(_) => claimed / most * (1.0 - ROUNDING),
        Shape::More | Shape::Less | Shape::Similar => 1.0,
    };
    match (low > 1.0, high >= least) {
        (true, true) if low > claimed => with(Verdict::Supported, Reason::Surpassed),
        (true, true) => with(Verdict::Supported, Reason::Reached),
        (true, false) => with(Verdict::Refuted, Reason::Smaller),
        (false, false) if high < 1.0 => with(Verdict::Refuted, Reason::Reverse),
        (false, false) => with(Verdict::Refuted, Reason::NoDifference),
        (false, true) => with(Verdict::Inconclusive, Reason::TooWide),
    }
}

/// The verdict on a claim about several load points at once: it holds only where it holds at all
/// of them, and falls with any of them.
pub(super) fn combine(verdicts: &[Verdict]) -> Verdict {
    let any = |wanted| verdicts.contains(&wanted);
    let all = |wanted| verdicts.iter().all(|verdict| *verdict == wanted);
    if any(Verdict::Invalid) {
        Verdict::Invalid
    } else if all(Verdict::Equivalent) {
        Verdict::Equivalent
    } else if any(Verdict::Refuted) || any(Verdict::Equivalent) {
        Verdict::Refuted
    } else if any(Verdict::Inconclusive) {
        Verdict::Inconclusive
    } else {
        Verdict::Supported
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(low: f64, high: f64) -> Evidence {
        Evidence {
            estimate: Some(Estimate {
                value: (low * high).sqrt(),
                low,
                high,
                blocks: 10,
            }),
            client_bound: false,
        }
    }

    fn check(shape: Shape, low: f64, high: f64, verdict: Verdict, reason: Reason) {
        let decision = decide(shape, &found(low, high));
        assert_eq!(
            decision,
            Decision { verdict, reason },
            "{shape:?} and [{low}, {high}]"
        );
    }

    #[test]
    fn the_table_line_by_line() {
        use Reason::*;
        use Shape::*;
        use Verdict::*;
        let cases = [
            // Line 4, at its edges, for every shape.
            (Times(1.26), 0.99, 1.01, Equivalent, WithinMargin),
            (Times(1.02), 1.0 / 1.02, 1.02, Equivalent, WithinMargin),
            (Less, 0.985, 0.999, Equivalent, WithinMargin),
            (Similar, 0.981, 1.019, Equivalent, WithinMargin),
            // Line 5: inside the interval, reached less the margin, surpassed.
            (Times(1.26), 1.20, 1.30, Supported, Reached),
            (Times(1.26), 1.01, 1.40, Supported, Reached),
            (Times(1.26), 1.10, 1.24, Supported, Reached),
            (Times(1.26), 1.30, 1.50, Supported, Surpassed),
            (Times(0.80), 0.78, 0.83, Supported, Reached),
            (Times(0.80), 0.60, 0.70, Supported, Surpassed),
            (Less, 0.90, 0.95, Supported, Surpassed),
            (More, 1.01, 1.05, Supported, Surpassed),
            (Times(1.02), 1.01, 1.03, Supported, Reached),
            // Line 6: its three reasons, both directions.
            (Times(1.26), 1.03, 1.10, Refuted, Smaller),
            (Times(1.26), 0.97, 1.10, Refuted, NoDifference),
            (Times(1.26), 0.80, 0.95, Refuted, Reverse),
            (Times(0.80), 0.90, 0.96, Refuted, Smaller),
            (Times(0.80), 0.95, 1.05, Refuted, NoDifference),
            (Times(0.80), 1.05, 1.20, Refuted, Reverse),
            (Less, 1.03, 1.10, Refuted, Reverse),
            (More, 0.90, 0.95, Refuted, Reverse),
            (Times(1.02), 0.90, 0.97, Refuted, Reverse),
            // Line 7.
            (Times(1.26), 0.90, 1.40, Inconclusive, TooWide),
            (Less, 0.95, 1.05, Inconclusive, TooWide),
            (Less, 1.001, 1.03, Refuted, Reverse),
            // Likeness.
            (Similar, 1.03, 1.10, Refuted, Different),
            (Similar, 0.80, 0.97, Refuted, Different),
            (Similar, 0.97, 1.03, Inconclusive, TooWide),
            (Similar, 1.01, 1.10, Inconclusive, TooWide),
        ];
        for (shape, low, high, verdict, reason) in cases {
            check(shape, low, high, verdict, reason);
        }
    }

    #[test]
    fn what_forbids_any_other_verdict_comes_first() {
        let certain = found(1.30, 1.40);
        let none = Evidence {
            estimate: None,
            client_bound: true,
        };
        assert_eq!(decide(Shape::Times(1.26), &none).verdict, Verdict::Invalid);
        let few = Evidence {
            estimate: certain.estimate.map(|estimate| Estimate {
                blocks: MIN_BLOCKS - 1,
                ..estimate
            }),
            ..certain
        };
        assert_eq!(
            decide(Shape::Times(1.26), &few).reason,
            Reason::TooFewBlocks
        );
        let bound = Evidence {
            client_bound: true,
            ..certain
        };
        assert_eq!(
            decide(Shape::Times(1.26), &bound).reason,
            Reason::ClientBound
        );
    }

    #[test]
    fn a_claim_about_several_loads_falls_with_one() {
        use Verdict::*;
        assert_eq!(combine(&[Supported, Supported]), Supported);
        assert_eq!(combine(&[Supported, Refuted]), Refuted);
        assert_eq!(combine(&[Supported, Equivalent]), Refuted);
        assert_eq!(combine(&[Equivalent, Equivalent]), Equivalent);
        assert_eq!(combine(&[Inconclusive, Supported]), Inconclusive);
        assert_eq!(combine(&[Inconclusive, Refuted]), Refuted);
        assert_eq!(combine(&[Invalid, Refuted]), Invalid);
    }

    fn shapes() -> impl Strategy<Value = Shape> {
        prop_oneof![
            (0.3_f64..3.0).prop_map(Shape::Times),
            Just(Shape::More),
            Just(Shape::Less),
            Just(Shape::Similar),
        ]
    }

    proptest! {
        #[test]
        fn a_reversed_or_absent_difference_is_never_supported(
            shape in shapes(),
            low in 0.3_f64..3.0,
            width in 1.0_f64..2.0,
        ) {
            let high = low * width;
            let decision = decide(shape, &found(low, high));
            if decision.verdict == Verdict::Supported {
                match shape {
                    Shape::Times(ratio) if ratio >= 1.0 => prop_assert!(low > 1.0),
                    Shape::Times(_) | Shape::Less => prop_assert!(high < 1.0),
                    Shape::More => prop_assert!(low > 1.0),
                    Shape::Similar => prop_assert!(false, "likeness is equivalent, not supported"),
                }
            }
        }

        #[test]
        fn inverting_claim_and_interval_changes_nothing(
            ratio in 0.3_f64..3.0,
            low in 0.3_f64..3.0,
            width in 1.0_f64..2.0,
        ) {
            let high = low * width;
            // On the very edges rounding may differ between a number and its inverse.
            let edges = [1.0, 1.02, 1.0 / 1.02, ratio, ratio * 1.02, ratio / 1.02];
            prop_assume!(edges.iter().all(|e| (low - e).abs() > 1e-6 && (high - e).abs() > 1e-6));
            prop_assume!((ratio - 1.0).abs() > 1e-6);
            let there = decide(Shape::Times(ratio), &found(low, high));
            let back = decide(Shape::Times(1.0 / ratio), &found(1.0 / high, 1.0 / low));
            prop_assert_eq!(there, back);
        }

        #[test]
        fn supported_needs_the_claimed_size_and_refuted_excludes_it(
            ratio in 1.0_f64..3.0,
            low in 0.3_f64..3.0,
            width in 1.0_f64..2.0,
        ) {
            let high = low * width;
            let least = ratio / 1.02;
            match decide(Shape::Times(ratio), &found(low, high)).verdict {
                Verdict::Supported => prop_assert!(high >= least * (1.0 - 1e-6)),
                Verdict::Refuted => prop_assert!(high < least),
                Verdict::Equivalent => prop_assert!(low >= 1.0 / 1.02 && high <= 1.02),
                Verdict::Inconclusive => prop_assert!(low <= 1.0 && high >= least * (1.0 - 1e-6)),
                Verdict::Invalid => prop_assert!(false, "both cells are valid"),
            }
        }
    }
}
