//! CPU a request as ratios of pairs of arms: to the card's baseline, from rung to rung, to others.

use super::Figure;
use super::bars::{absent, arm_colour};
use super::legend::FIRST;
use super::rows::{Chart, Mark, PLOT, Panel, Row};
use super::scale::Scale;
use crate::assess::Assessment;
use crate::claims::Named;
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, OUR_ARM, Pair, Study, peers, rungs};
use crate::stats::{EQUIVALENCE_MARGIN, Estimate};
use crate::text::{fixed, load_name, percent};

/// What a forest of ratios shows.
struct Forest {
    name: &'static str,
    title: String,
    pairs: Vec<Pair>,
    /// Which arms name a row.
    named: Named,
    /// What lies left of the line.
    left: String,
    axis: &'static str,
}

/// Every arm to the baseline; `None` where the run does not have it or nothing beside it.
pub fn forest(study: &Study) -> Option<Figure> {
    to_baseline(study, "forest", pairs_to_baseline(study))
}

/// The same where there is little room: the arms that most is said about. `None` where that leaves out
/// none, or all.
pub fn brief(study: &Study) -> Option<Figure> {
    let all = pairs_to_baseline(study);
    let (drawn, others): (Vec<Pair>, Vec<Pair>) =
        (all.iter()).partition(|pair| FIRST.contains(&study.arm_name(pair.ours)));
    if others.is_empty() {
        return None;
    }
    let mut figure = to_baseline(study, "brief", drawn.clone())?;
    figure.caption += &format!(
        " {} of {} arms are drawn; the ratios have them all.",
        drawn.len(),
        all.len()
    );
    Some(figure)
}

/// What stands for the answer: the brief figure, or the whole one where it is no longer.
pub fn answer(study: &Study) -> Option<Figure> {
    brief(study).or_else(|| forest(study))
}

fn pairs_to_baseline(study: &Study) -> Vec<Pair> {
    (study.comparisons.iter().map(|comparison| comparison.pair))
        .filter(|pair| study.arm_name(pair.base) == BASELINE_ARM)
        .collect()
}

fn to_baseline(study: &Study, name: &'static str, pairs: Vec<Pair>) -> Option<Figure> {
    let forest = Forest {
        name,
        title: format!("CPU a request as a ratio to {BASELINE_ARM}"),
        pairs,
        named: Named::Ours,
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
        named: Named::Ours,
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
        named: Named::Base,
        left: format!("less CPU a request with {OUR_ARM} than with the named server"),
        axis: "times the CPU a request of the named server",
    };
    forest.draw(study)
}

/// Every comparison of a run; `None` where there is none.
pub fn all_ratios(study: &Study) -> Option<Figure> {
    let forest = Forest {
        name: "ratios",
        title: "CPU a request: every compared pair of arms".to_owned(),
        pairs: study
            .comparisons
            .iter()
            .map(|comparison| comparison.pair)
            .collect(),
        named: Named::Both,
        left: "less CPU a request for the arm named first".to_owned(),
        axis: "times the CPU a request of the arm named second",
    };
    forest.draw(study)
}

/// Our server to the card's baseline in every run that has both; `None` where none has.
pub fn overview(assessments: &[Assessment]) -> Option<Figure> {
    let row = |study: &Study, pair: Pair, point: usize| {
        let found = estimate(study, pair, point);
        Row {
            label: load_name(study.load(point)),
            value: written(study, pair, point, found.as_ref()),
            colour: arm_colour(study, pair.ours),
            estimate: found,
        }
    };
    let panels: Vec<Panel> = (assessments.iter())
        .map(|assessment| &assessment.study)
        .filter_map(|study| {
            let pair = study.headline_pair()?;
            Some(Panel {
                heading: study.title(),
                rows: (0..study.plan.load_points.len())
                    .map(|point| row(study, pair, point))
                    .collect(),
            })
        })
        .collect();
    if panels.is_empty() {
        return None;
    }
    let title = "CPU a request: ours to the baseline, run by run".to_owned();
    let caption = caption(&format!("less CPU a request than {BASELINE_ARM}"));
    let svg = chart(&title, "times the CPU a request of the baseline", panels);
    Some(Figure::new("overview", title, caption, svg))
}

impl Forest {
    fn draw(&self, study: &Study) -> Option<Figure> {
        if self.pairs.is_empty() {
            return None;
        }
        let panels = (0..study.plan.load_points.len())
            .map(|point| Panel {
                heading: load_name(study.load(point)),
                rows: self
                    .pairs
                    .iter()
                    .map(|pair| self.row(study, *pair, point))
                    .collect(),
            })
            .collect();
        let caption = caption(&self.left);
        let svg = chart(&self.title, self.axis, panels);
        Some(Figure::new(self.name, self.title.clone(), caption, svg))
    }

    fn row(&self, study: &Study, pair: Pair, point: usize) -> Row {
        let found = estimate(study, pair, point);
        let named = if self.named == Named::Base {
            pair.base
        } else {
            pair.ours
        };
        Row {
            label: match self.named {
                Named::Both => format!(
                    "{} / {}",
                    study.arm_name(pair.ours),
                    study.arm_name(pair.base)
                ),
                Named::Ours | Named::Base => study.arm_name(named).to_owned(),
            },
            value: written(study, pair, point, found.as_ref()),
            colour: arm_colour(study, named),
            estimate: found,
        }
    }
}

fn estimate(study: &Study, pair: Pair, point: usize) -> Option<Estimate> {
    let ratio = study.ratio(pair, point, Metric::CpuUsPerRequest)?;
    ratio.outcome.estimate()
}

/// The ratio in words, or why there is none.
fn written(study: &Study, pair: Pair, point: usize, found: Option<&Estimate>) -> String {
    let cells = [pair.ours, pair.base].map(|arm| study.cell(arm, point));
    match found {
        Some(found) => format!(
            "{} ({}\u{2013}{})",
            fixed(found.value, 3),
            fixed(found.low, 3),
            fixed(found.high, 3)
        ),
        None => (cells.into_iter())
            .find(|cell| !cell.valid())
            .map_or("not measured", absent)
            .to_owned(),
    }
}

fn caption(left: &str) -> String {
    format!(
        "A dot is the centre of the ratios inside blocks, the whisker its 95 % interval. Left of the \
         line is {left}. The grey band is the equivalence margin of {}. The axis is logarithmic.",
        percent(EQUIVALENCE_MARGIN, 0)
    )
}

/// Ratios around 1, on an axis that holds them all.
fn chart(title: &str, axis: &str, panels: Vec<Panel>) -> String {
    let (mut low, mut high) = (0.9_f64, 1.1_f64);
    for row in panels.iter().flat_map(|panel| &panel.rows) {
        if let Some(found) = &row.estimate {
            low = low.min(found.low * 0.98);
            high = high.max(found.high * 1.02);
        }
    }
    let most = 1.0 + EQUIVALENCE_MARGIN;
    Chart {
        title: title.to_owned(),
        axis: axis.to_owned(),
        scale: Scale::log(low, high, PLOT),
        tick: |value| fixed(value, 2),
        mark: Mark::Dot,
        band: Some((1.0 / most, most, 1.0)),
        panels,
    }
    .draw()
}
