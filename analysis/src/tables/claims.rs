//! The table of claims.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::claims::{Claims, Judged, RowRef};
use crate::model::Study;
use crate::text::{joined, load_label};

/// Every judged claim with its numbers, a line a load point.
pub fn claims(study: &Study, claims: &Claims) -> Table {
    Table {
        name: "claims".to_owned(),
        title: "Claims and verdicts".to_owned(),
        columns: vec![
            Column::new("id", "Claim", Kind::Words),
            Column::new("verdict", "Verdict", Kind::Words),
            Column::hidden("family", Kind::Words),
            Column::hidden("quote", Kind::Words),
            Column::hidden("arm", Kind::Words),
            Column::hidden("to_arm", Kind::Words),
            Column::hidden("metric", Kind::Words),
            Column::new("load", "Connections", Kind::Numbers),
            Column::new("claimed_ratio", "Claimed", Kind::Numbers),
            Column::new("ratio", "Found", Kind::Estimates),
            Column::new("blocks", "Blocks", Kind::Numbers),
            Column::new("p", "p", Kind::Numbers),
            Column::new("p_holm", "p, Holm", Kind::Numbers),
            Column::hidden("sentence", Kind::Words),
        ],
        lines: (claims.judged.iter())
            .flat_map(|judged| lines(study, judged))
            .collect(),
    }
}

fn lines(study: &Study, judged: &Judged) -> Vec<Line> {
    let claim = &judged.claim;
    let subject = claim.subject();
    let arm = |place: usize| {
        (subject.arms.get(place)).map_or(Value::Empty, |arm| Value::Name((*arm).clone()))
    };
    let line = |load: String, found: Value, blocks: Value, verdict: &str| {
        Line::plain(vec![
            Value::Name(claim.id.clone()),
            Value::Text(verdict.to_owned()),
            Value::Text(claim.family.name().to_owned()),
            Value::Text(claim.quote.clone()),
            arm(0),
            arm(1),
            Value::Text(subject.metric.to_owned()),
            Value::Text(load),
            Value::number(subject.claimed, Display::Decimals(3)),
            found,
            blocks,
            Value::number(judged.p, Display::PValue),
            Value::number(judged.p_holm, Display::PValue),
            Value::Text(judged.sentence.to_plain()),
        ])
    };
    if judged.points.is_empty() {
        let loads = subject.loads.iter().map(|load| load_label(load).into());
        let loads = joined(loads.collect()).to_plain();
        return vec![line(
            loads,
            Value::Empty,
            Value::Empty,
            judged.verdict.word(),
        )];
    }
    (judged.points.iter())
        .map(|result| {
            line(
                load_label(study.load(result.point)),
                Value::estimate(result.estimate, Display::Decimals(3)),
                (result.estimate).map_or(Value::Empty, |e| Value::Integer(e.blocks as u64)),
                result.decision.verdict.word(),
            )
            .resting_on(rests_on(study, judged, result.point))
        })
        .collect()
}

/// The row of the table of ratios, or of cells, that a claim about two arms or one rests on.
fn rests_on(study: &Study, judged: &Judged, point: usize) -> String {
    let row = (judged.rests_on.iter()).find(|row| match row {
        RowRef::Cell { point: at, .. } | RowRef::Ratio { point: at, .. } => *at == point,
    });
    row.map_or_else(String::new, |row| row.id(study))
}
