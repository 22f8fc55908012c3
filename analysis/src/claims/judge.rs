//! From a claim and a study to a verdict with its sentence.

use super::decide::combine;
use super::{
    Claim, Evidence, Judged, PointResult, RowRef, Shape, Test, counts, decide, level, sentence,
};
use crate::bottleneck::Bottleneck;
use crate::metric::Metric;
use crate::model::{Outcome, Pair, Study};
use crate::stats::{Seed, sign_flip_p};
use crate::text::load_label;

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
            let (verdict, sentence) = counts::saturation(cells);
            Some(without_points(claim, cells, verdict, sentence))
        }
        Test::ConnectErrors {
            arms,
            load,
            published,
        } => {
            let cells = counts::cells(study, arms, load)?;
            let (verdict, sentence) = counts::connect_errors(study, cells, *published);
            Some(without_points(claim, cells, verdict, sentence))
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
    // A claim about several loads repeats claims that are tested one by one.
    let p = match results.as_slice() {
        [only] => only.p,
        _ => None,
    };
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
    let (estimate, p) = match &study.ratio(pair, point, metric)?.outcome {
        Outcome::NotMeasured => return None,
        Outcome::Invalid(_) => (None, None),
        Outcome::Measured {
            estimate,
            log_ratios,
        } => {
            let name = format!(
                "sign-flip {} {} {} {}",
                study.arm_name(pair.ours),
                study.arm_name(pair.base),
                load_label(study.load(point)),
                metric.column()
            );
            let seed = Seed::new(study.plan.seed);
            let p = sign_flip_p(log_ratios, shape.ratio().ln(), seed, &name);
            (Some(*estimate), Some(p))
        }
    };
    Some(PointResult {
        point,
        estimate,
        decision: decide(
            shape,
            &Evidence {
                estimate,
                client_bound,
                unsaturated,
            },
        ),
        p,
    })
}

fn without_points(
    claim: &Claim,
    cells: [&crate::model::Cell; 2],
    verdict: super::Verdict,
    sentence: crate::text::Prose,
) -> Judged {
    Judged {
        claim: claim.clone(),
        verdict,
        points: Vec::new(),
        p: None,
        p_holm: None,
        sentence,
        rests_on: cells
            .map(|cell| RowRef::Cell {
                arm: cell.arm,
                point: cell.point,
            })
            .to_vec(),
    }
}
