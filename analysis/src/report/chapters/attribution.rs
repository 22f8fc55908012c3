//! What each mechanism brings, and what that makes of the card's explanations.

use super::verdicts::entry;
use super::{Block, heading, subheading};
use crate::assess::Assessment;
use crate::claims::{Beginnings, Family, Named, explained, summary};
use crate::model::{Pair, Study, rungs, sides};
use crate::tables;
use crate::text::Prose;

const LEVEL: Beginnings = Beginnings {
    less: "Less",
    more: "More",
    same: "The same",
};

/// The effects of all rungs and side arms in every quantity, then the card's explanations.
pub(super) fn chapter(assessment: &Assessment) -> Vec<Block> {
    let study = &assessment.study;
    let effects = [
        by_quantity(study, "The rungs", &rungs(&study.plan)),
        by_quantity(study, "The side arms", &sides(&study.plan)),
    ]
    .concat();
    let causes = causes(assessment);
    if !study.apart() || (effects.is_empty() && causes.is_empty()) {
        return Vec::new();
    }
    let mut blocks = vec![heading("attribution", "Attribution")];
    if !effects.is_empty() {
        blocks.push(Block::Paragraph(Prose::from(
            "Each arm against the one that it differs from by one thing, in every quantity. What \
             stands here was compared block by block with that one arm; nothing is a difference of \
             differences. Requests a second and latency are not quotable where the load generator \
             was the bottleneck.",
        )));
        blocks.extend(effects);
        blocks.push(Block::Folded {
            table: tables::attribution(study),
            anchors: false,
        });
    }
    blocks.extend(causes);
    blocks
}

/// Which arms have less of a quantity and which more, an item a quantity.
fn by_quantity(study: &Study, who: &str, pairs: &[Pair]) -> Vec<Block> {
    let items: Vec<Prose> = (tables::ATTRIBUTED.into_iter())
        .filter_map(|metric| {
            let parts = summary(study, pairs, metric, Named::Ours, &LEVEL);
            let start = Prose::new().strong(format!("{}.", metric.noun_capitalised()));
            (!parts.is_empty())
                .then(|| (parts.into_iter()).fold(start, |prose, part| prose.text(" ").then(part)))
        })
        .collect();
    if items.is_empty() {
        return Vec::new();
    }
    vec![
        Block::Paragraph(Prose::from(format!("{who}, quantity by quantity:"))),
        Block::List(items),
    ]
}

fn causes(assessment: &Assessment) -> Vec<Block> {
    let study = &assessment.study;
    let found = explained(study, &assessment.claims);
    if found.is_empty() {
        return Vec::new();
    }
    let items = (found.iter())
        .map(|found| {
            Prose::from(format!("\u{201c}{}\u{201d}: ", found.cause.quote))
                .strong(found.word())
                .text(", ")
                .then(found.sentence.clone())
        })
        .collect();
    let entries = (assessment.claims.of(Family::Cause))
        .map(|judged| entry(study, judged))
        .collect();
    vec![
        subheading("causes", "The card's explanations"),
        Block::Paragraph(Prose::from(
            "The card explains its difference. Each explanation is tested by the two arms that differ \
             by it, in CPU a request, at every load of the card as a claim of its own; all of them are \
             one family (Holm). An explanation holds only where it holds at every load that it is \
             about. The verdict is about these arms on this machine: an explanation may be true of \
             another program.",
        )),
        Block::List(items),
        Block::Table {
            table: tables::causes(&found),
            anchors: false,
        },
        Block::Entries(entries),
    ]
}
