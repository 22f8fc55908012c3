//! Every measurement with what is derived from it: what the cells' medians are of.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::metric::{Derived, Metric};
use crate::model::{Study, Window};
use crate::text::{load_id, load_label, slug};

/// Lines of a part: a long run's are never all in memory as values of a table.
const PART: usize = 4096;

/// The table without its lines.
pub fn measurements_head() -> Table {
    let mut columns = vec![
        Column::new("arm", "Arm", Kind::Words),
        Column::new("load", "Connections", Kind::Words),
        Column::new("block", "Block", Kind::Numbers),
        Column::hidden("sequence", Kind::Numbers),
        Column::hidden("connections_open", Kind::Numbers),
        Column::hidden("socket_errors", Kind::Numbers),
    ];
    for metric in Metric::ALL {
        columns.push(Column::new(metric.column(), metric.title(), Kind::Numbers));
    }
    columns.push(Column::new("error", "Error", Kind::Words));
    Table {
        name: "measurements".to_owned(),
        title: "Every measurement with what is derived from it".to_owned(),
        columns,
        lines: Vec::new(),
    }
}

/// A line a measurement, in the order of cells and blocks, part by part.
pub fn measurements(study: &Study) -> impl Iterator<Item = Table> {
    let parts = study.rows.chunks(PART).zip(study.derived.chunks(PART));
    let parts = parts.map(|(rows, derived)| Table {
        lines: (rows.iter().zip(derived))
            .map(|(row, derived)| line(study, row, derived))
            .collect(),
        ..measurements_head()
    });
    // A run that has just begun has a table without lines.
    let none = study.rows.is_empty().then(measurements_head);
    none.into_iter().chain(parts)
}

fn line(study: &Study, row: &Window, derived: &Derived) -> Line {
    let count = |number: Option<u64>| number.map_or(Value::Empty, Value::Integer);
    let cell = study.cell(row.key.arm, row.key.point);
    let mut values = vec![
        Value::Name(cell.arm_name.clone()),
        Value::Text(load_label(&cell.load)),
        Value::Integer(u64::from(row.key.block)),
        Value::Integer(u64::from(row.sequence)),
        count(row.connections_open),
        count(row.socket_errors),
    ];
    for metric in Metric::ALL {
        values.push(Value::number(derived.get(metric), Display::Decimals(3)));
    }
    values.push(Value::Text(row.error.to_string()));
    Line {
        id: format!(
            "measurement-{}-{}-{}",
            slug(&cell.arm_name),
            load_id(&cell.load),
            row.key.block
        ),
        ..Line::plain(values).resting_on(cell.id())
    }
}
