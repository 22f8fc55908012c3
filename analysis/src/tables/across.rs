//! Two runs beside each other.

use records::Difference;

use super::{Column, Display, Kind, Line, Table, Value};
use crate::compare::{
    COMPARED, Change, common, differences as differing, headline, loads, quotient,
};
use crate::metric::Metric;
use crate::model::Study;
use crate::text::load_label;

const RATIO: Display = Display::Decimals(3);

/// What the runs were made with, where it differs.
pub fn differences(a: &Study, b: &Study) -> Table {
    let line = |difference: Difference| {
        Line::plain(vec![
            Value::Name(difference.field),
            Value::Text(plain(difference.a)),
            Value::Text(plain(difference.b)),
        ])
    };
    Table {
        name: "differences".to_owned(),
        title: "What differs between the runs".to_owned(),
        columns: vec![
            Column::new("field", "Field", Kind::Words),
            Column::new("first", "A", Kind::Words),
            Column::new("second", "B", Kind::Words),
        ],
        lines: differing(a, b).into_iter().map(line).collect(),
    }
}

/// A value without the quotes of JSON; nothing where there is none.
fn plain(json: String) -> String {
    match json.as_str() {
        "absent" | "null" => String::new(),
        text => serde_json::from_str(text).unwrap_or(json),
    }
}

/// Every cell that both have: B over A.
pub fn quotients(a: &Study, b: &Study) -> Table {
    let mut columns = vec![
        Column::new("arm", "Arm", Kind::Words),
        Column::new("load", "Connections", Kind::Numbers),
    ];
    for metric in COMPARED {
        columns.push(Column::new(
            format!("{}_quotient", metric.column()),
            metric.title().replace(", µs", ""),
            Kind::Estimates,
        ));
    }
    columns.push(Column::new("cpu_change", "CPU in B", Kind::Words));
    columns.push(Column::new("note", "Note", Kind::Words));
    let lines = common(a, b).map(|cell| {
        let sides = [
            a.cell(cell.arm[0], cell.point[0]),
            b.cell(cell.arm[1], cell.point[1]),
        ];
        let mut values = vec![
            Value::Name(sides[0].arm_name.clone()),
            Value::Text(load_label(&sides[0].load)),
        ];
        for metric in COMPARED {
            values.push(Value::estimate(quotient(a, b, cell, metric), RATIO));
        }
        let cpu = quotient(a, b, cell, Metric::CpuUsPerRequest);
        values.push(cpu.map_or(Value::Empty, |cpu| {
            Value::Text(Change::of(&cpu).word().to_owned())
        }));
        let note = match sides.map(|cell| cell.valid()) {
            [true, true] => String::new(),
            [false, true] => format!("A: {}", sides[0].invalid_because()),
            [true, false] => format!("B: {}", sides[1].invalid_because()),
            [false, false] => "invalid in both".to_owned(),
        };
        let marked = !note.is_empty();
        values.push(Value::Text(note));
        Line::plain(values).marked(marked)
    });
    Table {
        name: "quotients".to_owned(),
        title: "B over A, cell by cell: unpaired, with 95 % intervals".to_owned(),
        columns,
        lines: lines.collect(),
    }
}

/// The headline ratios of both.
pub fn headlines(a: &Study, b: &Study) -> Table {
    let metrics = [Metric::CpuUsPerRequest, Metric::RequestsPerSecond];
    let lines = metrics.into_iter().flat_map(|metric| {
        loads(a, b).map(move |point| {
            let found = headline(a, b, point, metric);
            let mut values = vec![
                Value::Text(metric.noun().to_owned()),
                Value::Text(load_label(a.load(point[0]))),
            ];
            values.extend(found.map(|estimate| Value::estimate(estimate, RATIO)));
            Line::plain(values)
        })
    });
    Table {
        name: "headlines".to_owned(),
        title: "Our server to the card's baseline in both runs".to_owned(),
        columns: vec![
            Column::new("metric", "Ratio of", Kind::Words),
            Column::new("load", "Connections", Kind::Numbers),
            Column::new("first", "A", Kind::Estimates),
            Column::new("second", "B", Kind::Estimates),
            Column::new("quotient", "B over A", Kind::Estimates),
        ],
        lines: lines.collect(),
    }
}
