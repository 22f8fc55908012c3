//! Latency by percentile, a panel a load; beneath the line of all blocks together one a block.

use maud::{Markup, html};

use super::Figure;
use super::canvas::{coarse_path_through, figure, mark, path_through};
use super::legend::{Legend, MOST_ARMS, drawn_arms, drawn_of};
use super::palette::{colour, dash};
use super::panel::{ACROSS, Axis, Panel, milliseconds, nice_above, nice_below};
use super::scale::Scale;
use crate::load::{Curve, MOST_CURVES, curve};
use crate::model::{Cell, Study};
use crate::text::{fixed, load_name};

/// Ticks of the percentile axis: 1/(1-p) and its name.
const PERCENTILES: [(f64, &str); 5] = [
    (2.0, "50 %"),
    (10.0, "90 %"),
    (100.0, "99 %"),
    (1_000.0, "99.9 %"),
    (10_000.0, "99.99 %"),
];
/// The axis ends where few runs still have requests.
const RAREST: f64 = 10_000.0;
const POINTS_A_DECADE: u32 = 10;
/// Of more arms the lines of single blocks hide the others.
const ARMS_WITH_BLOCKS: usize = 3;

/// A line and those of its blocks.
struct Lines {
    place: usize,
    name: String,
    all: Curve,
    blocks: Vec<Curve>,
}

/// The percentile figure; `None` where no valid cell has a histogram.
pub fn latency(study: &Study) -> Option<Figure> {
    let arms = drawn_arms(study, MOST_ARMS);
    let panels: Vec<(String, Vec<Lines>)> = (0..study.plan.load_points.len())
        .map(|point| (load_name(study.load(point)), lines(study, &arms, point)))
        .collect();
    if panels.iter().all(|(_, lines)| lines.is_empty()) {
        return None;
    }
    let x = Axis {
        scale: Scale::log(1.0, RAREST, ACROSS),
        ticks: PERCENTILES.map(|(at, name)| (at, name.to_owned())).into(),
        name: String::new(),
    };
    let legend = Legend::of(study, &arms);
    let mut body = vec![legend.draw()];
    let mut top = legend.bottom();
    for (heading, lines) in &panels {
        let panel = Panel::at(top);
        body.push(draw(panel, heading, &x, lines));
        top = panel.bottom(&x);
    }
    let title = "Latency by percentile".to_owned();
    let caption = format!(
        "Thick: all blocks' latencies together; thin, for the first {ARMS_WITH_BLOCKS} arms: single \
         blocks, at most {MOST_CURVES}. Both axes are logarithmic: each step to the right is ten times rarer. Each load has \
         its own latency axis. Cells that failed a gate are not drawn.{}",
        drawn_of(study, &arms, "the table")
    );
    let svg = figure(&title, top, &html! { @for part in &body { (part) } });
    Some(Figure::new("latency", title, caption, svg))
}

fn lines(study: &Study, arms: &[usize], point: usize) -> Vec<Lines> {
    let of = |(place, cell): (usize, &Cell)| {
        let histogram = cell.latencies.as_ref().filter(|_| cell.valid())?;
        let blocks = if place < ARMS_WITH_BLOCKS {
            cell.curves.clone()
        } else {
            Vec::new()
        };
        Some(Lines {
            place,
            name: cell.arm_name.clone(),
            all: curve(histogram, POINTS_A_DECADE),
            blocks,
        })
    };
    (arms.iter().enumerate())
        .filter_map(|(place, arm)| of((place, study.cell(*arm, point))))
        .collect()
}

fn draw(panel: Panel, heading: &str, x: &Axis, lines: &[Lines]) -> Markup {
    if lines.is_empty() {
        return panel.empty(heading, "no valid cell");
    }
    let drawn = |curve: &Curve| -> Vec<(f64, f64)> {
        (curve.iter().filter(|(rarity, _)| *rarity <= RAREST))
            .map(|(rarity, us)| (*rarity, *us as f64 / 1000.0))
            .collect()
    };
    let all = || {
        (lines.iter())
            .flat_map(|line| line.blocks.iter().chain([&line.all]))
            .flat_map(&drawn)
            .map(|(_, ms)| ms)
    };
    let low = nice_below(all().fold(f64::INFINITY, f64::min));
    let high = nice_above(all().fold(0.0, f64::max));
    let y = Axis::new(
        Scale::log(low, high, panel.upwards()),
        "latency",
        milliseconds,
    );
    let places = |curve: &Curve| -> Vec<(f64, f64)> {
        (drawn(curve).into_iter())
            .map(|(rarity, ms)| (x.scale.at(rarity), y.scale.at(ms)))
            .collect()
    };
    html! {
        (panel.frame(heading, x, &y))
        @for line in lines.iter().rev() {
            @if !line.blocks.is_empty() {
                @let blocks = line.blocks.iter().map(|block| coarse_path_through(places(block)));
                path.thin d=(blocks.collect::<String>()) stroke=(colour(line.place)) {}
            }
        }
        @for line in lines.iter().rev() {
            (mark(&says(line), &html! {
                path.curve d=(path_through(places(&line.all))) stroke=(colour(line.place))
                    stroke-dasharray=[dash(line.place)] {}
            }))
        }
    }
}

/// The percentiles in words.
fn says(line: &Lines) -> String {
    let at = |(rarity, name): &(f64, &str)| {
        let (_, us) = (line.all.iter()).rfind(|(found, _)| *found <= rarity * 1.001)?;
        Some(format!("{name} {} ms", fixed(*us as f64 / 1000.0, 2)))
    };
    let found: Vec<String> = PERCENTILES[..4].iter().filter_map(at).collect();
    format!("{}: {}", line.name, found.join(", "))
}
