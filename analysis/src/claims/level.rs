//! Claims about one arm: a level it stays under, or what idle connections add.

use records::LoadPoint;

use super::sentence::{because_of_invalid, interval, limit_words, not_saturated};
use super::{Claim, Evidence, Judged, Level, PointResult, Reason, RowRef, Shape, decide};
use crate::metric::Metric;
use crate::model::{Cell, Study, against_without_idle, bytes_an_idle_connection};
use crate::stats::Estimate;
use crate::text::{Prose, grouped, load_name};

/// Judges a claim about one arm at one load; `None` where the run does not have it.
pub(super) fn judge(
    study: &Study,
    claim: &Claim,
    arm: &str,
    load: &LoadPoint,
    level: &Level,
    shape: Shape,
) -> Option<Judged> {
    let (arm, point) = (study.arm(arm)?, study.point(load)?);
    let without = match level {
        Level::Quantity(_) => None,
        Level::BytesAnIdleConnection { without } | Level::AgainstWithoutIdle { without, .. } => {
            Some(study.point(without)?)
        }
    };
    let cells: Vec<&Cell> = [Some(point), without]
        .into_iter()
        .flatten()
        .map(|point| study.cell(arm, point))
        .collect();
    if cells.iter().any(|cell| cell.measured == 0) {
        return None;
    }
    let valid = cells.iter().all(|cell| cell.valid());
    let estimate = match (level, without) {
        (Level::Quantity(metric), _) => cells[0].quotable(*metric),
        (Level::BytesAnIdleConnection { .. }, Some(without)) => {
            bytes_an_idle_connection(study, arm, point, without)
        }
        (Level::AgainstWithoutIdle { metric, .. }, Some(without)) => {
            against_without_idle(study, arm, point, without, *metric)
        }
        (_, None) => None,
    };
    if valid && estimate.is_none() {
        return None;
    }
    let evidence = Evidence {
        estimate,
        client_bound: false,
        unsaturated: claim.needs_saturation && !cells[0].saturated(),
        control: None,
    };
    let decision = decide(shape, &evidence);
    let because = match decision.reason {
        Reason::InvalidCell => because_of_invalid(&cells),
        Reason::NotSaturated => not_saturated(&cells[..1]),
        reason => limit_words(reason, shape).into(),
    };
    Some(Judged {
        claim: claim.clone(),
        verdict: decision.verdict,
        sentence: found(cells[0], level, shape, estimate.as_ref())
            .text(": ")
            .strong(decision.verdict.word())
            .text(", ")
            .then(because)
            .text("."),
        points: vec![PointResult {
            point,
            estimate,
            decision,
            p: None,
        }],
        p: None,
        p_holm: None,
        rests_on: (cells.iter())
            .map(|cell| RowRef::Cell {
                arm: cell.arm,
                point: cell.point,
            })
            .collect(),
    })
}

/// "`kio-uring` enters the kernel 0.071 (0.070–0.072) times a request at so many connections".
fn found(cell: &Cell, level: &Level, shape: Shape, estimate: Option<&Estimate>) -> Prose {
    let load = load_name(&cell.load);
    let arm = Prose::new().code(&cell.arm_name);
    let Some(estimate) = estimate else {
        return arm.text(format!(" at {load}, claimed {}", shape.limit()));
    };
    let blocks = format!(" at {load} ({} blocks)", estimate.blocks);
    match level {
        Level::Quantity(Metric::KernelEntriesPerRequest) => arm
            .text(" enters the kernel ")
            .number(interval(estimate))
            .text(" times a request"),
        Level::Quantity(metric) => Prose::from(metric.noun_capitalised())
            .text(" of ")
            .then(arm)
            .text(": ")
            .number(interval(estimate)),
        Level::BytesAnIdleConnection { .. } => arm
            .text(" keeps ")
            .number(format!(
                "{} ({}\u{2013}{})",
                grouped(estimate.value, 0),
                grouped(estimate.low, 0),
                grouped(estimate.high, 0)
            ))
            .text(" bytes of memory an idle connection"),
        Level::AgainstWithoutIdle { metric, .. } => {
            arm.text(" has ").number(interval(estimate)).text(format!(
                " times the {} that it has without the idle connections",
                metric.noun()
            ))
        }
    }
    .text(blocks)
}
