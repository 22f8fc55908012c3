//! The table of cells, and of those that are invalid.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::metric::Metric;
use crate::model::{Cell, Study};
use crate::text::{generator_name, load_label};

/// How a quantity is shown.
pub(super) fn display(metric: Metric) -> Display {
    match metric {
        Metric::CpuUsPerRequest
        | Metric::SteadyCpuUsPerRequest
        | Metric::WindowCpuUsPerRequest
        | Metric::WorkerImbalance
        | Metric::AcceptImbalance => Display::Decimals(2),
        Metric::KernelEntriesPerRequest | Metric::SqesPerRequest | Metric::CqesPerRequest => {
            Display::Decimals(3)
        }
        Metric::ServerCoresBusy | Metric::ClientCoresBusy => Display::Percent(1),
        Metric::ForeignShare | Metric::StealShare | Metric::MachineBusy => Display::Percent(1),
        Metric::UserShare | Metric::SystemShare | Metric::SoftirqShare => Display::Percent(1),
        Metric::ServerRssBytes => Display::Mebibytes,
        Metric::InFlight => Display::Decimals(1),
        _ => Display::Decimals(0),
    }
}

/// Columns of the quantities that stand in the file only.
fn shown(metric: Metric) -> bool {
    !matches!(
        metric,
        Metric::LatencyP90Us
            | Metric::LatencyP999Us
            | Metric::LatencyMaxUs
            | Metric::StealShare
            | Metric::WorkerImbalance
            | Metric::AcceptImbalance
            | Metric::KernelEntriesPerRequest
            | Metric::InFlight
            | Metric::SteadyCpuUsPerRequest
            | Metric::WindowCpuUsPerRequest
            | Metric::SqesPerRequest
            | Metric::CqesPerRequest
            | Metric::MachineBusy
            | Metric::UserShare
            | Metric::SystemShare
            | Metric::SoftirqShare
    )
}

/// What the processors of the server's machine did, shown where the rows have all of it.
const BY_CLASS: [Metric; 4] = [
    Metric::UserShare,
    Metric::SystemShare,
    Metric::SoftirqShare,
    Metric::StealShare,
];

/// Every cell with its medians, validity and bottleneck.
pub fn cells(study: &Study) -> Table {
    let mut columns = vec![
        Column::new("arm", "Arm", Kind::Words),
        Column::new("load", "Connections", Kind::Numbers),
        Column::hidden("connections", Kind::Numbers),
        Column::hidden("pipeline", Kind::Numbers),
        Column::hidden("offered_rate_per_s", Kind::Numbers),
        Column::hidden("generator", Kind::Words),
        Column::hidden("idle_connections", Kind::Numbers),
        Column::hidden("requests_per_connection", Kind::Numbers),
        Column::hidden("body_bytes", Kind::Numbers),
        Column::hidden("workers", Kind::Numbers),
        Column::new("blocks", "Blocks", Kind::Numbers),
        Column::new("valid", "Valid", Kind::Words),
        Column::new("bottleneck", "Bottleneck", Kind::Words),
    ];
    let has_interval =
        |metric: Metric| (study.cells.iter()).any(|cell| cell.estimates.contains_key(&metric));
    let has_classes = (study.cells.iter())
        .any(|cell| (BY_CLASS.iter()).all(|class| cell.medians.get(*class).is_some()));
    for metric in Metric::ALL {
        let kind = if has_interval(metric) {
            Kind::Estimates
        } else {
            Kind::Numbers
        };
        columns.push(Column {
            key: metric.column().to_owned(),
            title: metric.title().to_owned(),
            kind,
            shown: shown(metric) || (has_classes && BY_CLASS.contains(&metric)),
        });
    }
    columns.push(Column::new("left_out", "Windows left out", Kind::Numbers));
    columns.push(Column::new("drift", "Drift", Kind::Words));
    columns.push(Column::new("invalid_because", "Why not valid", Kind::Words));
    Table {
        name: "cells".to_owned(),
        title: "All cells: medians over blocks with 95 % intervals".to_owned(),
        columns,
        lines: study.cells.iter().map(line).collect(),
    }
}

fn count(number: Option<u32>) -> Value {
    number.map_or(Value::Empty, |number| Value::Integer(u64::from(number)))
}

fn line(cell: &Cell) -> Line {
    let mut values = vec![
        Value::Name(cell.arm_name.clone()),
        Value::Text(load_label(&cell.load)),
        Value::Integer(u64::from(cell.load.connections)),
        Value::Integer(u64::from(cell.load.pipeline)),
        (cell.load.offered_rate_per_s).map_or(Value::Empty, Value::Integer),
        Value::Text(generator_name(cell.load.generator).to_owned()),
        Value::Integer(u64::from(cell.load.idle_connections)),
        count(cell.load.requests_per_connection),
        count(cell.load.body_bytes),
        count(cell.load.workers),
        Value::Integer(cell.measured as u64),
        Value::Text(if cell.valid() { "yes" } else { "no" }.to_owned()),
        (cell.bottleneck).map_or(Value::Empty, |name| Value::Text(name.to_string())),
    ];
    for metric in Metric::ALL {
        values.push(match cell.estimates.get(&metric) {
            Some(estimate) => Value::Estimate(*estimate, display(metric)),
            None => Value::number(cell.medians.get(metric), display(metric)),
        });
    }
    values.push(Value::Integer(cell.left_out_blocks() as u64));
    let drifts: Vec<String> = cell.drifts.iter().map(ToString::to_string).collect();
    values.push(Value::Text(drifts.join("; ")));
    values.push(Value::Text(if cell.valid() {
        String::new()
    } else {
        cell.invalid_because()
    }));
    Line {
        id: cell.id(),
        ..Line::plain(values).marked(!cell.valid())
    }
}

/// The failed gates, one a line.
pub fn invalid(study: &Study) -> Table {
    let failed = study.cells.iter().flat_map(|cell| {
        cell.failures.iter().map(|(block, why)| {
            Line::plain(vec![
                Value::Name(cell.arm_name.clone()),
                Value::Text(load_label(&cell.load)),
                Value::Integer(u64::from(*block)),
                Value::Text(why.to_string()),
            ])
            .resting_on(cell.id())
        })
    });
    Table {
        name: "invalid".to_owned(),
        title: "Measurements that failed a gate".to_owned(),
        columns: vec![
            Column::new("arm", "Arm", Kind::Words),
            Column::new("load", "Connections", Kind::Numbers),
            Column::new("block", "Block", Kind::Numbers),
            Column::new("because", "Because", Kind::Words),
        ],
        lines: failed.collect(),
    }
}
