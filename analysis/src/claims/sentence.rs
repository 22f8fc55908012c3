//! The sentences of ratio claims.

use super::{PointResult, Reason, Shape, Verdict};
use crate::bottleneck::Bottleneck;
use crate::metric::Metric;
use crate::model::{Cell, Pair, Study};
use crate::stats::{EQUIVALENCE_MARGIN, Estimate, MIN_BLOCKS};
use crate::text::{Prose, fixed, joined, load_name, percent, signed_percent};

/// `0.931 (0.912–0.950)`.
pub(super) fn interval(estimate: &Estimate) -> String {
    format!(
        "{} ({}\u{2013}{})",
        fixed(estimate.value, 3),
        fixed(estimate.low, 3),
        fixed(estimate.high, 3)
    )
}

/// What was found at each load point, the verdict, and why.
pub(super) fn ratio(
    study: &Study,
    pair: Pair,
    metric: Metric,
    shape: Shape,
    results: &[PointResult],
    verdict: Verdict,
) -> Prose {
    let part = |result: &PointResult| {
        found(study, pair, metric, result)
            .text(": ")
            .strong(result.decision.verdict.word())
            .text(", ")
            .then(because(study, pair, metric, shape, result))
    };
    let mut sentence = Prose::new();
    for (place, result) in results.iter().enumerate() {
        sentence = sentence
            .text(if place > 0 { "; " } else { "" })
            .then(part(result));
    }
    if results.len() > 1 {
        sentence = sentence.text(". Taken together: ").strong(verdict.word());
    }
    sentence.text(".")
}

/// "A spends x times the CPU a request of B at so many connections (n blocks)".
fn found(study: &Study, pair: Pair, metric: Metric, result: &PointResult) -> Prose {
    let (ours, base) = (study.arm_name(pair.ours), study.arm_name(pair.base));
    let load = load_name(study.load(result.point));
    let Some(estimate) = &result.estimate else {
        return Prose::from(metric.noun_capitalised())
            .text(" of ")
            .code(ours)
            .text(" against ")
            .code(base)
            .text(format!(" at {load}"));
    };
    let times = interval(estimate);
    let arm = || Prose::new().code(ours);
    let start = match metric {
        Metric::CpuUsPerRequest => {
            (arm().text(" spends ").number(times)).text(" times the CPU a request of ")
        }
        Metric::RequestsPerSecond => {
            (arm().text(" answers ").number(times)).text(" times the requests a second of ")
        }
        _ => Prose::from(format!("The {} of ", metric.noun()))
            .then(arm())
            .text(" is ")
            .number(times)
            .text(" times that of "),
    };
    start
        .code(base)
        .text(format!(" at {load} ({} blocks)", estimate.blocks))
}

/// The words that follow the verdict.
fn because(study: &Study, pair: Pair, metric: Metric, shape: Shape, result: &PointResult) -> Prose {
    let margin = percent(EQUIVALENCE_MARGIN, 0);
    let cells = [pair.ours, pair.base].map(|arm| study.cell(arm, result.point));
    let claimed = signed_percent(shape.ratio());
    let words = match (result.decision.reason, shape) {
        (Reason::InvalidCell, _) => return because_of_invalid(&cells),
        (Reason::ClientBound, _) => return client_bound(&cells, metric),
        (Reason::NotSaturated, _) => return not_saturated(&cells),
        (Reason::TooFewBlocks | Reason::Met | Reason::Missed | Reason::Straddles, _) => {
            limit_words(result.decision.reason, shape)
        }
        (Reason::WithinMargin, Shape::Similar) => {
            format!("no difference beyond the margin of {margin}, as claimed")
        }
        (Reason::WithinMargin, _) if shape.claims_a_difference() => format!(
            "no difference beyond the margin of {margin}, so the claimed {claimed} is refuted"
        ),
        (Reason::WithinMargin, _) => {
            format!("no difference beyond the margin of {margin} either way")
        }
        (Reason::Reached | Reason::Surpassed, Shape::Less | Shape::More) => {
            "in the claimed direction".to_owned()
        }
        (Reason::Reached, _) => {
            format!("the claimed {claimed} is reached within the margin of {margin}")
        }
        (Reason::Surpassed, _) => format!("more than the claimed {claimed}"),
        (Reason::Smaller, _) => {
            format!("a difference in the claimed direction, but smaller than the claimed {claimed}")
        }
        (Reason::NoDifference, _) => {
            format!("the interval includes no difference and excludes the claimed {claimed}")
        }
        (Reason::Reverse, _) => "the reverse of the claim".to_owned(),
        (Reason::Different, _) => format!("a difference beyond the margin of {margin}"),
        (Reason::TooWide, Shape::Times(_)) => format!(
            "the interval includes both no difference and the claimed {claimed} less the margin of {margin}"
        ),
        (Reason::TooWide, Shape::Similar) => {
            format!("the interval reaches from within the margin of {margin} to beyond it")
        }
        (Reason::TooWide, _) => "the interval includes no difference".to_owned(),
        (Reason::WithinNoise, _) => {
            "the interval alone would decide it, but the A/A control differs from itself by as much"
                .to_owned()
        }
        (Reason::OneOfMany, _) => {
            "the interval alone would decide it, but not as one of so many claims (Holm)".to_owned()
        }
    };
    words.into()
}

/// The words that follow the verdict on a claim of a limit.
pub(super) fn limit_words(reason: Reason, shape: Shape) -> String {
    match reason {
        Reason::Met => format!("the whole interval is {}", shape.limit()),
        Reason::Missed => format!(
            "the whole interval is beyond the limit of {}",
            shape.limit()
        ),
        Reason::TooFewBlocks => format!("fewer than {MIN_BLOCKS} blocks decide nothing"),
        _ => format!("the limit of {} is inside the interval", shape.limit()),
    }
}

/// That a server was not at its limit, which the claim is about.
pub(super) fn not_saturated(cells: &[&Cell]) -> Prose {
    let others = (cells.iter())
        .filter(|cell| !cell.saturated())
        .map(|cell| {
            let name = cell.bottleneck.map_or("unknown", Bottleneck::noun);
            Prose::new().code(&cell.arm_name).text(format!(" ({name})"))
        })
        .collect();
    Prose::from("it is about servers at their limit, and the bottleneck was another with ")
        .then(joined(others))
}

/// That there is no number, and which of the cells are to blame.
pub(super) fn because_of_invalid(cells: &[&Cell]) -> Prose {
    let reasons = (cells.iter())
        .filter(|cell| !cell.valid())
        .map(|cell| {
            Prose::new()
                .code(&cell.arm_name)
                .text(format!(" ({})", cell.invalid_because()))
        })
        .collect();
    Prose::from("no number is given because of ").then(joined(reasons))
}

fn client_bound(cells: &[&Cell], metric: Metric) -> Prose {
    let what = match cells.iter().find_map(|cell| cell.bottleneck) {
        Some(Bottleneck::Shared) => "server and load generator competed for the same processors",
        _ => "the load generator was the bottleneck",
    };
    let bound = (cells.iter())
        .filter(|cell| cell.bottleneck.is_some_and(Bottleneck::client_full))
        .map(|cell| Prose::new().code(&cell.arm_name))
        .collect();
    Prose::from(format!("{what} with "))
        .then(joined(bound))
        .text(format!(
            ", so {} here say little about the servers",
            match metric {
                Metric::RequestsPerSecond => "requests a second",
                _ => "latencies",
            }
        ))
}
