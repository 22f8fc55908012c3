//! Repeats of one experiment: each run's ratios as one number, and all of them together.

use std::collections::BTreeMap;

use super::{Column, Display, Kind, Line, Table, Value};
use crate::assess::Assessment;
use crate::metric::Metric;
use crate::model::{Comparison, Study};
use crate::pooling::which;
use crate::stats::Estimate;
use crate::stats::runs::pooled;
use crate::text::load_label;

const RATIO: Display = Display::Decimals(3);

/// CPU a request in every comparison that two runs of one experiment on one kind of host have.
pub fn repeats(assessments: &[Assessment]) -> Table {
    let mut groups: BTreeMap<(&str, &str), Vec<&Study>> = BTreeMap::new();
    for study in assessments.iter().map(|assessment| &assessment.study) {
        groups.entry(which(&study.plan)).or_default().push(study);
    }
    let repeated = groups.into_values().filter(|runs| runs.len() > 1);
    Table {
        name: "repeats".to_owned(),
        title: "Ratios of CPU a request over repeats, runs taken as what was repeated".to_owned(),
        columns: vec![
            Column::new("experiment", "Experiment", Kind::Words),
            Column::new("arm", "Arm", Kind::Words),
            Column::new("to_arm", "to", Kind::Words),
            Column::new("load", "Connections", Kind::Numbers),
            Column::new("runs", "Runs", Kind::Numbers),
            Column::new("least", "Least", Kind::Numbers),
            Column::new("greatest", "Greatest", Kind::Numbers),
            Column::new("cpu_us_per_request_ratio", "Together", Kind::Estimates),
        ],
        lines: repeated.flat_map(|runs| lines(&runs)).collect(),
    }
}

fn lines(runs: &[&Study]) -> Vec<Line> {
    let first = runs[0];
    let points = 0..first.plan.load_points.len();
    (first.comparisons.iter())
        .flat_map(|comparison| points.clone().map(move |point| (comparison, point)))
        .filter_map(|(comparison, point)| line(runs, comparison, point))
        .collect()
}

/// Nothing where fewer than two runs have a valid ratio.
fn line(runs: &[&Study], comparison: &Comparison, point: usize) -> Option<Line> {
    // Runs that may stand in one report are of one plan: their arms and loads have the same places.
    let found: Vec<Estimate> = (runs.iter())
        .filter_map(|run| {
            run.ratio(comparison.pair, point, Metric::CpuUsPerRequest)?
                .outcome
                .estimate()
        })
        .collect();
    let together = pooled(&found)?;
    let values = || found.iter().map(|run| run.value);
    let first = runs[0];
    Some(Line::plain(vec![
        Value::Text(first.title()),
        Value::Name(first.arm_name(comparison.pair.ours).to_owned()),
        Value::Name(first.arm_name(comparison.pair.base).to_owned()),
        Value::Text(load_label(first.load(point))),
        Value::Integer(found.len() as u64),
        Value::number(values().reduce(f64::min), RATIO),
        Value::number(values().reduce(f64::max), RATIO),
        Value::Estimate(together, RATIO),
    ]))
}
