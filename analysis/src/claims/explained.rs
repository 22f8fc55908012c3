//! What became of the card's explanations: one holds only where it holds at every load that it is about.

use records::{LoadPoint, Plan};

use super::cause::{CAUSES, Cause};
use super::decide::combine;
use super::{Claims, Family, Judged, Verdict};
use crate::model::Study;
use crate::stats::EQUIVALENCE_MARGIN;
use crate::text::{Prose, load_names, percent};

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
    use crate::claims::cause::CARD;

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
}
