//! Quantities over loads that differ by one thing, and windows step by step: the data of figures.

use super::cells::display;
use super::{Column, Display, Kind, Line, Table, Value};
use crate::figures::followed;
use crate::metric::Metric;
use crate::model::{Cell, Rates, Study, Sweep};
use crate::stats::median;
use crate::text::{fixed, load_label};

/// What a sweep's table shows beside what its figure draws.
const BESIDE: [Metric; 3] = [
    Metric::LatencyP50Us,
    Metric::ServerCoresBusy,
    Metric::ClientCoresBusy,
];

/// Each arm at each load of a sweep.
pub fn by_load(study: &Study, sweep: &Sweep, name: &str, drawn: &[Metric]) -> Table {
    let mut metrics = drawn.to_vec();
    metrics.extend(BESIDE.iter().filter(|metric| !drawn.contains(metric)));
    let mut columns = vec![
        Column::new("arm", "Arm", Kind::Words),
        Column::new(
            sweep.dimension.id().replace('-', "_"),
            capitalised(sweep.dimension.noun()),
            Kind::Numbers,
        ),
        Column::hidden("load", Kind::Words),
    ];
    for metric in &metrics {
        columns.push(Column::new(
            metric.column(),
            metric.title(),
            Kind::Estimates,
        ));
    }
    columns.push(Column::new("note", "Note", Kind::Words));
    let line = |arm: usize, number: f64, point: usize| {
        let cell = study.cell(arm, point);
        let mut values = vec![
            Value::Name(cell.arm_name.clone()),
            Value::Number(number, Display::Decimals(0)),
            Value::Text(load_label(&cell.load)),
        ];
        for metric in &metrics {
            values.push(Value::estimate(cell.quotable(*metric), display(*metric)));
        }
        values.push(Value::Text(match (cell.valid(), cell.measured) {
            (true, _) => String::new(),
            (false, 0) => "not measured".to_owned(),
            (false, _) => "invalid".to_owned(),
        }));
        Line::plain(values)
            .marked(!cell.valid())
            .resting_on(cell.id())
    };
    Table {
        name: name.to_owned(),
        title: format!("By {}", sweep.dimension.noun()),
        columns,
        lines: (0..study.plan.arms.len())
            .flat_map(|arm| {
                sweep
                    .points
                    .iter()
                    .map(move |(number, point)| (arm, *number, *point))
            })
            .map(|(arm, number, point)| line(arm, number, point))
            .collect(),
    }
}

fn capitalised(noun: &str) -> String {
    let mut letters = noun.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Requests a second from step to step: medians over blocks.
pub fn series(study: &Study) -> Table {
    let mut lines = Vec::new();
    for cell in &study.cells {
        let Some(windows) = cell.quotable_windows() else {
            continue;
        };
        for (ms, rate) in &windows.median {
            lines.push(
                Line::plain(vec![
                    Value::Name(cell.arm_name.clone()),
                    Value::Text(load_label(&cell.load)),
                    Value::Integer(u64::from(*ms)),
                    Value::Number(*rate, Display::Decimals(0)),
                    Value::Integer(windows.blocks as u64),
                ])
                .resting_on(cell.id()),
            );
        }
    }
    Table {
        name: "series".to_owned(),
        title: "Requests a second inside the window: medians over blocks".to_owned(),
        columns: vec![
            Column::new("arm", "Arm", Kind::Words),
            Column::new("load", "Connections", Kind::Numbers),
            Column::new("at_ms", "Until, ms", Kind::Numbers),
            Column::new("requests_per_second", "Requests a second", Kind::Numbers),
            Column::new("blocks", "Blocks", Kind::Numbers),
        ],
        lines,
    }
}

/// Most steps of a window beside each other; of more every second, third, ... is shown.
const MOST_STEPS: usize = 24;

/// The same of the arms that are drawn, with a window a line, as readers want it: a column a step.
pub fn steps(study: &Study) -> Table {
    let drawn = followed(study);
    let cells: Vec<(&Cell, &Rates)> = (study.cells.iter())
        .filter(|cell| drawn.contains(&cell.arm))
        .filter_map(|cell| Some((cell, &cell.quotable_windows()?.median)))
        .filter(|(_, rates)| !rates.is_empty())
        .collect();
    let most = cells.iter().map(|(_, rates)| rates.len()).max();
    let most = most.unwrap_or_default();
    let every = most.div_ceil(MOST_STEPS).max(1);
    let shown = || (0..most).filter(|step| (step + 1) % every == 0);
    let mut columns = vec![
        Column::new("arm", "Arm", Kind::Words),
        Column::new("load", "Connections", Kind::Numbers),
    ];
    // Readings come on time to a few milliseconds; the exact ones are in the other table.
    columns.extend(shown().map(|step| {
        let at: Vec<f64> = (cells.iter())
            .filter_map(|(_, rates)| rates.get(step).map(|(ms, _)| f64::from(*ms)))
            .collect();
        let seconds = median(&at).unwrap_or_default() / 1000.0;
        let title = format!("to {}\u{a0}s", fixed(seconds, 1));
        Column::new(format!("step_{}", step + 1), title, Kind::Numbers)
    }));
    let lines = cells.iter().map(|(cell, rates)| {
        let named = [
            Value::Name(cell.arm_name.clone()),
            Value::Text(load_label(&cell.load)),
        ];
        let values = shown().map(|step| {
            let rate = rates.get(step).map(|(_, rate)| *rate);
            Value::number(rate, Display::Decimals(0))
        });
        Line::plain(named.into_iter().chain(values).collect())
    });
    Table {
        name: "series-steps".to_owned(),
        title: "Requests a second inside the window, step by step".to_owned(),
        columns,
        lines: lines.collect(),
    }
}
