//! Tables as Parquet: the columns of the CSV file, with types and every digit.

use super::{Kind, Line, Table, Value};
use crate::frame::{FrameError, Values, parquet};

impl Table {
    /// All columns; identifiers of rows first and what they rest on last, as in CSV.
    pub fn to_parquet(&self) -> Result<Vec<u8>, FrameError> {
        parquet(self.parquet_columns())
    }

    /// The same as columns.
    pub fn parquet_columns(&self) -> Vec<(String, Values)> {
        let mut columns = Vec::new();
        let words = |of: fn(&Line) -> &String| {
            let texts = self.lines.iter().map(of).map(|text| some(text.clone()));
            let texts: Vec<Option<String>> = texts.collect();
            texts
                .iter()
                .any(Option::is_some)
                .then_some(Values::Words(texts))
        };
        columns.extend(words(|line| &line.id).map(|values| ("row".to_owned(), values)));
        for (place, column) in self.columns.iter().enumerate() {
            let values = || self.lines.iter().map(move |line| &line.values[place]);
            if column.kind == Kind::Estimates {
                for (end, of) in ENDS {
                    let numbers = values().map(|value| number(value, of));
                    let name = format!("{}{end}", column.key);
                    columns.push((name, Values::Numbers(numbers.collect())));
                }
            } else {
                columns.push((column.key.clone(), typed(&values().collect::<Vec<_>>())));
            }
        }
        columns.extend(words(|line| &line.rests_on).map(|values| ("rests_on".to_owned(), values)));
        columns
    }
}

/// The three columns of an estimate.
const ENDS: [(&str, End); 3] = [("", End::Value), ("_low", End::Low), ("_high", End::High)];

#[derive(Clone, Copy)]
enum End {
    Value,
    Low,
    High,
}

fn number(value: &Value, end: End) -> Option<f64> {
    match (value, end) {
        (Value::Estimate(estimate, _), End::Value) => Some(estimate.value),
        (Value::Estimate(estimate, _), End::Low) => Some(estimate.low),
        (Value::Estimate(estimate, _), End::High) => Some(estimate.high),
        (Value::Number(number, _), End::Value) => Some(*number),
        (Value::Integer(count), End::Value) => Some(*count as f64),
        _ => None,
    }
}

/// Counts where there are only counts, numbers where there are only numbers, words otherwise.
fn typed(values: &[&Value]) -> Values {
    let there = || values.iter().filter(|value| ***value != Value::Empty);
    let is_count = |value: &&&Value| matches!(value, Value::Integer(_));
    let is_number = |value: &&&Value| matches!(value, Value::Integer(_) | Value::Number(..));
    if there().next().is_some() && there().all(|value| is_count(&value)) {
        let count = |value: &&Value| match value {
            Value::Integer(count) => Some(*count),
            _ => None,
        };
        return Values::Counts(values.iter().map(count).collect());
    }
    if there().next().is_some() && there().all(|value| is_number(&value)) {
        return Values::Numbers(values.iter().map(|v| number(v, End::Value)).collect());
    }
    let word = |value: &&Value| match value {
        Value::Text(text) | Value::Name(text) => some(text.clone()),
        Value::Integer(count) => Some(count.to_string()),
        Value::Number(number, _) => Some(crate::text::precise(*number)),
        Value::Empty | Value::Estimate(..) => None,
    };
    Values::Words(values.iter().map(word).collect())
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
