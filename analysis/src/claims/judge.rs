//! From a claim and a study to a verdict with its sentence.

use super::decide::{combine, excluded};
use super::{
    Claim, Decision, Evidence, Judged, PointResult, Reason, RowRef, Shape, Test, Verdict,
    connections, counts, decide, level, sentence,
};
use crate::bottleneck::Bottleneck;
use crate::metric::Metric;
use crate::model::{Cell, Outcome, Pair, Study};
use crate::stats::{Estimate, signed_rank};

/// Judges one claim; `None` where the run does not have its arms, loads or quantity.
pub fn judge(study: &Study, claim: &Claim) -> Option<Judged> {
    match &claim.test {
        Test::Ratio {
            ours,
            base,
            metric,
            loads,
            shape,
        } => {
            let pair = Pair {
                ours: study.arm(ours)?,
                base: study.arm(base)?,
            };
            let points: Option<Vec<usize>> = loads.iter().map(|load| study.point(load)).collect();
            judge_ratio(study, claim, pair, *metric, &points?, *shape)
        }
        Test::Level {
            arm,
            load,
            level,
            shape,
        } => level::judge(study, claim, arm, load, level, *shape),
        Test::Saturation { arms, load } => {
            let cells = counts::cells(study, arms, load)?;
            let (verdict, sentence) = counts::saturation(study, cells);
            Some(without_points(claim, &cells, verdict, sentence))
        }
        Test::ConnectErrors {
            arms,
            load,
            limited,
            published,
        } => {
            let free = counts::cells(study, arms, load)?;
            let limited = counts::cells(study, arms, limited);
            let (verdict, sentence) = connections::judge(study, free, limited, *published);
            let cells: Vec<&Cell> = limited.into_iter().chain([free]).flatten().collect();
            Some(without_points(claim, &cells, verdict, sentence))
        }
    }
}

fn judge_ratio(
    study: &Study,
    claim: &Claim,
    pair: Pair,
    metric: Metric,
    points: &[usize],
    shape: Shape,
) -> Option<Judged> {
    let results: Option<Vec<PointResult>> = points
        .iter()
        .map(|&point| point_result(study, pair, metric, point, shape, claim.needs_saturation))
        .collect();
    let results = results?;
    let verdicts: Vec<_> = results.iter().map(|r| r.decision.verdict).collect();
    let verdict = combine(&verdicts);
    let p = combined_p(verdict, &results);
    Some(Judged {
        sentence: sentence::ratio(study, pair, metric, shape, &results, verdict),
        claim: claim.clone(),
        verdict,
        p,
        p_holm: None,
        rests_on: points
            .iter()
            .flat_map(|&point| {
                [
                    RowRef::Ratio { pair, point },
                    RowRef::Cell {
                        arm: pair.ours,
                        point,
                    },
                    RowRef::Cell {
                        arm: pair.base,
                        point,
                    },
                ]
            })
            .collect(),
        points: results,
    })
}

/// The p-value of a claim about several loads: where it must hold at all of them the largest, where one is
/// enough to refute it the smallest of those, as many times as there are loads.
fn combined_p(verdict: Verdict, results: &[PointResult]) -> Option<f64> {
    let of = |wanted: Verdict| {
        results
            .iter()
            .filter(move |result| result.decision.verdict == wanted)
    };
    if verdict == Verdict::Refuted && of(Verdict::Refuted).count() > 0 {
        let least = of(Verdict::Refuted)
            .filter_map(|result| result.p)
            .reduce(f64::min)?;
        return Some((least * results.len() as f64).min(1.0));
    }
    let all: Option<Vec<f64>> = results.iter().map(|result| result.p).collect();
    all?.into_iter().reduce(f64::max)
}

/// Takes a verdict back that does not stand as one of its family, with its sentence.
pub(super) fn take_back(study: &Study, judged: &mut Judged) {
    let Test::Ratio {
        ours,
        base,
        metric,
        shape,
        ..
    } = &judged.claim.test
    else {
        return;
    };
    let (Some(ours), Some(base)) = (study.arm(ours), study.arm(base)) else {
        return;
    };
    for point in &mut judged.points {
        if point.decision.verdict != Verdict::Inconclusive {
            point.decision = Decision {
                verdict: Verdict::Inconclusive,
                reason: Reason::OneOfMany,
            };
        }
    }
    judged.verdict = Verdict::Inconclusive;
    let pair = Pair { ours, base };
    judged.sentence = sentence::ratio(study, pair, *metric, *shape, &judged.points, judged.verdict);
}

/// The A/A control that a ratio must exceed; none for the control itself.
fn control(study: &Study, pair: Pair, metric: Metric, point: usize) -> Option<Estimate> {
    let repeats =
        |control: &Pair| *control == pair || (control.ours, control.base) == (pair.base, pair.ours);
    if study.noise.controls().iter().any(repeats) {
        return None;
    }
    study.noise.at(metric, point)
}

/// The result at one load point; `None` where it was not measured.
pub(super) fn point_result(
    study: &Study,
    pair: Pair,
    metric: Metric,
    point: usize,
    shape: Shape,
    needs_saturation: bool,
) -> Option<PointResult> {
    let cells = [pair.ours, pair.base].map(|arm| study.cell(arm, point));
    if cells.iter().any(|cell| cell.measured == 0) {
        return None;
    }
    let client_bound = metric.limited_by_client()
        && cells
            .iter()
            .any(|cell| cell.bottleneck.is_some_and(Bottleneck::client_full));
    let unsaturated = needs_saturation && !cells.iter().all(|cell| cell.saturated());
    let (estimate, log_ratios) = match &study.ratio(pair, point, metric)?.outcome {
        Outcome::NotMeasured => return None,
        Outcome::Invalid(_) => (None, None),
        Outcome::Measured {
            estimate,
            log_ratios,
        } => (Some(*estimate), Some(log_ratios)),
    };
    let evidence = Evidence {
        estimate,
        client_bound,
        unsaturated,
        control: control(study, pair, metric, point),
    };
    let decision = decide(shape, &evidence);
    let p = (log_ratios.zip(estimate))
        .filter(|_| decision.reason.is_by_interval())
        .and_then(|(logs, estimate)| {
            // What the control holds back was decided by the interval.
            let alone = decide(
                shape,
                &Evidence {
                    control: None,
                    ..evidence
                },
            );
            (excluded(shape, alone.reason, &estimate).into_iter())
                .map(|bound| signed_rank::p_value(logs, bound.ln()))
                .reduce(f64::max)
        });
    Some(PointResult {
        point,
        estimate,
        decision,
        p,
    })
}

fn without_points(
    claim: &Claim,
    cells: &[&Cell],
    verdict: Verdict,
    sentence: crate::text::Prose,
) -> Judged {
    Judged {
        claim: claim.clone(),
        verdict,
        points: Vec::new(),
        p: None,
        p_holm: None,
        sentence,
        rests_on: (cells.iter())
            .map(|cell| RowRef::Cell {
                arm: cell.arm,
                point: cell.point,
            })
            .collect(),
    }
}
