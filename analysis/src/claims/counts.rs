//! Saturation: a claim that is no ratio.

use records::LoadPoint;

use super::Verdict;
use super::sentence::because_of_invalid;
use crate::bottleneck::{Bottleneck, SATURATED};
use crate::metric::Metric;
use crate::model::{Cell, Study};
use crate::published::PUBLISHED_CORES;
use crate::stats::MIN_BLOCKS;
use crate::text::{Prose, fixed, joined, load_name, percent};

/// Both arms' cells at a load, where the run measured them.
pub(super) fn cells<'a>(
    study: &'a Study,
    arms: &[String; 2],
    load: &LoadPoint,
) -> Option<[&'a Cell; 2]> {
    let point = study.point(load)?;
    let cells = [
        study.cell(study.arm(&arms[0])?, point),
        study.cell(study.arm(&arms[1])?, point),
    ];
    cells.iter().all(|cell| cell.measured > 0).then_some(cells)
}

/// Why the card's statements about its hardware cannot be judged on this one, where they cannot.
fn unlike_the_card(study: &Study) -> Option<String> {
    let (card, here) = (PUBLISHED_CORES, f64::from(study.plan.workers));
    (here < card).then(|| {
        format!(
            "the card says it of servers with {} workers, and here they have {}",
            fixed(card, 0),
            fixed(here, 0)
        )
    })
}

/// Whether both servers kept their cores saturated.
pub(super) fn saturation(study: &Study, cells: [&Cell; 2]) -> (Verdict, Prose) {
    let busy = cells.map(|cell| cell.quotable(Metric::ServerCoresBusy));
    let [Some(first), Some(second)] = busy else {
        return (Verdict::Invalid, invalid(cells));
    };
    let both = [first, second];
    let unsaturated = |i: usize| both[i].high < SATURATED;
    let held_back = |i: usize| cells[i].bottleneck.is_some_and(Bottleneck::client_full);
    let (verdict, why) = if both.iter().any(|estimate| estimate.blocks < MIN_BLOCKS) {
        (Verdict::Inconclusive, too_few_blocks())
    } else if let Some(why) = unlike_the_card(study) {
        (Verdict::Inconclusive, why)
    } else if both.iter().all(|estimate| estimate.low >= SATURATED) {
        (Verdict::Supported, "both were saturated".to_owned())
    } else if (0..2).any(|i| unsaturated(i) && !held_back(i)) {
        let why = format!(
            "a server below {} busy is not saturated, and the load generator was not what held it back",
            percent(SATURATED, 0)
        );
        (Verdict::Refuted, why)
    } else if (0..2).any(unsaturated) {
        let why = "the load generator was the bottleneck, so no server could be saturated here";
        (Verdict::Inconclusive, why.to_owned())
    } else {
        let why = format!(
            "the intervals reach to both sides of {}",
            percent(SATURATED, 0)
        );
        (Verdict::Inconclusive, why)
    };
    let shares = cells
        .iter()
        .zip(both)
        .map(|(cell, estimate)| {
            let share = format!(
                "{} % ({}\u{2013}{})",
                fixed(estimate.value * 100.0, 1),
                fixed(estimate.low * 100.0, 1),
                fixed(estimate.high * 100.0, 1),
            );
            Prose::new()
                .code(&cell.arm_name)
                .text(" kept ")
                .number(share)
                .text(" of its cores busy")
        })
        .collect();
    let sentence = Prose::new()
        .text(format!("At {} ", load_name(&cells[0].load)))
        .then(joined(shares))
        .text(": ")
        .strong(verdict.word())
        .text(format!(", {why}."));
    (verdict, sentence)
}

pub(super) fn too_few_blocks() -> String {
    format!("fewer than {MIN_BLOCKS} blocks decide nothing")
}

/// The sentence of an invalid claim.
pub(super) fn invalid(cells: [&Cell; 2]) -> Prose {
    Prose::new()
        .text(format!("At {}: ", load_name(&cells[0].load)))
        .strong(Verdict::Invalid.word())
        .text(", ")
        .then(because_of_invalid(&cells))
        .text(".")
}
