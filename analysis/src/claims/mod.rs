//! Claims and verdicts: the card's quantitative statements and ours, judged by one table.
//!
//! A claim is data: who said it, in which words, which arms and quantity it is about, and how large
//! the claimed ratio is. The verdict is computed by [`decide`], the sentence is generated from it.

mod card;
mod counts;
mod decide;
mod headline;
mod judge;
mod ours;
mod sentence;

use records::{LoadPoint, Plan};

use crate::metric::Metric;
use crate::model::{Pair, Study};
use crate::published::Published;
use crate::stats::Estimate;
use crate::text::Prose;

pub use decide::{Decision, Evidence, Reason, Shape, Verdict, decide};
pub use headline::{Headline, headline};
pub use judge::judge;

/// The arm that stands for the card's kio: one shared listener, no parsing, an allocation a request.
pub const CARD_KIO_ARM: &str = "kio-uring-published-no-parse-heap";
/// The arm that stands for the card's Tokio server: no parsing.
pub const CARD_TOKIO_ARM: &str = "tokio-published-no-parse";
/// Our own server.
pub const OUR_ARM: &str = "kio-uring";

/// Who made a claim. The p-values of a family are adjusted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// The published card.
    Card,
    /// This repository.
    Ours,
    /// The A/A control: an arm against its exact repeat.
    Control,
}

impl Family {
    /// All families, in the order of the report.
    pub const ALL: [Self; 3] = [Self::Card, Self::Ours, Self::Control];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Ours => "ours",
            Self::Control => "control",
        }
    }
}

/// A quantitative statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Identifier, unique in a report.
    pub id: String,
    /// Who says it.
    pub family: Family,
    /// In which words.
    pub quote: String,
    /// What is looked at to judge it.
    pub test: Test,
}

/// How a claim is judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// A ratio of a quantity of two arms at one or more numbers of connections; where there are
    /// several the claim is about all of them.
    Ratio {
        /// The arm above the line.
        ours: String,
        /// The arm below it.
        base: String,
        /// The quantity.
        metric: Metric,
        /// The load points.
        loads: Vec<LoadPoint>,
        /// What is claimed of the ratio.
        shape: Shape,
    },
    /// Both arms keep their server's cores saturated.
    Saturation {
        /// The arms.
        arms: [String; 2],
        /// The load point.
        load: LoadPoint,
    },
    /// Both arms fail to accept so many connections.
    ConnectErrors {
        /// The arms.
        arms: [String; 2],
        /// The load point.
        load: LoadPoint,
        /// Connections the card reports as failed.
        published: u64,
    },
}

/// A row of a table that a sentence rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowRef {
    /// A row of the table of cells.
    Cell {
        /// The arm.
        arm: usize,
        /// The load point.
        point: usize,
    },
    /// A row of the table of ratios.
    Ratio {
        /// The arms.
        pair: Pair,
        /// The load point.
        point: usize,
    },
}

/// One load point of a judged ratio claim.
#[derive(Clone, Debug, PartialEq)]
pub struct PointResult {
    /// Place of the load point in the plan.
    pub point: usize,
    /// The ratio found, where both cells are valid.
    pub estimate: Option<Estimate>,
    /// What follows from it.
    pub decision: Decision,
    /// Two-sided p-value of the ratio being exactly the claimed one.
    pub p: Option<f64>,
}

/// A claim with its verdict.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The claim.
    pub claim: Claim,
    /// The verdict.
    pub verdict: Verdict,
    /// The load points of a ratio claim; none for another.
    pub points: Vec<PointResult>,
    /// Two-sided p-value of a ratio claim at one load point.
    pub p: Option<f64>,
    /// The same, adjusted within the family.
    pub p_holm: Option<f64>,
    /// The generated sentence.
    pub sentence: Prose,
    /// The rows it rests on.
    pub rests_on: Vec<RowRef>,
}

impl Judged {
    /// Whether the arms are equivalent although the claim states a difference beyond the margin.
    pub fn refutes_the_size(&self) -> bool {
        let states_more = match &self.claim.test {
            Test::Ratio { shape, .. } => shape.claims_a_difference(),
            Test::Saturation { .. } | Test::ConnectErrors { .. } => false,
        };
        states_more && self.verdict == Verdict::Equivalent
    }
}

/// All claims: the judged ones, and those about arms or loads that the run does not have.
#[derive(Clone, Debug)]
pub struct Claims {
    /// Judged claims, by family.
    pub judged: Vec<Judged>,
    /// Claims that this run cannot say anything about.
    pub not_measured: Vec<Claim>,
}

impl Claims {
    /// The judged claims of a family.
    pub fn of(&self, family: Family) -> impl Iterator<Item = &Judged> {
        self.judged
            .iter()
            .filter(move |judged| judged.claim.family == family)
    }
}

/// All claims that can be made about a run: the card's, ours, and the controls'.
pub fn all(plan: &Plan, published: &Published) -> Vec<Claim> {
    let mut claims = card::claims(published);
    claims.extend(ours::claims(plan));
    claims
}

/// The pairs of arms the claims compare, as far as the plan has them.
pub fn pairs(plan: &Plan, claims: &[Claim]) -> Vec<Pair> {
    let place = |name: &str| plan.arms.iter().position(|arm| arm.name == name);
    claims
        .iter()
        .filter_map(|claim| match &claim.test {
            Test::Ratio { ours, base, .. } => Some(Pair {
                ours: place(ours)?,
                base: place(base)?,
            }),
            Test::Saturation { .. } | Test::ConnectErrors { .. } => None,
        })
        .collect()
}

/// Judges every claim against a study.
pub fn judge_all(study: &Study, claims: &[Claim]) -> Claims {
    let mut judged = Vec::new();
    let mut not_measured = Vec::new();
    for claim in claims {
        match judge(study, claim) {
            Some(result) => judged.push(result),
            None => not_measured.push(claim.clone()),
        }
    }
    for family in Family::ALL {
        let members: Vec<usize> = (0..judged.len())
            .filter(|i| judged[*i].claim.family == family && judged[*i].p.is_some())
            .collect();
        let ps: Vec<f64> = members.iter().filter_map(|i| judged[*i].p).collect();
        for (i, adjusted) in members.into_iter().zip(crate::stats::holm_adjusted(&ps)) {
            judged[i].p_holm = Some(adjusted);
        }
    }
    Claims {
        judged,
        not_measured,
    }
}
