//! Requests a second and CPU a request: bars from zero with intervals, a panel a load.

use super::Figure;
use super::palette::colour;
use super::rows::{Chart, Mark, PLOT, Panel, Row};
use super::scale::Scale;
use crate::claims::OUR_ARM;
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, Cell, Study};
use crate::text::{grouped, load_name, rounded};

/// Requests a second by connections.
pub fn throughput(study: &Study) -> Figure {
    bars(
        study,
        "throughput",
        Metric::RequestsPerSecond,
        "Requests a second",
        "requests a second",
        0,
    )
}

/// CPU a request by connections.
pub fn cpu(study: &Study) -> Figure {
    bars(
        study,
        "cpu",
        Metric::CpuUsPerRequest,
        "Server CPU a request",
        "microseconds of server CPU a request",
        2,
    )
}

fn bars(
    study: &Study,
    name: &'static str,
    metric: Metric,
    title: &str,
    axis: &str,
    digits: usize,
) -> Figure {
    let largest = (study.cells.iter())
        .filter_map(|cell| cell.quotable(metric))
        .map(|estimate| estimate.high.max(estimate.value))
        .fold(0.0, f64::max);
    let row = |cell: &Cell| {
        let estimate = cell.quotable(metric);
        Row {
            label: cell.arm_name.clone(),
            value: match &estimate {
                Some(estimate) => format!(
                    "{} ({}\u{2013}{})",
                    grouped(estimate.value, digits),
                    grouped(estimate.low, digits),
                    grouped(estimate.high, digits)
                ),
                None => absent(cell).to_owned(),
            },
            colour: arm_colour(study, cell.arm),
            estimate,
        }
    };
    let panels = (0..study.plan.load_points.len())
        .map(|point| Panel {
            heading: load_name(study.load(point)),
            rows: (0..study.plan.arms.len())
                .map(|arm| row(study.cell(arm, point)))
                .collect(),
        })
        .collect();
    let caption = "A bar is the median over blocks, the whisker its 95 % interval. All panels \
                   share the axis, which starts at zero. A cell that failed a gate has no bar."
        .to_owned();
    let svg = Chart {
        title: title.to_owned(),
        axis: axis.to_owned(),
        scale: Scale::from_zero(largest, PLOT),
        tick: |value| rounded(value, usize::from(value.fract().abs() > 1e-9)),
        mark: Mark::Bar,
        band: None,
        panels,
    }
    .draw();
    Figure::new(name, title.to_owned(), caption, svg)
}

/// Why a cell has no mark.
pub(super) fn absent(cell: &Cell) -> &'static str {
    match (cell.measured, cell.valid()) {
        (0, _) | (_, true) => "not measured",
        _ => "invalid",
    }
}

/// Arms of one subject share a colour: ours the first, the baseline's the second.
pub(super) fn arm_colour(study: &Study, arm: usize) -> &'static str {
    let subject_of = |name: &str| study.arm(name).map(|arm| &study.plan.arms[arm].subject);
    let mut subjects: Vec<Option<&String>> = vec![subject_of(OUR_ARM), subject_of(BASELINE_ARM)];
    for entry in &study.plan.arms {
        if !subjects.contains(&Some(&entry.subject)) {
            subjects.push(Some(&entry.subject));
        }
    }
    let subject = Some(&study.plan.arms[arm].subject);
    let place = subjects.iter().position(|known| *known == subject);
    colour(place.unwrap_or(0))
}
