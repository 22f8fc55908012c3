//! Latency against requests a second.

use maud::html;

use super::Figure;
use super::canvas::{figure, mark, path_through, pixel};
use super::legend::{Legend, MOST_ARMS, drawn_arms, drawn_of};
use super::palette::colour;
use super::panel::{ACROSS, Axis, Panel, milliseconds, nice_above, nice_below};
use super::scale::Scale;
use crate::metric::Metric;
use crate::model::Study;
use crate::stats::Estimate;
use crate::text::{fixed, grouped, load_name, rounded};

/// Latency against requests a second: a line an arm, a point a load.
pub fn scatter(study: &Study) -> Option<Figure> {
    let arms = drawn_arms(study, MOST_ARMS);
    let found = |arm: usize| -> Vec<(usize, Estimate, Estimate)> {
        (0..study.plan.load_points.len())
            .filter_map(|point| {
                let cell = study.cell(arm, point);
                let rate = cell.quotable(Metric::RequestsPerSecond)?;
                let latency = cell.quotable(Metric::LatencyP99Us)?;
                (latency.value > 0.0).then_some((point, rate, latency))
            })
            .collect()
    };
    let all = || arms.iter().flat_map(|arm| found(*arm));
    let most = all().map(|(_, rate, _)| rate.value).fold(0.0, f64::max);
    let ms = || all().map(|(_, _, latency)| latency.value / 1000.0);
    if most <= 0.0 {
        return None;
    }
    let legend = Legend::of(study, &arms);
    let panel = Panel::at(legend.bottom());
    let x = Axis::new(
        Scale::from_zero(most, ACROSS),
        "requests a second",
        |rate| rounded(rate, 0),
    );
    let (low, high) = (
        nice_below(ms().fold(f64::INFINITY, f64::min)),
        nice_above(ms().fold(0.0, f64::max)),
    );
    let y = Axis::new(
        Scale::log(low, high, panel.upwards()),
        "p99 latency, logarithmic",
        milliseconds,
    );
    let at = |(_, rate, latency): &(usize, Estimate, Estimate)| {
        (x.scale.at(rate.value), y.scale.at(latency.value / 1000.0))
    };
    let body = html! {
        (legend.draw())
        (panel.frame("p99 by requests a second", &x, &y))
        @for (place, arm) in arms.iter().enumerate().rev() {
            @let points = found(*arm);
            @if points.len() > 1 {
                path.thin d=(path_through(points.iter().map(at))) stroke=(colour(place)) {}
            }
            @for found in &points {
                @let (point, rate, latency) = found;
                @let says = format!(
                    "{} at {}: {} requests a second, p99 {} ms",
                    study.arm_name(*arm),
                    load_name(study.load(*point)),
                    grouped(rate.value, 0),
                    fixed(latency.value / 1000.0, 2)
                );
                @let (cx, cy) = at(found);
                (mark(&says, &html! {
                    circle cx=(pixel(cx)) cy=(pixel(cy)) r="4.5" fill=(colour(place)) {}
                }))
            }
        }
    };
    let title = "Latency against requests a second".to_owned();
    let caption = format!(
        "A point is an arm at a load (medians over blocks); a thin line joins an arm's loads in the \
         order of the plan. Right and low is good. Cells that failed a gate are not drawn.{}",
        drawn_of(study, &arms, "the table")
    );
    let svg = figure(&title, panel.bottom(&x), &body);
    Some(Figure::new("scatter", title, caption, svg))
}
