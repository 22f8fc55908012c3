//! One subject a table: the data of the figures.

use super::cells::display;
use super::{Column, Display, Kind, Line, Table, Value};
use crate::metric::Metric;
use crate::model::{Cell, Study};
use crate::text::load_label;

/// Percentiles of the table of latencies.
const PERCENTILES: [(&str, &str, f64); 5] = [
    ("p50_us", "p50, µs", 0.5),
    ("p90_us", "p90, µs", 0.9),
    ("p99_us", "p99, µs", 0.99),
    ("p999_us", "p99.9, µs", 0.999),
    ("p9999_us", "p99.99, µs", 0.9999),
];

/// Requests a second.
pub fn throughput(study: &Study) -> Table {
    topic(
        study,
        "throughput",
        "Requests a second: medians over blocks with 95 % intervals",
        &[
            Metric::RequestsPerSecond,
            Metric::ServerCoresBusy,
            Metric::ClientCoresBusy,
        ],
    )
}

/// CPU a request.
pub fn cpu(study: &Study) -> Table {
    topic(
        study,
        "cpu",
        "Server CPU a request: medians over blocks with 95 % intervals",
        &[Metric::CpuUsPerRequest, Metric::ServerCoresBusy],
    )
}

/// Kernel entries, queue entries of the ring, and memory.
pub fn kernel(study: &Study) -> Table {
    topic(
        study,
        "kernel",
        "Kernel entries, SQEs and CQEs a request, and memory",
        &[
            Metric::KernelEntriesPerRequest,
            Metric::SqesPerRequest,
            Metric::CqesPerRequest,
            Metric::ServerRssBytes,
        ],
    )
}

/// What limited each cell, and how busy both sides were.
pub fn bottlenecks(study: &Study) -> Table {
    let line = |cell: &Cell| {
        let mut values = start(cell);
        let found = cell.bottleneck.filter(|_| cell.valid());
        values.push(found.map_or(Value::Empty, |found| Value::Text(found.to_string())));
        for metric in BUSY {
            values.push(Value::number(cell.medians.get(metric), display(metric)));
        }
        finish(cell, values)
    };
    let mut columns = vec![
        Column::new("arm", "Arm", Kind::Words),
        Column::new("load", "Connections", Kind::Numbers),
        Column::new("bottleneck", "Bottleneck", Kind::Words),
    ];
    for metric in BUSY {
        columns.push(Column::new(metric.column(), metric.title(), Kind::Numbers));
    }
    columns.push(Column::new("note", "Note", Kind::Words));
    Table {
        name: "bottlenecks".to_owned(),
        title: "What limited each cell".to_owned(),
        columns,
        lines: study.cells.iter().map(line).collect(),
    }
}

/// How busy both sides and the machine were.
const BUSY: [Metric; 3] = [
    Metric::ServerCoresBusy,
    Metric::ClientCoresBusy,
    Metric::MachineBusy,
];

/// Requests a second and p99 of each cell.
pub fn scatter(study: &Study) -> Table {
    topic(
        study,
        "scatter",
        "Requests a second and p99 latency: medians over blocks with 95 % intervals",
        &[Metric::RequestsPerSecond, Metric::LatencyP99Us],
    )
}

fn topic(study: &Study, name: &str, title: &str, metrics: &[Metric]) -> Table {
    let mut columns = vec![
        Column::new("arm", "Arm", Kind::Words),
        Column::new("load", "Connections", Kind::Numbers),
    ];
    let with_interval =
        |metric: Metric| (study.cells.iter()).any(|cell| cell.estimates.contains_key(&metric));
    for metric in metrics {
        let kind = if with_interval(*metric) {
            Kind::Estimates
        } else {
            Kind::Numbers
        };
        columns.push(Column::new(metric.column(), metric.title(), kind));
    }
    columns.push(Column::new("note", "Note", Kind::Words));
    let line = |cell: &Cell| {
        let mut values = start(cell);
        for metric in metrics {
            values.push(match cell.estimates.get(metric) {
                Some(estimate) => Value::Estimate(*estimate, display(*metric)),
                None => Value::number(cell.medians.get(*metric), display(*metric)),
            });
        }
        finish(cell, values)
    };
    Table {
        name: name.to_owned(),
        title: title.to_owned(),
        columns,
        lines: study.cells.iter().map(line).collect(),
    }
}

/// Latency percentiles of the histograms of all blocks together.
pub fn latency(study: &Study) -> Table {
    let mut columns = vec![
        Column::new("arm", "Arm", Kind::Words),
        Column::new("load", "Connections", Kind::Numbers),
        Column::new("latency_mean_us", "Mean, µs", Kind::Numbers),
    ];
    for (key, title, _) in PERCENTILES {
        columns.push(Column::new(key, title, Kind::Numbers));
    }
    columns.push(Column::new("max_us", "Largest, µs", Kind::Numbers));
    columns.push(Column::new(
        "in_flight",
        "In flight (Little)",
        Kind::Numbers,
    ));
    columns.push(Column::new("note", "Note", Kind::Words));
    let line = |cell: &Cell| {
        let mut values = start(cell);
        let histogram = cell.latencies.as_ref();
        values.push(Value::number(
            histogram.map(|h| h.mean()),
            Display::Decimals(0),
        ));
        for (_, _, quantile) in PERCENTILES {
            values.push(histogram.map_or(Value::Empty, |h| count(h.value_at_quantile(quantile))));
        }
        values.push(histogram.map_or(Value::Empty, |h| count(h.max())));
        values.push(Value::number(
            cell.medians.get(Metric::InFlight),
            display(Metric::InFlight),
        ));
        finish(cell, values)
    };
    Table {
        name: "latency".to_owned(),
        title: "Latency: percentiles of all blocks' histograms together".to_owned(),
        columns,
        lines: study.cells.iter().map(line).collect(),
    }
}

fn count(value: u64) -> Value {
    Value::Number(value as f64, Display::Decimals(0))
}

fn start(cell: &Cell) -> Vec<Value> {
    vec![
        Value::Name(cell.arm_name.clone()),
        Value::Text(load_label(&cell.load)),
    ]
}

fn finish(cell: &Cell, mut values: Vec<Value>) -> Line {
    values.push(Value::Text(if cell.valid() {
        String::new()
    } else if cell.measured == 0 {
        "not measured".to_owned()
    } else {
        "invalid".to_owned()
    }));
    Line::plain(values)
        .marked(!cell.valid())
        .resting_on(cell.id())
}
