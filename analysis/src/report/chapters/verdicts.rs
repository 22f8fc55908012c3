//! The claims and their verdicts.

use super::{Block, heading, row_link, subheading};
use crate::assess::Assessment;
use crate::claims::{CARD_KIO_ARM, CARD_TOKIO_ARM, Family, Judged, OUR_ARM};
use crate::model::{BASELINE_ARM, Study};
use crate::report::document::{Entry, Sentence};
use crate::stats::{ALPHA, EQUIVALENCE_MARGIN, MIN_BLOCKS};
use crate::tables;
use crate::text::{Prose, p_value, percent};

/// Every claim with its verdict. Of a run that others stand `before` the table is only in files: the
/// report has one of all runs.
pub(super) fn chapter(assessment: &Assessment, before: Option<&Study>) -> Vec<Block> {
    let study = &assessment.study;
    let mut blocks = vec![heading("claims", "Claims and verdicts")];
    let table = tables::claims(study, &assessment.claims);
    if before.is_some() {
        blocks.push(Block::Files(table));
    } else {
        blocks.push(Block::Table {
            table,
            anchors: false,
        });
        blocks.push(Block::Paragraph(rules()));
    }
    for (family, id, title, about) in [
        (
            Family::Card,
            "claims-card",
            "The card's claims",
            card_arms(),
        ),
        (Family::Ours, "claims-ours", "Our claims", our_arms()),
        (Family::Target, "claims-target", "Our targets", targets()),
        (
            Family::Control,
            "claims-control",
            "The A/A control",
            control(),
        ),
    ] {
        let entries: Vec<Entry> = (assessment.claims.of(family))
            .map(|judged| entry(study, judged))
            .collect();
        if entries.is_empty() {
            continue;
        }
        blocks.push(subheading(id, title));
        blocks.push(Block::Paragraph(about));
        blocks.push(Block::Entries(entries));
    }
    if !assessment.claims.not_measured.is_empty() {
        blocks.push(subheading("claims-not-measured", "Not measured here"));
        blocks.push(Block::Paragraph(Prose::from(if study.apart() {
            "This run does not have the arms or loads of these claims; they have no verdict."
        } else {
            "These claims are about servers with processors of their own, which this run's do not \
             have, or about arms or loads that it does not have; they have no verdict."
        })));
        blocks.push(Block::List(
            (assessment.claims.not_measured.iter())
                .map(|claim| {
                    Prose::new()
                        .text(format!("\u{201c}{}\u{201d} (", claim.quote))
                        .code(&claim.id)
                        .text(")")
                })
                .collect(),
        ));
    }
    blocks
}

pub(super) fn entry(study: &Study, judged: &Judged) -> Entry {
    let p = judged
        .p
        .zip(judged.p_holm)
        .map_or_else(String::new, |(p, holm)| {
            format!(
                "Signed-rank p of the ratio to be excluded: {}, with Holm's adjustment {}.",
                p_value(p),
                p_value(holm)
            )
        });
    Entry {
        verdict: judged.verdict.word(),
        quote: judged.claim.quote.clone(),
        sentence: Sentence {
            id: format!("claim-{}", judged.claim.id),
            prose: judged.sentence.clone(),
            links: (judged.rests_on.iter())
                .map(|row| row_link(study, *row))
                .collect(),
        },
        p,
    }
}

fn rules() -> Prose {
    let margin = percent(EQUIVALENCE_MARGIN, 0);
    Prose::from(format!(
        "A claim is supported where the whole interval lies in the claimed direction and reaches \
         the claimed size less {margin}; equivalent where it lies within {margin} of no difference \
         (which refutes any larger claim); refuted where it excludes the claimed size; otherwise \
         inconclusive. It is invalid where a measurement it needs failed a gate, and inconclusive \
         with fewer than {MIN_BLOCKS} blocks, or where it is about requests a second or latency and \
         the load generator was the bottleneck. A verdict excludes a ratio: 1, the claimed size, a limit, \
         the ends of the margin. It stands where the estimate is farther from that ratio than the A/A \
         control is from 1 at the same load, and where p, the two-sided signed-rank probability of the \
         data if that ratio were exactly true, is at most {} after Holm's adjustment for all claims of \
         the family.",
        percent(ALPHA, 0)
    ))
}

fn card_arms() -> Prose {
    Prose::from("The card's kio is represented by ")
        .code(CARD_KIO_ARM)
        .text(", its Tokio server by ")
        .code(CARD_TOKIO_ARM)
        .text(
            ": the arms of this repository that are nearest to the card's code. A verdict is about \
             these arms on this machine.",
        )
}

fn our_arms() -> Prose {
    Prose::new()
        .code(OUR_ARM)
        .text(" against ")
        .code(BASELINE_ARM)
        .text(", the card's Tokio server with the request parsing that both of ours do.")
}

fn targets() -> Prose {
    Prose::from(
        "What this study set out to reach, declared with limits and reasons. Supported where the \
         whole interval is on the right side of the limit, refuted where it is on the wrong one, \
         otherwise inconclusive; there is no margin.",
    )
}

fn control() -> Prose {
    Prose::from(
        "The same arm entered twice. Its ratio is 1 but for noise, so anything but equivalent or \
         inconclusive is an alarm about the whole run.",
    )
}
