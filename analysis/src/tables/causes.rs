//! The card's explanations and what became of them.

use super::{Column, Kind, Line, Table, Value};
use crate::claims::Explained;
use crate::text::load_name;

/// A line an explanation.
pub fn causes(found: &[Explained]) -> Table {
    let line = |found: &Explained| {
        let by_load: Vec<String> = (found.by_load.iter())
            .map(|(load, verdict)| format!("{verdict} at {}", load_name(load)))
            .collect();
        Line::plain(vec![
            Value::Name(format!("cause-{}", found.cause.id)),
            Value::Text(found.cause.quote.to_owned()),
            Value::Text(found.cause.tested_by()),
            Value::Text(found.word().to_owned()),
            Value::Text(by_load.join("; ")),
            Value::Text(found.sentence.to_plain()),
        ])
    };
    Table {
        name: "card-causes".to_owned(),
        title: "The card's explanations".to_owned(),
        columns: vec![
            Column::hidden("id", Kind::Words),
            Column::new("explanation", "The card's explanation", Kind::Words),
            Column::new("tested_by", "True if", Kind::Words),
            Column::new("verdict", "Verdict", Kind::Words),
            Column::new("by_load", "Load by load", Kind::Words),
            Column::hidden("sentence", Kind::Words),
        ],
        lines: found.iter().map(line).collect(),
    }
}
