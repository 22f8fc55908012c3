//! What we claim of every run with our server and the card's, and the A/A controls.

use records::{LoadPoint, Plan};

use super::{Claim, Family, OUR_ARM, Shape, Test};
use crate::metric::Metric;
use crate::model::BASELINE_ARM;
use crate::text::{load_id, load_name, slug};

/// The quantities we claim something about, in which words.
const OURS: [(Metric, &str, Shape); 2] = [
    (
        Metric::CpuUsPerRequest,
        "spends less CPU a request",
        Shape::Less,
    ),
    (
        Metric::RequestsPerSecond,
        "answers more requests a second",
        Shape::More,
    ),
];

/// Tokio as the card has it, and, where the run has it, as a reader would build it to compete: a
/// runtime a core.
const TOKIOS: [(&str, &str); 2] = [(BASELINE_ARM, ""), ("tokio-per-core", "-per-core")];

/// Our claims at each load point of the plan, then what each control must show.
pub(super) fn claims(plan: &Plan) -> Vec<Claim> {
    let mut claims = Vec::new();
    let tokios = TOKIOS.into_iter().filter(|(arm, _)| {
        *arm == BASELINE_ARM || plan.arms.iter().any(|entry| entry.name == *arm)
    });
    let points = || plan.load_points.iter();
    for ((tokio, suffix), load) in tokios.flat_map(|tokio| points().map(move |load| (tokio, load)))
    {
        for (metric, verb, shape) in OURS {
            if !meaningful(metric, load) {
                continue;
            }
            claims.push(Claim {
                id: format!("ours-{}{suffix}-{}", short(metric), load_id(load)),
                family: Family::Ours,
                quote: format!("{OUR_ARM} {verb} than {tokio} at {}", load_name(load)),
                test: test(OUR_ARM, tokio, metric, load, shape),
                needs_saturation: false,
            });
        }
    }
    for arm in &plan.arms {
        let Some(repeated) = &arm.control_of else {
            continue;
        };
        for load in &plan.load_points {
            for (metric, ..) in OURS {
                if !meaningful(metric, load) {
                    continue;
                }
                claims.push(Claim {
                    id: format!(
                        "control-{}-{}-{}",
                        short(metric),
                        slug(&arm.name),
                        load_id(load)
                    ),
                    family: Family::Control,
                    quote: format!(
                        "{} is {repeated} once more: no difference in {} at {}",
                        arm.name,
                        metric.noun(),
                        load_name(load)
                    ),
                    test: test(&arm.name, repeated, metric, load, Shape::Similar),
                    needs_saturation: false,
                });
            }
        }
    }
    claims
}

/// In an open loop the rate is offered, not reached.
fn meaningful(metric: Metric, load: &LoadPoint) -> bool {
    metric != Metric::RequestsPerSecond || load.offered_rate_per_s.is_none()
}

fn short(metric: Metric) -> &'static str {
    match metric {
        Metric::RequestsPerSecond => "throughput",
        _ => "cpu",
    }
}

fn test(ours: &str, base: &str, metric: Metric, load: &LoadPoint, shape: Shape) -> Test {
    Test::Ratio {
        ours: ours.to_owned(),
        base: base.to_owned(),
        metric,
        loads: vec![load.clone()],
        shape,
    }
}
