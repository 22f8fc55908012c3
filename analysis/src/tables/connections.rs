//! Connections: how many were open, and how a server's workers shared them.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::metric::Metric;
use crate::model::{Cell, Study, Window, worker_shares as shares_of};
use crate::published::Published;
use crate::stats::median;
use crate::text::{load_label, percent};

/// Connections asked for against those that were open, beside the card's failures.
pub fn connections(study: &Study, published: &Published) -> Table {
    let line = |cell: &Cell| {
        let of = |value: fn(&Window) -> Option<u64>| {
            let found: Vec<f64> = (study.rows.iter())
                .filter(|row| (row.key.arm, row.key.point) == (cell.arm, cell.point))
                .filter_map(&value)
                .map(|count| count as f64)
                .collect();
            Value::number(median(&found), Display::Decimals(0))
        };
        let card = (published.cells().iter())
            .find(|card| card.connections_requested == cell.load.connections)
            .and_then(|card| card.socket_errors_connect);
        Line::plain(vec![
            Value::Name(cell.arm_name.clone()),
            Value::Text(load_label(&cell.load)),
            of(|row| row.connections_open),
            of(|row| row.socket_errors_connect),
            card.map_or(Value::Empty, Value::Integer),
        ])
        .marked(!cell.valid())
        .resting_on(cell.id())
    };
    Table {
        name: "connections".to_owned(),
        title: "Connections asked for, open and failed: medians over blocks".to_owned(),
        columns: vec![
            Column::new("arm", "Arm", Kind::Words),
            Column::new("load", "Connections asked", Kind::Numbers),
            Column::new("connections_open", "Open", Kind::Numbers),
            Column::new("socket_errors_connect", "Failed to open", Kind::Numbers),
            Column::new("published_connect_errors", "Failed, card", Kind::Numbers),
        ],
        lines: study.cells.iter().map(line).collect(),
    }
}

/// How the workers of each server shared connections and requests.
pub fn worker_shares(study: &Study) -> Table {
    let line = |cell: &Cell| {
        let [accepts, requests] = shares_of(study, cell.arm, cell.point)?;
        let list = |shares: &[f64]| {
            let parts: Vec<String> = (shares.iter()).map(|share| percent(*share, 1)).collect();
            Value::Text(parts.join(" "))
        };
        let line = Line::plain(vec![
            Value::Name(cell.arm_name.clone()),
            Value::Text(load_label(&cell.load)),
            Value::number(
                cell.medians.get(Metric::AcceptImbalance),
                Display::Decimals(2),
            ),
            list(&accepts),
            Value::number(
                cell.medians.get(Metric::WorkerImbalance),
                Display::Decimals(2),
            ),
            list(&requests),
        ]);
        Some(line.resting_on(cell.id()))
    };
    Table {
        name: "balance".to_owned(),
        title: "The busiest worker's multiple of an even share, and all shares".to_owned(),
        columns: vec![
            Column::new("arm", "Arm", Kind::Words),
            Column::new("load", "Connections", Kind::Numbers),
            Column::new("accept_imbalance", "Busiest, accepts", Kind::Numbers),
            Column::new("accept_shares", "Accepts by worker", Kind::Words),
            Column::new("worker_imbalance", "Busiest, requests", Kind::Numbers),
            Column::new("request_shares", "Requests by worker", Kind::Words),
        ],
        lines: study.cells.iter().filter_map(line).collect(),
    }
}
