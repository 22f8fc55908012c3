//! The table of gates.

use super::{Column, Kind, Line, Table, Value};
use crate::gates::{Consequence, Gate};
use crate::model::{Cell, Drift, Study};

/// Every gate: what is looked at, what it must be, what follows otherwise, and how often it did here.
pub fn gates(study: &Study) -> Table {
    let line = |gate: Gate| {
        Line::plain(vec![
            Value::Text(gate.quantity().to_owned()),
            Value::Text(gate.rule()),
            Value::Text(gate.consequence().words().to_owned()),
            Value::Integer(tripped(study, gate) as u64),
        ])
    };
    Table {
        name: "gates".to_owned(),
        title: "Gates".to_owned(),
        columns: vec![
            Column::new("quantity", "Looked at", Kind::Words),
            Column::new("rule", "Must be", Kind::Words),
            Column::new("otherwise", "Otherwise", Kind::Words),
            Column::new("tripped", "Tripped here", Kind::Numbers),
        ],
        lines: Gate::ALL.into_iter().map(line).collect(),
    }
}

/// How many measurements, pairs or cells of the run did not pass.
fn tripped(study: &Study, gate: Gate) -> usize {
    let cells = |is: fn(&Cell) -> bool| study.cells.iter().filter(|cell| is(cell)).count();
    match gate {
        Gate::PairDistance => unpaired(study),
        Gate::WindowTrend => cells(|cell| {
            cell.drifts
                .iter()
                .any(|drift| matches!(drift, Drift::Windows { .. }))
        }),
        Gate::BlockTrend => cells(|cell| {
            cell.drifts
                .iter()
                .any(|drift| matches!(drift, Drift::Blocks(..)))
        }),
        Gate::HotThread => cells(|cell| cell.busy.client_hot()),
        Gate::Ceiling => cells(|cell| cell.busy.near_ceiling()),
        _ => {
            debug_assert!(matches!(
                gate.consequence(),
                Consequence::Invalid | Consequence::LeftOut
            ));
            (study.cells.iter())
                .flat_map(|cell| cell.failures.iter().chain(&cell.left_out))
                .filter(|(_, failure)| failure.gate() == gate)
                .count()
        }
    }
}

/// Pairs of windows without a ratio: each comparison at each load counts its blocks once.
fn unpaired(study: &Study) -> usize {
    (study.comparisons.iter())
        .flat_map(|comparison| &comparison.ratios)
        .filter(|ratio| ratio.metric == crate::metric::Metric::CpuUsPerRequest)
        .map(|ratio| ratio.unlike)
        .sum()
}
