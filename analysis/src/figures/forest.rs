//! CPU a request as ratios of pairs of arms: to the card's baseline, from rung to rung, to others.

use super::Figure;
use super::bars::{absent, arm_colour};
use super::rows::{Chart, Mark, PLOT, Panel, Row};
use super::scale::Scale;
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, OUR_ARM, Pair, Study, peers, rungs};
use crate::stats::{EQUIVALENCE_MARGIN, Estimate};
use crate::text::{fixed, load_name, percent};

/// What a forest of ratios shows.
struct Forest {
    name: &'static str,
    title: String,
    pairs: Vec<Pair>,
    /// Whether a row is named by the arm below the line.
    by_base: bool,
    /// What lies left of the line.
    left: String,
    axis: &'static str,
}

/// Every arm to the baseline; `None` where the run does not have it or nothing beside it.
pub fn forest(study: &Study) -> Option<Figure> {
    let pairs = (study.comparisons.iter().map(|comparison| comparison.pair))
        .filter(|pair| study.arm_name(pair.base) == BASELINE_ARM)
        .collect();
    let forest = Forest {
        name: "forest",
        title: format!("CPU a request as a ratio to {BASELINE_ARM}"),
        pairs,
        by_base: false,
        left: format!("less CPU a request than {BASELINE_ARM}"),
        axis: "times the CPU a request of the baseline",
    };
    forest.draw(study)
}

/// Every rung of the ladder to the one below it; `None` without a ladder.
pub fn ladder(study: &Study) -> Option<Figure> {
    let forest = Forest {
        name: "ladder",
        title: "Effect of each rung on CPU a request".to_owned(),
        pairs: rungs(&study.plan),
        by_base: false,
        left: "less CPU a request than the rung below".to_owned(),
        axis: "times the CPU a request of the rung below",
    };
    forest.draw(study)
}

/// Our server to every other runtime or server; `None` without one.
pub fn peer_forest(study: &Study) -> Option<Figure> {
    let forest = Forest {
        name: "peers",
        title: format!("CPU a request of {OUR_ARM} as a ratio to others"),
        pairs: peers(&study.plan),
        by_base: true,
        left: format!("less CPU a request with {OUR_ARM} than with the named server"),
        axis: "times the CPU a request of the named server",
    };
    forest.draw(study)
}

impl Forest {
    fn draw(&self, study: &Study) -> Option<Figure> {
        if self.pairs.is_empty() {
            return None;
        }
        let points = 0..study.plan.load_points.len();
        let (mut low, mut high) = (0.9_f64, 1.1_f64);
        for pair in &self.pairs {
            for found in points
                .clone()
                .filter_map(|point| estimate(study, *pair, point))
            {
                low = low.min(found.low * 0.98);
                high = high.max(found.high * 1.02);
            }
        }
        let panels = points
            .map(|point| Panel {
                heading: load_name(study.load(point)),
                rows: self
                    .pairs
                    .iter()
                    .map(|pair| self.row(study, *pair, point))
                    .collect(),
            })
            .collect();
        let most = 1.0 + EQUIVALENCE_MARGIN;
        let caption = format!(
            "A dot is the centre of the ratios inside blocks, the whisker its 95 % interval. Left \
             of the line is {}. The grey band is the equivalence margin of {}. The axis is \
             logarithmic.",
            self.left,
            percent(EQUIVALENCE_MARGIN, 0)
        );
        let svg = Chart {
            title: self.title.clone(),
            description: caption.clone(),
            axis: self.axis.to_owned(),
            scale: Scale::log(low, high, PLOT),
            tick: |value| fixed(value, 2),
            mark: Mark::Dot,
            band: Some((1.0 / most, most, 1.0)),
            panels,
        }
        .draw();
        Some(Figure {
            name: self.name.to_owned(),
            title: self.title.clone(),
            caption,
            svg,
        })
    }

    fn row(&self, study: &Study, pair: Pair, point: usize) -> Row {
        let found = estimate(study, pair, point);
        let cells = [pair.ours, pair.base].map(|arm| study.cell(arm, point));
        let without = cells.iter().find(|cell| !cell.valid());
        let named = if self.by_base { pair.base } else { pair.ours };
        Row {
            label: study.arm_name(named).to_owned(),
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
            colour: arm_colour(study, named),
            estimate: found,
        }
    }
}

fn estimate(study: &Study, pair: Pair, point: usize) -> Option<Estimate> {
    let ratio = study.ratio(pair, point, Metric::CpuUsPerRequest)?;
    ratio.outcome.estimate()
}
