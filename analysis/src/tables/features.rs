//! One change of an arm in several runs.

use super::compared::ratio;
use super::{Column, Kind, Line, Table, Value};
use crate::metric::Metric;
use crate::model::{Outcome, Pair, Study};
use crate::text::load_label;

const CPU: Metric = Metric::CpuUsPerRequest;

/// CPU a request of the pair's first arm as a ratio to the second, in each of the runs at each of its loads.
pub fn feature(runs: &[(&str, &Study, Pair)]) -> Table {
    let lines = runs.iter().flat_map(|(run, study, pair)| {
        (0..study.plan.load_points.len()).filter_map(|point| line(run, study, *pair, point))
    });
    Table {
        name: "feature".to_owned(),
        title: "CPU a request with the change as a ratio to that without".to_owned(),
        columns: vec![
            Column::new("run", "Run", Kind::Words),
            Column::new("load", "Connections", Kind::Numbers),
            Column::new(
                "cpu_us_per_request_ratio",
                "CPU a request, ratio (95 % interval)",
                Kind::Estimates,
            ),
            Column::new("note", "Note", Kind::Words),
        ],
        lines: lines.collect(),
    }
}

fn line(run: &str, study: &Study, pair: Pair, point: usize) -> Option<Line> {
    let found = study.ratio(pair, point, CPU)?;
    let contradicted = study.contradicted(pair.ours);
    let note = match &found.outcome {
        Outcome::NotMeasured => return None,
        Outcome::Invalid(why) => format!("invalid: {why}"),
        _ if contradicted.is_empty() => String::new(),
        _ => format!("not so by its start lines: {}", contradicted.join(" ")),
    };
    Some(Line::plain(vec![
        Value::Text(run.to_owned()),
        Value::Text(load_label(study.load(point))),
        ratio(study, pair, point, CPU),
        Value::Text(note),
    ]))
}
