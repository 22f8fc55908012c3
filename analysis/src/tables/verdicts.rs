//! Verdicts of one family of claims across runs.

use super::{Column, Kind, Line, Table, Value};
use crate::assess::Assessment;
use crate::claims::Family;

/// A line a claim, a column a run that judges any of the family: the verdict's word.
pub fn verdicts(assessments: &[Assessment], family: Family, title: &str) -> Table {
    let judging: Vec<&Assessment> = (assessments.iter())
        .filter(|assessment| assessment.claims.of(family).next().is_some())
        .collect();
    let mut columns = vec![
        Column::new("id", "Claim", Kind::Words),
        Column::hidden("quote", Kind::Words),
    ];
    let mut claims: Vec<(&str, &str)> = Vec::new();
    for assessment in &judging {
        columns.push(Column::new(
            assessment.study.name.clone(),
            assessment.study.title(),
            Kind::Words,
        ));
        for judged in assessment.claims.of(family) {
            let claim = (judged.claim.id.as_str(), judged.claim.quote.as_str());
            if !claims.iter().any(|(id, _)| *id == claim.0) {
                claims.push(claim);
            }
        }
    }
    let line = |(id, quote): (&str, &str)| {
        let mut values = vec![Value::Name(id.to_owned()), Value::Text(quote.to_owned())];
        for assessment in &judging {
            let judged = assessment.claims.of(family).find(|j| j.claim.id == id);
            values.push(judged.map_or(Value::Empty, |judged| {
                Value::Text(judged.verdict.word().to_owned())
            }));
        }
        Line::plain(values)
    };
    Table {
        name: format!("verdicts-{}", family.name()),
        title: title.to_owned(),
        columns,
        lines: claims.into_iter().map(line).collect(),
    }
}
