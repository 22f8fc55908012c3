//! Claims that are no ratios: saturation and connection errors.

use records::LoadPoint;

use super::Verdict;
use super::sentence::because_of_invalid;
use crate::bottleneck::{Bottleneck, SATURATED};
use crate::gates::opened_by;
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

/// Whether connections fail to open, as the card reports.
pub(super) fn connect_errors(study: &Study, cells: [&Cell; 2], published: u64) -> (Verdict, Prose) {
    let asked = opened_by(
        cells[0].load.generator,
        study.plan.client_threads,
        cells[0].load.connections,
    );
    let rows = || {
        study.rows.iter().filter(|row| {
            cells
                .iter()
                .any(|cell| (row.key.arm, row.key.point) == (cell.arm, cell.point))
        })
    };
    let counted: Option<Vec<(u64, u64)>> = rows()
        .map(|row| {
            let failed = row.socket_errors_connect?;
            let open = row.connections_open?;
            row.error.is_empty().then_some((failed, open))
        })
        .collect();
    let Some(counted) = counted else {
        return (Verdict::Invalid, invalid(cells));
    };
    let failed = counted.iter().filter(|(failed, _)| *failed > 0).count();
    let all_open = counted.iter().all(|(_, open)| *open == asked);
    let (verdict, why) = if cells.iter().any(|cell| cell.measured < MIN_BLOCKS) {
        (Verdict::Inconclusive, too_few_blocks())
    } else if let Some(why) = unlike_the_card(study) {
        (Verdict::Inconclusive, why)
    } else if failed == counted.len() {
        (Verdict::Supported, "connections fail here too".to_owned())
    } else if failed == 0 && all_open {
        let why = format!(
            "the card's {published} failed connections are no property of such servers (see what the card's own numbers show)"
        );
        (Verdict::Refuted, why)
    } else {
        let why = "it does not happen every time".to_owned();
        (Verdict::Inconclusive, why)
    };
    let total: u64 = counted.iter().map(|(failed, _)| failed).sum();
    let fewest = counted.iter().map(|(_, open)| *open).min().unwrap_or(0);
    let sentence = Prose::new()
        .text(format!("In {} measurements of ", counted.len(),))
        .then(joined(
            cells.map(|cell| Prose::new().code(&cell.arm_name)).to_vec(),
        ))
        .text(format!(
            " at {} {total} connections failed to open, and at least {fewest} were open: ",
            load_name(&cells[0].load),
        ))
        .strong(verdict.word())
        .text(format!(", {why}."));
    (verdict, sentence)
}

fn too_few_blocks() -> String {
    format!("fewer than {MIN_BLOCKS} blocks decide nothing")
}

/// The sentence of an invalid claim.
fn invalid(cells: [&Cell; 2]) -> Prose {
    Prose::new()
        .text(format!("At {}: ", load_name(&cells[0].load)))
        .strong(Verdict::Invalid.word())
        .text(", ")
        .then(because_of_invalid(&cells))
        .text(".")
}
