//! What a run says of many arms or claims at once, in a sentence each.

use super::effect::{Beginnings, Named, summary};
use super::{Claims, Family, Headline, OUR_ARM, Verdict};
use crate::metric::Metric;
use crate::model::{Study, peers, rungs};
use crate::stats::EQUIVALENCE_MARGIN;
use crate::text::{Prose, joined, percent};

/// Which rungs of the ladder help, and how our server stands to the others.
pub(super) fn structure(study: &Study) -> Vec<Headline> {
    let sentence = |id, start: Prose, pairs: &[_], named, words: &Beginnings| {
        let found = summary(study, pairs, Metric::CpuUsPerRequest, named, words);
        let prose = (found.into_iter()).fold(start, |prose, part| prose.text(" ").then(part));
        (!pairs.is_empty()).then_some(Headline {
            id,
            prose,
            rests_on: Vec::new(),
        })
    };
    let ladder = sentence(
        "headline-ladder",
        Prose::from("Each rung of the ladder against the one below it, CPU a request."),
        &rungs(&study.plan),
        Named::Ours,
        &RUNGS,
    );
    let others = sentence(
        "headline-peers",
        Prose::new()
            .code(OUR_ARM)
            .text(" against other runtimes and servers, CPU a request."),
        &peers(&study.plan),
        Named::Base,
        &Beginnings {
            less: "Less than",
            more: "More than",
            same: "The same",
        },
    );
    ladder.into_iter().chain(others).collect()
}

/// The words about rungs and side arms.
pub const RUNGS: Beginnings = Beginnings {
    less: "Helps",
    more: "Costs",
    same: "Equivalent",
};

/// How many claims met which verdict: the card's and the targets.
pub(super) fn verdicts(study: &Study, claims: &Claims) -> Vec<Headline> {
    let mut sentences = vec![card(study, claims)];
    let tested = claims.of(Family::Target).count();
    if tested > 0 {
        sentences.push(Headline {
            id: "headline-targets",
            prose: Prose::from(format!("Of the {tested} targets tested here: "))
                .then(counted(claims, Family::Target))
                .text("."),
            rests_on: Vec::new(),
        });
    }
    sentences
}

/// "3 supported and 1 refuted".
fn counted(claims: &Claims, family: Family) -> Prose {
    let count = |verdict| claims.of(family).filter(|j| j.verdict == verdict).count();
    joined(
        (Verdict::ALL.into_iter())
            .filter(|verdict| count(*verdict) > 0)
            .map(|verdict| format!("{} {verdict}", count(verdict)).into())
            .collect(),
    )
}

/// How many of the card's claims met which verdict.
fn card(study: &Study, claims: &Claims) -> Headline {
    let tested = claims.of(Family::Card).count();
    let untested = (claims.not_measured.iter())
        .filter(|claim| claim.family == Family::Card)
        .count();
    let larger = (claims.of(Family::Card))
        .filter(|judged| judged.refutes_the_size())
        .count();
    let mut prose = if !study.apart() && tested > 0 {
        Prose::from(
            "Server and load generator share the processors in this run, so of the card's claims it \
             judges those about counts alone: ",
        )
        .then(counted(claims, Family::Card))
        .text(".")
    } else if !study.apart() {
        Prose::from(
            "Server and load generator share the processors in this run, so it judges no claim of \
             the card or of ours.",
        )
    } else if tested == 0 {
        Prose::from("This run tests none of the card's claims.")
    } else {
        Prose::from(format!("Of the card's {tested} claims tested here: "))
            .then(counted(claims, Family::Card))
            .text(".")
    };
    if larger > 0 {
        prose = prose.text(format!(
            " Equivalent means no difference beyond {}, which refutes the larger difference that {larger} \
             of these claims state.",
            percent(EQUIVALENCE_MARGIN, 0)
        ));
    }
    if untested > 0 && tested > 0 {
        prose = prose.text(format!(" {untested} could not be tested by this run."));
    }
    Headline {
        id: "headline-card",
        prose,
        rests_on: Vec::new(),
    }
}
