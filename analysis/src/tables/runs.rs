//! The runs of a report.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::assess::Assessment;
use crate::experiments::short_name;
use crate::metric::Metric;
use crate::model::{Cell, Study};
use crate::text::{Prose, joined, load_label};

/// A line a run: what was measured, how, and how much of it counts.
pub fn runs(assessments: &[Assessment]) -> Table {
    Table {
        name: "runs".to_owned(),
        title: "The runs".to_owned(),
        columns: vec![
            Column::new("experiment", "Experiment", Kind::Words),
            Column::new("host", "Host", Kind::Words),
            Column::new("placement", "Processors", Kind::Words),
            Column::new("workers", "Workers", Kind::Numbers),
            Column::new("loads", "Connections", Kind::Words),
            Column::new("arms", "Arms", Kind::Numbers),
            Column::new("blocks", "Blocks", Kind::Numbers),
            Column::new("cells", "Cells", Kind::Numbers),
            Column::new("invalid", "Invalid", Kind::Numbers),
            Column::new("left_out", "Windows left out", Kind::Numbers),
            Column::new("noise", "Noise, CPU a request", Kind::Numbers),
            Column::hidden("run", Kind::Words),
        ],
        lines: (assessments.iter())
            .map(|a| {
                let line = line(&a.study);
                match assessments {
                    [_] => line,
                    _ => line.resting_on(format!("{}.run", short_name(assessments, &a.study))),
                }
            })
            .collect(),
    }
}

fn line(study: &Study) -> Line {
    let plan = &study.plan;
    let loads: Vec<Prose> = plan
        .load_points
        .iter()
        .map(|p| load_label(p).into())
        .collect();
    let invalid = study.cells.iter().filter(|cell| !cell.valid()).count();
    let left_out: usize = study.cells.iter().map(Cell::left_out_blocks).sum();
    let noise = (study.noise.largest(Metric::CpuUsPerRequest)).map(|floor| floor.estimate.reach());
    Line::plain(vec![
        Value::Text(plan.experiment.clone()),
        Value::Text(plan.host.clone()),
        Value::Text(if study.apart() { "apart" } else { "shared" }.to_owned()),
        Value::Integer(u64::from(plan.workers)),
        Value::Text(joined(loads).to_plain()),
        Value::Integer(plan.arms.len() as u64),
        Value::Integer(u64::from(plan.blocks)),
        Value::Integer(study.cells.len() as u64),
        Value::Integer(invalid as u64),
        Value::Integer(left_out as u64),
        Value::number(noise, Display::Percent(1)),
        Value::Name(study.name.clone()),
    ])
}
