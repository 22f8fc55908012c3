//! Latency by percentile, a panel a load.

use maud::{Markup, html};

use super::Figure;
use super::canvas::{MARGIN, WIDTH, figure, fitted, line, pixel, words};
use super::palette::{colour, dash};
use super::scale::Scale;
use crate::claims::{CARD_KIO_ARM, CARD_TOKIO_ARM, OUR_ARM};
use crate::model::{BASELINE_ARM, Cell, Study};
use crate::text::{fixed, load_name};

/// More lines than this cannot be told apart.
const MOST_ARMS: usize = 8;
/// Arms that are drawn first where there are more.
const FIRST: [&str; 4] = [OUR_ARM, BASELINE_ARM, CARD_KIO_ARM, CARD_TOKIO_ARM];

/// Ticks of the percentile axis: 1/(1-p) and its name.
const PERCENTILES: [(f64, &str); 5] = [
    (2.0, "50 %"),
    (10.0, "90 %"),
    (100.0, "99 %"),
    (1_000.0, "99.9 %"),
    (10_000.0, "99.99 %"),
];
/// Points of a line in a decade of 1/(1-p).
const POINTS_A_DECADE: u32 = 16;
const DECADES: u32 = 4;

const PLOT_LEFT: f64 = 56.0;
const PLOT_RIGHT: f64 = WIDTH - MARGIN;
const PANEL_HEIGHT: f64 = 168.0;
const PANEL_HEADING: f64 = 27.0;
const PANEL_FOOT: f64 = 30.0;
const LEGEND_TOP: f64 = 34.0;
const LEGEND_ROW: f64 = 17.0;
const LEGEND_SWATCH: f64 = 24.0;

/// The percentile figure; `None` where no valid cell has a histogram.
pub fn latency(study: &Study) -> Option<Figure> {
    let arms = drawn_arms(study);
    let cells = |point: usize| {
        (arms.iter().enumerate())
            .map(move |(place, arm)| (place, study.cell(*arm, point)))
            .filter(|(_, cell)| cell.valid() && cell.latencies.is_some())
    };
    let points = 0..study.plan.load_points.len();
    if points.clone().all(|point| cells(point).next().is_none()) {
        return None;
    }
    let columns = legend_columns(study, &arms);
    let mut y = LEGEND_TOP + arms.len().div_ceil(columns) as f64 * LEGEND_ROW + 2.0;
    let mut body = vec![legend(study, &arms, columns)];
    for point in points {
        let curves: Vec<_> = cells(point)
            .map(|(place, cell)| (place, curve(cell)))
            .collect();
        body.push(panel(&load_name(study.load(point)), y, &curves));
        y += PANEL_HEADING + PANEL_HEIGHT + PANEL_FOOT;
    }
    let title = "Latency by percentile".to_owned();
    let mut caption = "Percentiles of all blocks' latencies together. Both axes are logarithmic: \
                       each step to the right is ten times rarer. Each load has its own latency \
                       axis. Cells that failed a gate are not drawn."
        .to_owned();
    if arms.len() < study.plan.arms.len() {
        caption += &format!(
            " {} of {} arms are drawn; the table has them all.",
            arms.len(),
            study.plan.arms.len()
        );
    }
    let body = html! { @for part in &body { (part) } };
    let svg = figure(&title, &caption, y, &body);
    Some(Figure {
        name: "latency".to_owned(),
        title,
        caption,
        svg,
    })
}

/// Which arms are drawn: all, or those the claims are about and then the plan's order.
fn drawn_arms(study: &Study) -> Vec<usize> {
    let mut arms: Vec<usize> = FIRST.iter().filter_map(|name| study.arm(name)).collect();
    for arm in 0..study.plan.arms.len() {
        if !arms.contains(&arm) {
            arms.push(arm);
        }
    }
    arms.truncate(MOST_ARMS);
    arms
}

/// Points of a cell's line: 1/(1-p) and milliseconds, as far as a request each stands behind it.
fn curve(cell: &Cell) -> Vec<(f64, f64)> {
    let Some(histogram) = &cell.latencies else {
        return Vec::new();
    };
    (0..=DECADES * POINTS_A_DECADE)
        .map(|step| 10_f64.powf(f64::from(step) / f64::from(POINTS_A_DECADE)))
        .filter(|rarity| *rarity <= histogram.len() as f64)
        .map(|rarity| {
            let us = histogram.value_at_quantile(1.0 - 1.0 / rarity).max(1);
            (rarity, us as f64 / 1000.0)
        })
        .collect()
}

fn curve_path(points: &[(f64, f64)], place: usize, x: Scale, y: Scale) -> Markup {
    let steps: Vec<String> = points
        .iter()
        .map(|(rarity, ms)| format!("{} {}", pixel(x.at(*rarity)), pixel(y.at(*ms))))
        .collect();
    html! {
        path d=(format!("M{}", steps.join("L"))) fill="none" stroke=(colour(place))
            stroke-width="1.8" stroke-linejoin="round" stroke-dasharray=(dash(place)) {}
    }
}

/// A load: its lines, the first arm's on top.
fn panel(heading: &str, top: f64, curves: &[(usize, Vec<(f64, f64)>)]) -> Markup {
    let (first, last) = (top + PANEL_HEADING, top + PANEL_HEADING + PANEL_HEIGHT);
    let x = Scale::log(
        1.0,
        10_f64.powf(f64::from(DECADES)),
        (PLOT_LEFT, PLOT_RIGHT),
    );
    let latencies = || {
        curves
            .iter()
            .flat_map(|(_, points)| points)
            .map(|(_, ms)| *ms)
    };
    let low = nice_below(latencies().fold(f64::INFINITY, f64::min));
    let high = nice_above(latencies().fold(0.0, f64::max));
    let y = Scale::log(low, high, (last, first));
    html! {
        (words(MARGIN, top + 15.0, "panel", "start", heading))
        @if curves.is_empty() {
            (words(PLOT_LEFT, first + 20.0, "mute", "start", "no valid cell"))
        } @else {
            @for tick in y.ticks() {
                (line((PLOT_LEFT, y.at(tick)), (PLOT_RIGHT, y.at(tick)), "grid"))
                (words(PLOT_LEFT - 6.0, y.at(tick) + 3.5, "axis", "end", &milliseconds(tick)))
            }
        }
        @for (rarity, name) in PERCENTILES {
            @let anchor = if rarity < 10_000.0 { "middle" } else { "end" };
            (line((x.at(rarity), first), (x.at(rarity), last), "grid"))
            (words(x.at(rarity), last + 14.0, "axis", anchor, name))
        }
        @for (place, points) in curves.iter().rev() { (curve_path(points, *place, x, y)) }
    }
}

/// Two columns where all names fit into them.
fn legend_columns(study: &Study, arms: &[usize]) -> usize {
    let half = (WIDTH - 2.0 * MARGIN) / 2.0 - LEGEND_SWATCH;
    let fits = |arm: &usize| fitted(study.arm_name(*arm), half) == study.arm_name(*arm);
    if arms.iter().all(fits) { 2 } else { 1 }
}

fn legend(study: &Study, arms: &[usize], columns: usize) -> Markup {
    let column = (WIDTH - 2.0 * MARGIN) / columns as f64;
    html! {
        @for (place, arm) in arms.iter().enumerate() {
            @let x = MARGIN + (place % columns) as f64 * column;
            @let y = LEGEND_TOP + (place / columns) as f64 * LEGEND_ROW + 6.0;
            @let name = fitted(study.arm_name(*arm), column - LEGEND_SWATCH);
            path d=(format!("M{} {}h18", pixel(x), pixel(y))) fill="none" stroke=(colour(place))
                stroke-width="2.2" stroke-dasharray=(dash(place)) {}
            (words(x + LEGEND_SWATCH, y + 3.8, "label", "start", &name))
        }
    }
}

fn milliseconds(value: f64) -> String {
    let digits = if value < 0.1 {
        2
    } else if value < 1.0 {
        1
    } else {
        0
    };
    format!("{} ms", fixed(value, digits))
}

/// The next of 1, 2 and 5 times a power of ten that is not above `value`.
fn nice_below(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let steps = [5.0, 2.0, 1.0].map(|step| step * decade);
    steps
        .into_iter()
        .find(|nice| *nice <= value)
        .unwrap_or(decade)
}

/// The next of 1, 2 and 5 times a power of ten that is above `value`.
fn nice_above(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let steps = [2.0, 5.0, 10.0].map(|step| step * decade);
    steps
        .into_iter()
        .find(|nice| *nice > value)
        .unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_on_nice_numbers() {
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
        close(nice_below(0.37), 0.2);
        close(nice_below(5.5), 5.0);
        close(nice_above(1.2), 2.0);
        close(nice_above(61.0), 100.0);
        close(nice_above(2.0), 5.0);
    }
}
