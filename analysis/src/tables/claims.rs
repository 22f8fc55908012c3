//! The table of claims.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::claims::{Claims, Judged, Test};
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
    let (arms, metric, claimed) = match &claim.test {
        Test::Ratio {
            ours,
            base,
            metric,
            shape,
            ..
        } => ([ours, base], metric.column(), Some(shape.ratio())),
        Test::Saturation { arms, .. } => ([&arms[0], &arms[1]], "server_cores_busy", None),
        Test::ConnectErrors { arms, .. } => ([&arms[0], &arms[1]], "socket_errors_connect", None),
    };
    let line = |load: String, found: Value, blocks: Value, verdict: &str| {
        Line::plain(vec![
            Value::Name(claim.id.clone()),
            Value::Text(verdict.to_owned()),
            Value::Text(claim.family.name().to_owned()),
            Value::Text(claim.quote.clone()),
            Value::Name(arms[0].clone()),
            Value::Name(arms[1].clone()),
            Value::Text(metric.to_owned()),
            Value::Text(load),
            Value::number(claimed, Display::Decimals(3)),
            found,
            blocks,
            Value::number(judged.p, Display::Decimals(4)),
            Value::number(judged.p_holm, Display::Decimals(4)),
            Value::Text(judged.sentence.to_plain()),
        ])
    };
    if judged.points.is_empty() {
        let loads = loads(&claim.test);
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
        })
        .collect()
}

fn loads(test: &Test) -> String {
    let loads = match test {
        Test::Ratio { loads, .. } => loads.as_slice(),
        Test::Saturation { load, .. } | Test::ConnectErrors { load, .. } => {
            std::slice::from_ref(load)
        }
    };
    joined(loads.iter().map(|load| load_label(load).into()).collect()).to_plain()
}
