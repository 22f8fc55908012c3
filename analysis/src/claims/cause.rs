//! The card's explanations of its difference, each with the pair of arms that isolates it.
//!
//! An explanation is about CPU a request: where the server is the limit that is the inverse of its
//! rate, and where it is not it still belongs to the server alone. Each load is a claim of its own, and all
//! of them are one family; an explanation as a whole holds only where it holds at every load it is about.

use records::{LoadPoint, Placement, Plan};

use super::decide::combine;
use super::{Claim, Claims, Family, Judged, Shape, Test, Verdict};
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, OUR_ARM, Study};
use crate::stats::EQUIVALENCE_MARGIN;
use crate::text::{Prose, load_id, load_name, load_names, percent};

/// An explanation of the card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cause {
    /// The first part of its claims' identifiers, after `cause`.
    pub id: &'static str,
    /// The card's words.
    pub quote: &'static str,
    /// The arm that has what the other lacks, or lacks it.
    pub arm: &'static str,
    /// The arm it is compared with.
    pub to_arm: &'static str,
    /// Where the explanation is true, how the first arm's CPU a request stands to the second's.
    pub shape: Shape,
    /// The loads, by connections, that the explanation is about.
    pub connections: &'static [u32],
    /// With fewer workers the two arms are equal by construction.
    pub least_workers: u32,
    /// Whether it is about saturated servers only.
    pub needs_saturation: bool,
}

/// The card's loads.
const CARD: &[u32] = &[50, 500, 2000];

/// Where the card says that kio is faster: "low-medium concurrency".
const LOW_TO_MEDIUM: &[u32] = &[50, 500];

const fn cause(
    id: &'static str,
    quote: &'static str,
    arms: [&'static str; 2],
    shape: Shape,
) -> Cause {
    Cause {
        id,
        quote,
        arm: arms[0],
        to_arm: arms[1],
        shape,
        connections: LOW_TO_MEDIUM,
        least_workers: 1,
        needs_saturation: false,
    }
}

/// The five explanations under "Why kio is faster at low-medium concurrency", then what the card says
/// elsewhere.
pub const CAUSES: [Cause; 7] = [
    cause(
        "io-uring",
        "Direct io_uring usage: No abstraction layer, direct SQE submission",
        ["kio-uring-oneshot", "kio-epoll"],
        Shape::Less,
    ),
    Cause {
        least_workers: 2,
        ..cause(
            "affinity",
            "Thread affinity: Workers pinned to cores, better cache locality",
            ["kio-uring-unpinned", OUR_ARM],
            Shape::More,
        )
    },
    cause(
        "allocations",
        "Zero allocations: Stack buffers vs heap-allocated Vec",
        ["kio-uring-heap", OUR_ARM],
        Shape::More,
    ),
    Cause {
        least_workers: 2,
        ..cause(
            "work-stealing",
            "Simpler scheduling: No work-stealing overhead",
            ["tokio-per-core", "tokio-multi-accept"],
            Shape::Less,
        )
    },
    cause(
        "single-issuer",
        "SINGLE_ISSUER optimization: Only one thread submits per ring",
        ["kio-uring-shared-issuer", OUR_ARM],
        Shape::More,
    ),
    Cause {
        connections: CARD,
        ..cause(
            "sqpoll",
            "SQPOLL for kernel polling",
            ["kio-uring-sqpoll", OUR_ARM],
            Shape::Less,
        )
    },
    Cause {
        connections: CARD,
        needs_saturation: true,
        ..cause(
            "efficient-saturation",
            "Consistent 40% across all tests (efficient saturation)",
            ["kio-uring-published", BASELINE_ARM],
            Shape::Less,
        )
    },
];

impl Cause {
    /// What is claimed of which arms.
    pub fn tested_by(&self) -> String {
        let side = match self.shape {
            Shape::More => "more",
            _ => "less",
        };
        let saturated = if self.needs_saturation {
            ", both saturated"
        } else {
            ""
        };
        format!(
            "{} spends {side} {} than {}{saturated}",
            self.arm,
            Metric::CpuUsPerRequest.noun(),
            self.to_arm
        )
    }

    /// The identifier of the claim at a load.
    fn claim_id(&self, load: &LoadPoint) -> String {
        format!("cause-{}-{}", self.id, load_id(load))
    }

    /// Whether the plan can tell the two arms apart at a load of the card.
    fn shows_at(&self, plan: &Plan, load: &LoadPoint) -> bool {
        let like_the_card = LoadPoint {
            connections: load.connections,
            generator: load.generator,
            workers: load.workers,
            ..LoadPoint::default()
        };
        *load == like_the_card
            && CARD.contains(&load.connections)
            && load.workers.unwrap_or(plan.workers) >= self.least_workers
    }

    /// The arms of it that a plan lacks.
    fn lacks(&self, plan: &Plan) -> Vec<&'static str> {
        let there = |name: &str| plan.arms.iter().any(|arm| arm.name == name);
        let mut arms = vec![self.arm, self.to_arm];
        arms.retain(|name| !there(name));
        arms
    }
}

/// The explanations' claims about a run: those whose arms and loads it has. Where server and load
/// generator share their processors there is none.
pub(super) fn claims(plan: &Plan) -> Vec<Claim> {
    if plan.placement == Placement::Shared {
        return Vec::new();
    }
    let tested = CAUSES.iter().filter(|cause| cause.lacks(plan).is_empty());
    tested
        .flat_map(|cause| {
            (plan.load_points.iter())
                .filter(|load| cause.shows_at(plan, load))
                .map(|load| claim(cause, load))
        })
        .collect()
}

fn claim(cause: &Cause, load: &LoadPoint) -> Claim {
    Claim {
        id: cause.claim_id(load),
        family: Family::Cause,
        quote: format!(
            "{}: {} at {}",
            cause.quote,
            cause.tested_by(),
            load_name(load)
        ),
        test: Test::Ratio {
            ours: cause.arm.to_owned(),
            base: cause.to_arm.to_owned(),
            metric: Metric::CpuUsPerRequest,
            loads: vec![load.clone()],
            shape: cause.shape,
        },
        needs_saturation: cause.needs_saturation,
    }
}

/// What became of an explanation.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The explanation.
    pub cause: &'static Cause,
    /// The verdict over the loads it is about; nothing where none of them was judged.
    pub verdict: Option<Verdict>,
    /// The verdict at each load judged, those it is not about too.
    pub by_load: Vec<(LoadPoint, Verdict)>,
    /// The sentence: what the verdict rests on, or why there is none.
    pub sentence: Prose,
}

impl Explained {
    /// The verdict's word.
    pub fn word(&self) -> &'static str {
        self.verdict.map_or("not measured here", Verdict::word)
    }
}

/// What became of each explanation in a run; nothing where none was judged.
pub fn explained(study: &Study, claims: &Claims) -> Vec<Explained> {
    if claims.of(Family::Cause).next().is_none() {
        return Vec::new();
    }
    let of = |cause: &'static Cause| {
        let judged = |load: &&LoadPoint| -> Option<&Judged> {
            let id = cause.claim_id(load);
            claims.of(Family::Cause).find(|j| j.claim.id == id)
        };
        let by_load: Vec<(LoadPoint, Verdict)> = (study.plan.load_points.iter())
            .filter_map(|load| Some((load.clone(), judged(&load)?.verdict)))
            .collect();
        let about =
            |(load, _): &&(LoadPoint, Verdict)| cause.connections.contains(&load.connections);
        let counted: Vec<_> = by_load.iter().filter(about).collect();
        let beside: Vec<_> = by_load.iter().filter(|entry| !about(entry)).collect();
        let verdicts: Vec<Verdict> = counted.iter().map(|(_, verdict)| *verdict).collect();
        let verdict = (!verdicts.is_empty()).then(|| combine(&verdicts));
        let sentence = match verdict {
            Some(verdict) => because(verdict, &counted),
            None => missing(&study.plan, cause),
        };
        let beside = match beside.as_slice() {
            [] => String::new(),
            beside => format!(" Beside the loads that it is about: {}.", listed(beside)),
        };
        Explained {
            cause,
            verdict,
            sentence: sentence.text(beside),
            by_load: by_load.clone(),
        }
    };
    CAUSES.iter().map(of).collect()
}

type At<'a> = &'a (LoadPoint, Verdict);

/// "supported at 50 connections; equivalent at 500 connections".
fn listed(entries: &[At<'_>]) -> String {
    let part = |verdict: Verdict| {
        let loads = at(entries, &[verdict]);
        (!loads.is_empty()).then(|| format!("{verdict} at {loads}"))
    };
    let parts: Vec<String> = Verdict::ALL.into_iter().filter_map(part).collect();
    parts.join("; ")
}

/// The loads with one of these verdicts; empty for none.
fn at(entries: &[At<'_>], wanted: &[Verdict]) -> String {
    let loads: Vec<&LoadPoint> = (entries.iter())
        .filter(|(_, verdict)| wanted.contains(verdict))
        .map(|(load, _)| load)
        .collect();
    load_names(&loads)
}

/// What the verdict over several loads rests on.
fn because(verdict: Verdict, counted: &[At<'_>]) -> Prose {
    let falls = [Verdict::Refuted, Verdict::Equivalent];
    let words = match verdict {
        Verdict::Supported => format!("it holds at {}", at(counted, &[verdict])),
        Verdict::Equivalent => format!(
            "there is no difference beyond {} at {}",
            percent(EQUIVALENCE_MARGIN, 0),
            at(counted, &[verdict])
        ),
        Verdict::Refuted => {
            let some = counted.iter().any(|(_, found)| !falls.contains(found));
            format!(
                "it does not hold at {}{}",
                at(counted, &falls),
                if some {
                    ", and it would have to hold at every load that it is about"
                } else {
                    ""
                }
            )
        }
        Verdict::Inconclusive => {
            format!("the data do not decide it at {}", at(counted, &[verdict]))
        }
        Verdict::Invalid => format!(
            "a measurement that it needs failed a gate at {}",
            at(counted, &[verdict])
        ),
    };
    let differ = counted.iter().any(|(_, found)| *found != verdict);
    let detail = if differ {
        format!(" ({})", listed(counted))
    } else {
        String::new()
    };
    Prose::from(format!("{words}{detail}."))
}

/// Why an explanation has no verdict.
fn missing(plan: &Plan, cause: &Cause) -> Prose {
    let lacks = cause.lacks(plan);
    Prose::from(if !lacks.is_empty() {
        format!("this run does not have {}.", lacks.join(" and "))
    } else if plan.workers < cause.least_workers {
        format!(
            "with fewer than {} workers the two arms are equal by construction.",
            cause.least_workers
        )
    } else {
        "this run has none of the loads that it is about, or no measurement of them.".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(verdicts: &[Verdict]) -> Vec<(LoadPoint, Verdict)> {
        (CARD.iter().zip(verdicts))
            .map(|(connections, verdict)| {
                let load = LoadPoint {
                    connections: *connections,
                    ..LoadPoint::default()
                };
                (load, *verdict)
            })
            .collect()
    }

    fn said(verdicts: &[Verdict]) -> String {
        let entries = entries(verdicts);
        let entries: Vec<_> = entries.iter().collect();
        because(combine(verdicts), &entries).to_plain()
    }

    #[test]
    fn the_sentence_says_where_an_explanation_holds_and_where_not() {
        use Verdict::{Equivalent, Inconclusive, Invalid, Refuted, Supported};
        assert_eq!(
            said(&[Supported, Supported]),
            "it holds at 50 and 500 connections."
        );
        assert_eq!(
            said(&[Equivalent]),
            "there is no difference beyond 2\u{a0}% at 50 connections."
        );
        assert_eq!(
            said(&[Refuted, Refuted]),
            "it does not hold at 50 and 500 connections."
        );
        assert_eq!(
            said(&[Supported, Equivalent]),
            "it does not hold at 500 connections, and it would have to hold at every load that it is \
             about (supported at 50 connections; equivalent at 500 connections)."
        );
        assert_eq!(
            said(&[Supported, Inconclusive]),
            "the data do not decide it at 500 connections (supported at 50 connections; inconclusive at \
             500 connections)."
        );
        assert_eq!(
            said(&[Refuted, Invalid]),
            "a measurement that it needs failed a gate at 500 connections (refuted at 50 connections; \
             invalid at 500 connections)."
        );
    }

    #[test]
    fn every_explanation_has_an_id_and_a_pair_of_its_own() {
        for (place, cause) in CAUSES.iter().enumerate() {
            let alike = |other: &Cause| {
                other.id == cause.id || (other.arm, other.to_arm) == (cause.arm, cause.to_arm)
            };
            assert!(!CAUSES[..place].iter().any(alike), "{}", cause.id);
            assert!(matches!(cause.shape, Shape::Less | Shape::More));
        }
    }
}
