//! The declared targets, and what became of them in several runs.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::assess::Assessment;
use crate::claims::{Family, Judged};
use crate::model::Study;
use crate::text::load_label;

/// Every target that one of the runs tests, a line a run.
pub fn targets(assessments: &[Assessment]) -> Table {
    let tested = assessments.iter().flat_map(|assessment| {
        (assessment.claims.of(Family::Target)).map(|judged| line(&assessment.study, judged))
    });
    Table {
        name: "targets".to_owned(),
        title: "Targets and verdicts".to_owned(),
        columns: vec![
            Column::new("id", "Target", Kind::Words),
            Column::new("verdict", "Verdict", Kind::Words),
            Column::new("run", "Experiment", Kind::Words),
            Column::new("load", "Connections", Kind::Numbers),
            Column::new("limit", "Limit", Kind::Numbers),
            Column::new("found", "Found", Kind::Estimates),
            Column::hidden("blocks", Kind::Numbers),
            Column::hidden("quote", Kind::Words),
        ],
        lines: tested.collect(),
    }
}

fn line(study: &Study, judged: &Judged) -> Line {
    let subject = judged.claim.subject();
    let found = judged.points.first().and_then(|result| result.estimate);
    let limit = subject.claimed.unwrap_or_default();
    // A limit in bytes has no fraction worth showing.
    let display = if limit >= 100.0 {
        Display::Decimals(0)
    } else {
        Display::Decimals(3)
    };
    Line::plain(vec![
        Value::Name(judged.claim.id.clone()),
        Value::Text(judged.verdict.word().to_owned()),
        Value::Text(study.title()),
        Value::Text(subject.loads.iter().map(load_label).collect()),
        Value::number(subject.claimed, display),
        Value::estimate(found, display),
        found.map_or(Value::Empty, |found| Value::Integer(found.blocks as u64)),
        Value::Text(judged.claim.quote.clone()),
    ])
}
