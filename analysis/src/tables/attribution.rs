//! What each rung and each side arm changes, quantity by quantity.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::claims::{Effect, effect_at, effects};
use crate::metric::Metric;
use crate::model::{Pair, Study, ratio_id, rungs, sides};
use crate::text::load_label;

const RATIO: Display = Display::Decimals(3);

/// The quantities of the attribution.
pub const ATTRIBUTED: [Metric; 5] = [
    Metric::CpuUsPerRequest,
    Metric::RequestsPerSecond,
    Metric::KernelEntriesPerRequest,
    Metric::LatencyP50Us,
    Metric::LatencyP99Us,
];

/// A line a rung or side arm and load, against the arm that it differs from by one thing. Rungs and
/// side arms are a family each in every quantity, as in the sentences about them.
pub fn attribution(study: &Study) -> Table {
    let mut columns = vec![
        Column::hidden("kind", Kind::Words),
        Column::new("arm", "Arm", Kind::Words),
        Column::new("to_arm", "to", Kind::Words),
        Column::new("load", "Connections", Kind::Numbers),
    ];
    for metric in ATTRIBUTED {
        columns.push(Column::new(
            format!("{}_ratio", metric.column()),
            metric.noun_capitalised(),
            Kind::Estimates,
        ));
        columns.push(Column::new(
            format!("{}_effect", metric.column()),
            "Effect",
            Kind::Words,
        ));
    }
    columns.push(Column::hidden("differs_by", Kind::Words));
    let lines = [
        ("rung", rungs(&study.plan)),
        ("side arm", sides(&study.plan)),
    ]
    .into_iter()
    .flat_map(|(kind, pairs)| lines(study, kind, &pairs));
    Table {
        name: "attribution".to_owned(),
        title: "Each rung and side arm as a ratio to the arm it differs from by one thing"
            .to_owned(),
        columns,
        lines: lines.collect(),
    }
}

fn lines(study: &Study, kind: &str, pairs: &[Pair]) -> Vec<Line> {
    let found = ATTRIBUTED.map(|metric| (metric, effects(study, pairs, metric)));
    let effect = |pair: Pair, point: usize| {
        (found.each_ref()).map(|(metric, found)| (*metric, effect_at(found, pair, point)))
    };
    let points = 0..study.plan.load_points.len();
    (pairs.iter())
        .flat_map(|pair| points.clone().map(move |point| (*pair, point)))
        .map(|(pair, point)| (pair, point, effect(pair, point)))
        .filter(|(.., effects)| (effects.iter()).any(|(_, effect)| *effect != Effect::NotMeasured))
        .map(|(pair, point, effects)| line(study, kind, pair, point, &effects))
        .collect()
}

fn line(study: &Study, kind: &str, pair: Pair, point: usize, effects: &[(Metric, Effect)]) -> Line {
    let mut values = vec![
        Value::Text(kind.to_owned()),
        Value::Name(study.arm_name(pair.ours).to_owned()),
        Value::Name(study.arm_name(pair.base).to_owned()),
        Value::Text(load_label(study.load(point))),
    ];
    for (metric, effect) in effects {
        // What says nothing about the servers has no number here; the table of ratios has it.
        let estimate = (study.ratio(pair, point, *metric))
            .filter(|_| *effect != Effect::ClientBound)
            .and_then(|ratio| ratio.outcome.estimate());
        values.push(Value::estimate(estimate, RATIO));
        let word = match effect {
            Effect::ClientBound => "not quotable",
            other => other.word(),
        };
        values.push(Value::Text(word.to_owned()));
    }
    let differs_by = study.plan.arms[pair.ours].differs_by.clone();
    values.push(differs_by.map_or(Value::Empty, Value::Text));
    let invalid = effects.iter().any(|(_, effect)| *effect == Effect::Invalid);
    Line::plain(values)
        .marked(invalid)
        .resting_on(ratio_id(&study.plan, pair, point))
}
