//! Every measurement with what is derived from it: what the cells' medians are of.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::metric::Metric;
use crate::model::Study;
use crate::text::{load_id, load_label, slug};

/// A line a measurement, in the order of cells and blocks.
pub fn measurements(study: &Study) -> Table {
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
    let count = |number: Option<u64>| number.map_or(Value::Empty, Value::Integer);
    let lines = (study.rows.iter().zip(&study.derived)).map(|(row, derived)| {
        let measurement = &row.measurement;
        let cell = study.cell(row.key.arm, row.key.point);
        let mut values = vec![
            Value::Name(measurement.arm.clone()),
            Value::Text(load_label(&cell.load)),
            Value::Integer(u64::from(measurement.block)),
            Value::Integer(u64::from(measurement.sequence)),
            count(measurement.connections_open),
            count(measurement.socket_errors),
        ];
        for metric in Metric::ALL {
            values.push(Value::number(derived.get(metric), Display::Decimals(3)));
        }
        values.push(Value::Text(measurement.error.clone()));
        Line {
            id: format!(
                "measurement-{}-{}-{}",
                slug(&measurement.arm),
                load_id(&cell.load),
                measurement.block
            ),
            ..Line::plain(values).resting_on(cell.id())
        }
    });
    Table {
        name: "measurements".to_owned(),
        title: "Every measurement with what is derived from it".to_owned(),
        columns,
        lines: lines.collect(),
    }
}
