//! Latency where the server is at its limit.

use records::Generator;

use super::cells::display;
use super::{Column, Display, Kind, Line, Table, Value};
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, Cell, Pair, Study};
use crate::text::load_label;

/// Percentiles of the valid cells whose server was saturated.
pub fn tail(study: &Study) -> Table {
    let saturated = study.cells.iter().filter(|cell| cell.saturated());
    Table {
        name: "tail".to_owned(),
        title: "Latency of saturated servers: medians over blocks with 95 % intervals".to_owned(),
        columns: vec![
            Column::new("arm", "Arm", Kind::Words),
            Column::new("load", "Connections", Kind::Numbers),
            Column::new("latency_p50_us", "p50, µs", Kind::Estimates),
            Column::new("latency_p99_us", "p99, µs", Kind::Estimates),
            Column::new("latency_max_us", "Largest, µs", Kind::Numbers),
            Column::new(
                "latency_p99_us_to_baseline",
                format!("p99 to {BASELINE_ARM}"),
                Kind::Estimates,
            ),
            Column::new("corrected_by", "Corrected by", Kind::Words),
            Column::new("bottleneck", "Bottleneck", Kind::Words),
        ],
        lines: saturated.map(|cell| line(study, cell)).collect(),
    }
}

/// Who corrected the percentiles of the table: those of wrk are its own, whatever is recorded of the
/// histogram.
fn corrected_by(cell: &Cell) -> String {
    match cell.load.generator {
        Generator::Wrk => "wrk".to_owned(),
        Generator::Flood | Generator::Oha => cell.corrected_by.clone(),
    }
}

fn line(study: &Study, cell: &Cell) -> Line {
    let quoted = |metric| Value::estimate(cell.quotable(metric), display(metric));
    // The baseline's cell must be a saturated one too, or its tail is that of another situation.
    let to_baseline = study
        .arm(BASELINE_ARM)
        .filter(|base| *base != cell.arm && study.cell(*base, cell.point).saturated())
        .and_then(|base| {
            let pair = Pair {
                ours: cell.arm,
                base,
            };
            let ratio = study.ratio(pair, cell.point, Metric::LatencyP99Us)?;
            ratio.outcome.estimate()
        });
    Line::plain(vec![
        Value::Name(cell.arm_name.clone()),
        Value::Text(load_label(&cell.load)),
        quoted(Metric::LatencyP50Us),
        quoted(Metric::LatencyP99Us),
        Value::number(
            cell.medians.get(Metric::LatencyMaxUs),
            display(Metric::LatencyMaxUs),
        ),
        Value::estimate(to_baseline, Display::Decimals(3)),
        Value::Name(corrected_by(cell)),
        Value::Text(
            cell.bottleneck
                .map_or_else(String::new, |name| name.to_string()),
        ),
    ])
    .resting_on(cell.id())
}
