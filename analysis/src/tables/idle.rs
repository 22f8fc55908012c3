//! Server memory, and what idle connections cost.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::metric::Metric;
use crate::model::{Cell, Study, against_without_idle, bytes_an_idle_connection, idle_loads};
use crate::text::load_label;

/// Each arm at each load with idle connections against the same load without.
pub fn idle(study: &Study) -> Table {
    let loads = idle_loads(&study.plan);
    let arms = 0..study.plan.arms.len();
    Table {
        name: "idle".to_owned(),
        title: "What idle connections cost: medians over blocks with 95 % intervals".to_owned(),
        columns: vec![
            Column::new("arm", "Arm", Kind::Words),
            Column::new("load", "Connections", Kind::Numbers),
            Column::new("server_rss_bytes", "Memory, MiB", Kind::Estimates),
            Column::new(
                "server_rss_bytes_without",
                "without idle, MiB",
                Kind::Estimates,
            ),
            Column::new(
                "rss_bytes_per_idle_connection",
                "Bytes an idle connection",
                Kind::Estimates,
            ),
            Column::new(
                "cpu_us_per_request_to_without",
                "CPU a request, to without idle",
                Kind::Estimates,
            ),
            Column::new("note", "Note", Kind::Words),
        ],
        lines: arms
            .flat_map(|arm| loads.iter().map(move |loads| (arm, *loads)))
            .map(|(arm, loads)| line(study, arm, loads))
            .collect(),
    }
}

fn line(study: &Study, arm: usize, (with, without): (usize, usize)) -> Line {
    let cells = [with, without].map(|point| study.cell(arm, point));
    let memory =
        |cell: &Cell| Value::estimate(cell.quotable(Metric::ServerRssBytes), Display::Mebibytes);
    let note = (cells.iter())
        .find(|cell| !cell.valid())
        .map_or_else(String::new, |cell| {
            format!("{}: {}", load_label(&cell.load), cell.invalid_because())
        });
    let cpu = against_without_idle(study, arm, with, without, Metric::CpuUsPerRequest);
    let marked = !note.is_empty();
    Line::plain(vec![
        Value::Name(study.arm_name(arm).to_owned()),
        Value::Text(load_label(study.load(with))),
        memory(cells[0]),
        memory(cells[1]),
        Value::estimate(
            bytes_an_idle_connection(study, arm, with, without),
            Display::Decimals(0),
        ),
        Value::estimate(cpu, Display::Decimals(3)),
        Value::Text(note),
    ])
    .marked(marked)
    .resting_on(cells[0].id())
}
