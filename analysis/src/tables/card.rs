//! The card's three tables, ours beside the published.

use records::LoadPoint;

use super::{Column, Display, Kind, Line, Table, Value};
use crate::claims::{CARD_KIO_ARM, CARD_TOKIO_ARM};
use crate::metric::Metric;
use crate::model::{Cell, Study};
use crate::published::{Published, PublishedCell};

/// A row of the card's tables: its name there, the published figure, ours, how it is shown.
struct Entry {
    title: &'static str,
    published: fn(&PublishedCell) -> f64,
    ours: Metric,
    display: Display,
}

const ENTRIES: [Entry; 5] = [
    Entry {
        title: "Requests/sec",
        published: |cell| cell.requests_per_second,
        ours: Metric::RequestsPerSecond,
        display: Display::Decimals(0),
    },
    Entry {
        title: "Avg latency, µs",
        published: |cell| cell.latency_mean_us,
        ours: Metric::LatencyMeanUs,
        display: Display::Decimals(0),
    },
    Entry {
        title: "P50 latency, µs",
        published: |cell| cell.latency_p50_us,
        ours: Metric::LatencyP50Us,
        display: Display::Decimals(0),
    },
    Entry {
        title: "P99 latency, µs",
        published: |cell| cell.latency_p99_us,
        ours: Metric::LatencyP99Us,
        display: Display::Decimals(0),
    },
    Entry {
        title: "CPU usage (of all worker cores)",
        published: |cell| cell.server_cpu_percent / 100.0,
        ours: Metric::ServerCoresBusy,
        display: Display::Percent(0),
    },
];

/// One of the card's tables, cell for cell.
pub fn card(study: &Study, published: &Published, connections: u32) -> Table {
    let load = LoadPoint {
        connections,
        ..LoadPoint::default()
    };
    let cell = |arm: &str| {
        let cell = study.cell(study.arm(arm)?, study.point(&load)?);
        Some(cell).filter(|cell| cell.measured > 0)
    };
    let sides = [cell(CARD_KIO_ARM), cell(CARD_TOKIO_ARM)];
    let theirs = published.pair(connections);
    let mut lines: Vec<Line> = ENTRIES
        .iter()
        .map(|entry| line(entry, theirs, sides))
        .collect();
    lines.push(socket_errors(study, theirs, sides));
    Table {
        name: format!("card-{connections}"),
        title: format!("{connections} connections"),
        columns: vec![
            Column::new("metric", "Metric", Kind::Words),
            Column::new("kio_published", "kio, card", Kind::Numbers),
            Column::new("kio_ours", "kio, here", Kind::Numbers),
            Column::new("kio_ours_to_published", "here : card", Kind::Numbers),
            Column::new("tokio_published", "Tokio, card", Kind::Numbers),
            Column::new("tokio_ours", "Tokio, here", Kind::Numbers),
            Column::new("tokio_ours_to_published", "here : card", Kind::Numbers),
            Column::new("kio_to_tokio_published", "kio : Tokio, card", Kind::Numbers),
            Column::new("kio_to_tokio_ours", "kio : Tokio, here", Kind::Numbers),
        ],
        lines,
    }
}

fn line(
    entry: &Entry,
    theirs: Option<(&PublishedCell, &PublishedCell)>,
    sides: [Option<&Cell>; 2],
) -> Line {
    let published = [theirs.map(|t| t.0), theirs.map(|t| t.1)].map(|c| c.map(entry.published));
    let ours = sides.map(|cell| cell?.quotable(entry.ours).map(|e| e.value));
    let shown = |value: Option<f64>| Value::number(value, entry.display);
    let here = |side: usize| match (sides[side], ours[side]) {
        (Some(cell), _) if !cell.valid() => Value::Text("invalid".to_owned()),
        (_, value) => shown(value),
    };
    let ratio = |over: Option<f64>, under: Option<f64>| {
        let quotient = over.zip(under).map(|(over, under)| over / under);
        Value::number(quotient, Display::Decimals(2))
    };
    Line::plain(vec![
        Value::Text(entry.title.to_owned()),
        shown(published[0]),
        here(0),
        ratio(ours[0], published[0]),
        shown(published[1]),
        here(1),
        ratio(ours[1], published[1]),
        ratio(published[0], published[1]),
        ratio(ours[0], ours[1]),
    ])
}

/// The last row: connections that failed, in all blocks together. Counts have no ratio.
fn socket_errors(
    study: &Study,
    theirs: Option<(&PublishedCell, &PublishedCell)>,
    sides: [Option<&Cell>; 2],
) -> Line {
    let published = |cell: Option<&PublishedCell>| {
        (cell.and_then(|c| c.socket_errors_connect)).map_or(Value::Empty, Value::Integer)
    };
    let ours = |cell: Option<&Cell>| {
        let Some(cell) = cell else {
            return Value::Empty;
        };
        let rows = (study.rows.iter())
            .filter(|row| (row.key.arm, row.key.point) == (cell.arm, cell.point));
        Value::Integer(rows.filter_map(|row| row.socket_errors).sum())
    };
    Line::plain(vec![
        Value::Text("Socket errors".to_owned()),
        published(theirs.map(|t| t.0)),
        ours(sides[0]),
        Value::Empty,
        published(theirs.map(|t| t.1)),
        ours(sides[1]),
        Value::Empty,
        Value::Empty,
        Value::Empty,
    ])
}
