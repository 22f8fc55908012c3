//! Claims and verdicts: the card's quantitative statements and ours, judged by one table.
//!
//! A claim is data: who said it, in which words, which arms and quantity it is about, and how large
//! the claimed ratio is. The verdict is computed by [`decide`], the sentence is generated from it.

mod card;
mod cause;
mod connections;
mod counts;
mod decide;
mod effect;
mod explained;
mod file;
mod headline;
mod judge;
mod level;
mod ours;
mod sentence;
mod summary;
mod target;

use records::{LoadPoint, Plan};

use crate::metric::Metric;
pub use crate::model::OUR_ARM;
use crate::model::{Pair, Study, ratio_id};
use crate::published::Published;
use crate::stats::{ALPHA, Estimate, holm_adjusted};
use crate::text::Prose;

pub use cause::{CAUSES, Cause};
pub use connections::Connections;
pub use decide::{Decision, Evidence, Reason, Shape, Verdict, decide};
pub use effect::{Beginnings, Effect, Named, effect_at, effects, summary};
pub use explained::{Explained, explained};
pub use file::{ClaimsFileError, claims_of_file};
pub use headline::{Headline, headline};
pub use judge::judge;
pub use summary::RUNGS;
pub use target::{TARGETS, Target};

/// The arm that stands for the card's kio: one shared listener, no parsing, an allocation a request.
pub const CARD_KIO_ARM: &str = "kio-uring-published-no-parse-heap";
/// The arm that stands for the card's Tokio server: no parsing.
pub const CARD_TOKIO_ARM: &str = "tokio-published-no-parse";

/// Who made a claim. The p-values of a family are adjusted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// The published card.
    Card,
    /// This repository.
    Ours,
    /// This repository's declared targets.
    Target,
    /// The card's explanations of its difference.
    Cause,
    /// The A/A control: an arm against its exact repeat.
    Control,
    /// A reader's, from a file.
    Yours,
}

impl Family {
    /// The families of a report, in its order.
    pub const ALL: [Self; 5] = [
        Self::Card,
        Self::Ours,
        Self::Target,
        Self::Cause,
        Self::Control,
    ];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Ours => "ours",
            Self::Target => "target",
            Self::Cause => "cause",
            Self::Control => "control",
            Self::Yours => "yours",
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
    /// Whether it is about saturated servers only.
    pub needs_saturation: bool,
}

impl Claim {
    /// What it is about, whatever its test.
    pub fn subject(&self) -> Subject<'_> {
        let subject = |arms, metric, loads, claimed| Subject {
            arms,
            metric,
            loads,
            claimed,
        };
        match &self.test {
            Test::Ratio {
                ours,
                base,
                metric,
                loads,
                shape,
            } => subject(
                vec![ours, base],
                metric.column(),
                loads,
                Some(shape.ratio()),
            ),
            Test::Level {
                arm,
                load,
                level,
                shape,
            } => {
                let load = std::slice::from_ref(load);
                subject(vec![arm], level.column(), load, Some(shape.ratio()))
            }
            Test::Saturation { arms, load } => {
                let load = std::slice::from_ref(load);
                subject(arms.iter().collect(), "server_cores_busy", load, None)
            }
            Test::ConnectErrors { arms, load, .. } => {
                let load = std::slice::from_ref(load);
                subject(arms.iter().collect(), "socket_errors_connect", load, None)
            }
        }
    }
}

/// What a claim is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject<'a> {
    /// One arm or two.
    pub arms: Vec<&'a String>,
    /// The quantity's column.
    pub metric: &'static str,
    /// The load points.
    pub loads: &'a [LoadPoint],
    /// The claimed number, where there is one.
    pub claimed: Option<f64>,
}

/// The quantity of a claim about one arm.
#[derive(Clone, Debug, PartialEq)]
pub enum Level {
    /// A quantity of the cell.
    Quantity(Metric),
    /// Server memory less that of the load `without` idle connections, by their number.
    BytesAnIdleConnection {
        /// The same load without idle connections.
        without: LoadPoint,
    },
    /// A quantity as a ratio to that at the load `without` idle connections.
    AgainstWithoutIdle {
        /// The quantity.
        metric: Metric,
        /// The same load without idle connections.
        without: LoadPoint,
    },
}

impl Level {
    fn column(&self) -> &'static str {
        match self {
            Self::Quantity(metric) | Self::AgainstWithoutIdle { metric, .. } => metric.column(),
            Self::BytesAnIdleConnection { .. } => "rss_bytes_per_idle_connection",
        }
    }
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
    /// A quantity of one arm at a load.
    Level {
        /// The arm.
        arm: String,
        /// The load point.
        load: LoadPoint,
        /// The quantity.
        level: Level,
        /// What is claimed of it.
        shape: Shape,
    },
    /// Both arms keep their server's cores saturated.
    Saturation {
        /// The arms.
        arms: [String; 2],
        /// The load point.
        load: LoadPoint,
    },
    /// So many connections fail to open.
    ConnectErrors {
        /// The arms.
        arms: [String; 2],
        /// The load point.
        load: LoadPoint,
        /// The same of a load generator with the default limit of open files.
        limited: LoadPoint,
        /// What the card reports.
        published: Connections,
    },
}

impl Test {
    /// Whether what it looks at depends on which processors server and load generator have.
    fn depends_on_placement(&self) -> bool {
        !matches!(self, Self::ConnectErrors { .. })
    }
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

impl RowRef {
    /// Identifier of the row.
    pub fn id(&self, study: &Study) -> String {
        match *self {
            Self::Cell { arm, point } => study.cell(arm, point).id(),
            Self::Ratio { pair, point } => ratio_id(&study.plan, pair, point),
        }
    }
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
    /// Two-sided p-value of the ratio that the verdict excludes, or would have had to; none where the
    /// interval was not looked at.
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
    /// p-value of a ratio claim, over all its load points.
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
            Test::Level { .. } | Test::Saturation { .. } | Test::ConnectErrors { .. } => false,
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

/// All claims that can be made about a run: the card's, ours, the targets, the controls', and the
/// card's explanations.
pub fn all(plan: &Plan, published: &Published) -> Vec<Claim> {
    let mut claims = card::claims(published);
    claims.extend(ours::claims(plan));
    claims.extend(target::claims(plan));
    claims.extend(cause::claims(plan));
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
            Test::Level { .. } | Test::Saturation { .. } | Test::ConnectErrors { .. } => None,
        })
        .collect()
}

/// Judges every claim against a study. A verdict stands only where its p-value does within its family.
/// Where server and load generator share their processors only the controls are judged, and counts, which
/// do not depend on that: all other claims are about servers that have theirs to themselves.
pub fn judge_all(study: &Study, claims: &[Claim]) -> Claims {
    let mut judged = Vec::new();
    let mut not_measured = Vec::new();
    for claim in claims {
        let meant =
            study.apart() || claim.family == Family::Control || !claim.test.depends_on_placement();
        match judge(study, claim).filter(|_| meant) {
            Some(result) => judged.push(result),
            None => not_measured.push(claim.clone()),
        }
    }
    for family in Family::ALL {
        let members: Vec<usize> = (0..judged.len())
            .filter(|i| judged[*i].claim.family == family && judged[*i].p.is_some())
            .collect();
        let ps: Vec<f64> = members.iter().filter_map(|i| judged[*i].p).collect();
        for (i, adjusted) in members.into_iter().zip(holm_adjusted(&ps)) {
            judged[i].p_holm = Some(adjusted);
            if adjusted > ALPHA && judged[i].verdict != Verdict::Inconclusive {
                judge::take_back(study, &mut judged[i]);
            }
        }
    }
    Claims {
        judged,
        not_measured,
    }
}
