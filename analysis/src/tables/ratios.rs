//! The table of ratios.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::assess::Assessment;
use crate::experiments::short_name;
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, Comparison, OUR_ARM, Outcome, Study, ratio_id};
use crate::text::load_label;

const RATIO: Display = Display::Decimals(3);

/// Every comparison at every load point, all compared quantities beside each other.
pub fn ratios(study: &Study) -> Table {
    let mut columns = vec![
        Column::new("arm", "Arm", Kind::Words),
        Column::new("to_arm", "to", Kind::Words),
        Column::new("load", "Connections", Kind::Numbers),
    ];
    for metric in Metric::COMPARED {
        columns.push(Column {
            key: format!("{}_ratio", metric.column()),
            title: short_title(metric).to_owned(),
            kind: Kind::Estimates,
            shown: metric != Metric::LatencyMeanUs,
        });
    }
    columns.push(Column::hidden("cpu_measure", Kind::Words));
    columns.push(Column::hidden("differs_by", Kind::Words));
    columns.push(Column::new("note", "Note", Kind::Words));
    let points = 0..study.plan.load_points.len();
    Table {
        name: "ratios".to_owned(),
        title: "Ratios of paired measurements with 95 % intervals".to_owned(),
        columns,
        lines: (study.comparisons.iter())
            .flat_map(|comparison| points.clone().map(move |point| (comparison, point)))
            .map(|(comparison, point)| line(study, comparison, point))
            .collect(),
    }
}

fn short_title(metric: Metric) -> &'static str {
    match metric {
        Metric::CpuUsPerRequest => "CPU a request",
        Metric::RequestsPerSecond => "Requests a second",
        Metric::LatencyMeanUs => "Mean latency",
        Metric::LatencyP50Us => "p50",
        Metric::LatencyP99Us => "p99",
        other => other.title(),
    }
}

fn line(study: &Study, comparison: &Comparison, point: usize) -> Line {
    let pair = comparison.pair;
    let mut values = vec![
        Value::Name(study.arm_name(pair.ours).to_owned()),
        Value::Name(study.arm_name(pair.base).to_owned()),
        Value::Text(load_label(study.load(point))),
    ];
    let mut invalid = None;
    for metric in Metric::COMPARED {
        let outcome = study.ratio(pair, point, metric).map(|ratio| &ratio.outcome);
        if let Some(Outcome::Invalid(why)) = outcome {
            invalid = Some(why.clone());
        }
        let estimate = outcome.and_then(Outcome::estimate);
        values.push(Value::estimate(estimate, RATIO));
    }
    let cpu = study.ratio(pair, point, Metric::CpuUsPerRequest);
    values.push(cpu.map_or(Value::Empty, |ratio| {
        Value::Text(ratio.measure.column().to_owned())
    }));
    values.push(Value::Text(
        comparison.differs_by.clone().unwrap_or_default(),
    ));
    let marked = invalid.is_some();
    values.push(Value::Text(
        invalid.map_or_else(String::new, |why| format!("invalid: {why}")),
    ));
    Line {
        id: ratio_id(&study.plan, pair, point),
        ..Line::plain(values)
            .marked(marked)
            .resting_on(study.cell(pair.ours, point).id())
    }
}

/// CPU a request of every arm as a ratio to the card's baseline: the data of the forest figure.
pub fn arm_ratios(study: &Study) -> Table {
    let to_baseline = (study.comparisons.iter())
        .filter(|comparison| study.arm_name(comparison.pair.base) == BASELINE_ARM);
    let lines = to_baseline.flat_map(|comparison| {
        (comparison.ratios.iter())
            .filter(|ratio| ratio.metric == Metric::CpuUsPerRequest)
            .map(|ratio| {
                Line::plain(vec![
                    Value::Name(study.arm_name(comparison.pair.ours).to_owned()),
                    Value::Text(load_label(study.load(ratio.point))),
                    Value::estimate(ratio.outcome.estimate(), RATIO),
                ])
                .marked(matches!(ratio.outcome, Outcome::Invalid(_)))
                .resting_on(ratio_id(&study.plan, comparison.pair, ratio.point))
            })
    });
    Table {
        name: "cpu-ratios".to_owned(),
        title: format!("CPU a request as a ratio to {BASELINE_ARM}"),
        columns: vec![
            Column::new("arm", "Arm", Kind::Words),
            Column::new("load", "Connections", Kind::Numbers),
            Column::new("cpu_us_per_request_ratio", "Ratio", Kind::Estimates),
        ],
        lines: lines.collect(),
    }
}

/// Our server to the card's baseline in every run that has both: the data of the overview.
pub fn overview(assessments: &[Assessment]) -> Table {
    let mut lines = Vec::new();
    for study in assessments.iter().map(|assessment| &assessment.study) {
        let Some(pair) = study.headline_pair() else {
            continue;
        };
        for point in 0..study.plan.load_points.len() {
            let outcome = |metric| {
                let found = study.ratio(pair, point, metric);
                Value::estimate(found.and_then(|ratio| ratio.outcome.estimate()), RATIO)
            };
            let id = ratio_id(&study.plan, pair, point);
            lines.push(
                Line::plain(vec![
                    Value::Text(study.title()),
                    Value::Text(load_label(study.load(point))),
                    outcome(Metric::CpuUsPerRequest),
                    outcome(Metric::RequestsPerSecond),
                ])
                .resting_on(format!("{}.{id}", short_name(assessments, study))),
            );
        }
    }
    Table {
        name: "overview".to_owned(),
        title: format!("{OUR_ARM} as a ratio to {BASELINE_ARM}, run by run"),
        columns: vec![
            Column::new("run", "Experiment", Kind::Words),
            Column::new("load", "Connections", Kind::Numbers),
            Column::new("cpu_us_per_request_ratio", "CPU a request", Kind::Estimates),
            Column::new(
                "requests_per_second_ratio",
                "Requests a second",
                Kind::Estimates,
            ),
        ],
        lines,
    }
}
