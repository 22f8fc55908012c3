//! CPU a request of every arm as a ratio to the card's baseline.

use super::Figure;
use super::bars::{absent, arm_colour};
use super::rows::{Chart, Mark, PLOT, Panel, Row};
use super::scale::Scale;
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, Comparison, Study};
use crate::stats::{EQUIVALENCE_MARGIN, Estimate};
use crate::text::{fixed, load_name, percent};

/// The forest of ratios; `None` where the run does not have the baseline or nothing beside it.
pub fn forest(study: &Study) -> Option<Figure> {
    let comparisons: Vec<&Comparison> = (study.comparisons.iter())
        .filter(|comparison| study.arm_name(comparison.pair.base) == BASELINE_ARM)
        .collect();
    if comparisons.is_empty() {
        return None;
    }
    let points = 0..study.plan.load_points.len();
    let (mut low, mut high) = (0.9_f64, 1.1_f64);
    for comparison in &comparisons {
        for found in points
            .clone()
            .filter_map(|point| estimate(study, comparison, point))
        {
            low = low.min(found.low * 0.98);
            high = high.max(found.high * 1.02);
        }
    }
    let panels = points
        .map(|point| Panel {
            heading: load_name(study.load(point)),
            rows: comparisons.iter().map(|c| row(study, c, point)).collect(),
        })
        .collect();
    let most = 1.0 + EQUIVALENCE_MARGIN;
    let title = format!("CPU a request as a ratio to {BASELINE_ARM}");
    let caption = format!(
        "A dot is the median of the ratios inside blocks, the whisker its 95 % interval. Left of \
         the line is less CPU a request than {BASELINE_ARM}. The grey band is the equivalence \
         margin of {}. The axis is logarithmic.",
        percent(EQUIVALENCE_MARGIN, 0)
    );
    let svg = Chart {
        name: "forest",
        title: title.clone(),
        description: caption.clone(),
        axis: "times the CPU a request of the baseline".to_owned(),
        scale: Scale::log(low, high, PLOT),
        tick: |value| fixed(value, 2),
        mark: Mark::Dot,
        band: Some((1.0 / most, most, 1.0)),
        panels,
    }
    .draw();
    Some(Figure {
        name: "forest",
        title,
        caption,
        svg,
    })
}

fn estimate(study: &Study, comparison: &Comparison, point: usize) -> Option<Estimate> {
    let ratio = study.ratio(comparison.pair, point, Metric::CpuUsPerRequest)?;
    ratio.outcome.estimate()
}

fn row(study: &Study, comparison: &Comparison, point: usize) -> Row {
    let found = estimate(study, comparison, point);
    let cells = [comparison.pair.ours, comparison.pair.base].map(|arm| study.cell(arm, point));
    let without = cells.iter().find(|cell| !cell.valid());
    Row {
        label: study.arm_name(comparison.pair.ours).to_owned(),
        value: match &found {
            Some(found) => format!(
                "{} ({}\u{2013}{})",
                fixed(found.value, 3),
                fixed(found.low, 3),
                fixed(found.high, 3)
            ),
            None => without
                .map_or("not measured", |cell| absent(cell))
                .to_owned(),
        },
        colour: arm_colour(study, comparison.pair.ours),
        estimate: found,
    }
}
