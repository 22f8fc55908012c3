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
//! A claim of a limit ("at most *r*", "at least *r*") has no margin either: after lines 1 to 3 it is
//! `supported` when the whole interval is on the right side of r, `refuted` when it is on the wrong
//! one, and `inconclusive` otherwise. Where it is about saturated servers, a server that was not
//! makes it `inconclusive`.
//!
//! A verdict that excludes a ratio (1, the claimed size, the limit, the margin's ends) needs two things more.
//! The estimate must be farther from that ratio than the A/A control is from 1 at the same load
//! ([`crate::stats::control`]); and the p-value of that ratio, adjusted by Holm within the claim's family,
//! must be at most 5 %. Otherwise the claim is `inconclusive`.
//!
//! Of line 5, "the claimed size less the margin is reached": r lies inside the interval or is
//! surpassed by it. Lines 5 and 6 exclude each other by their second condition, so a verdict is
//! never both, and no reversed difference is ever `supported`.

use std::fmt;

use crate::stats::control::clears;
use crate::stats::{EQUIVALENCE_MARGIN, Estimate, MIN_BLOCKS};
use crate::text::precise;

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
    /// It is no larger.
    AtMost(f64),
    /// It is no smaller.
    AtLeast(f64),
}

impl Shape {
    /// The claimed ratio, or the limit.
    pub fn ratio(self) -> f64 {
        match self {
            Self::Times(ratio) | Self::AtMost(ratio) | Self::AtLeast(ratio) => ratio,
            Self::More | Self::Less | Self::Similar => 1.0,
        }
    }

    /// Whether a difference beyond the margin is claimed, and a size of it.
    pub fn claims_a_difference(self) -> bool {
        let sized = matches!(self, Self::Times(_));
        sized && self.ratio().ln().abs() > (1.0 + EQUIVALENCE_MARGIN).ln() + ROUNDING
    }

    /// The limit in words: `at most 0.95`.
    pub fn limit(self) -> String {
        let side = match self {
            Self::AtMost(_) => "at most",
            Self::AtLeast(_) => "at least",
            Self::Times(_) | Self::More | Self::Less | Self::Similar => "exactly",
        };
        format!("{side} {}", precise(self.ratio()))
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
    /// The claim is about saturated servers, and one was not.
    NotSaturated,
    /// The whole interval is on the right side of the limit.
    Met,
    /// The whole interval is on the wrong side of it.
    Missed,
    /// The interval holds the limit.
    Straddles,
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
    /// The difference is no larger than the A/A control's from itself.
    WithinNoise,
    /// By itself it would be decided, not as one of so many claims.
    OneOfMany,
}

impl Reason {
    /// Whether the interval was looked at: nothing forbade a verdict before.
    pub fn is_by_interval(self) -> bool {
        !matches!(
            self,
            Self::InvalidCell | Self::TooFewBlocks | Self::ClientBound | Self::NotSaturated
        )
    }
}

/// What is known at one load point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The ratio found; absent where a cell is invalid.
    pub estimate: Option<Estimate>,
    /// Whether the quantity depends on the load generator and that was the bottleneck.
    pub client_bound: bool,
    /// Whether the claim is about saturated servers and one was not.
    pub unsaturated: bool,
    /// The A/A control's ratio in the same quantity at the same load, where there is one.
    pub control: Option<Estimate>,
}

/// A verdict and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
}

/// The decision table of this module, but for the family, which [`super::judge_all`] knows.
pub fn decide(shape: Shape, evidence: &Evidence) -> Decision {
    let decision = by_interval(shape, evidence);
    let (Some(estimate), Some(control)) = (evidence.estimate, evidence.control) else {
        return decision;
    };
    let decided = !matches!(decision.verdict, Verdict::Inconclusive | Verdict::Invalid);
    let bounds = excluded(shape, decision.reason, &estimate);
    if decided
        && !bounds
            .iter()
            .all(|bound| clears(&estimate, *bound, &control))
    {
        return Decision {
            verdict: Verdict::Inconclusive,
            reason: Reason::WithinNoise,
        };
    }
    decision
}

/// The ratios that a verdict for this reason excludes; for one that decides nothing those that it would
/// have had to.
pub(super) fn excluded(shape: Shape, reason: Reason, estimate: &Estimate) -> Vec<f64> {
    let most = 1.0 + EQUIVALENCE_MARGIN;
    match (reason, shape) {
        (Reason::WithinMargin, _) | (Reason::TooWide, Shape::Similar) => vec![1.0 / most, most],
        (Reason::Different, _) if estimate.value > 1.0 => vec![most],
        (Reason::Different, _) => vec![1.0 / most],
        (Reason::Smaller | Reason::NoDifference, Shape::Times(ratio)) => {
            vec![if ratio >= 1.0 {
                ratio / most
            } else {
                ratio * most
            }]
        }
        (_, Shape::AtMost(limit) | Shape::AtLeast(limit)) => vec![limit],
        _ => vec![1.0],
    }
}

fn by_interval(shape: Shape, evidence: &Evidence) -> Decision {
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
    if evidence.unsaturated {
        return with(Verdict::Inconclusive, Reason::NotSaturated);
    }
    if let Some((verdict, reason)) = against_limit(shape, &estimate) {
        return with(verdict, reason);
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
        Shape::More | Shape::AtLeast(_) => true,
        Shape::Less | Shape::AtMost(_) => false,
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
        _ => 1.0,
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

/// The verdict on a claim of a limit; `None` for another claim.
fn against_limit(shape: Shape, estimate: &Estimate) -> Option<(Verdict, Reason)> {
    let (met, missed) = match shape {
        Shape::AtMost(limit) => (estimate.high <= limit, estimate.low > limit),
        Shape::AtLeast(limit) => (estimate.low >= limit, estimate.high < limit),
        Shape::Times(_) | Shape::More | Shape::Less | Shape::Similar => return None,
    };
    Some(match (met, missed) {
        (true, _) => (Verdict::Supported, Reason::Met),
        (_, true) => (Verdict::Refuted, Reason::Missed),
        _ => (Verdict::Inconclusive, Reason::Straddles),
    })
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
mod tests;
