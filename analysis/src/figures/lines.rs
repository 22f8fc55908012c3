//! A quantity over what loads differ in: connections, pipelining, workers, ...

use maud::{Markup, html};

use super::Figure;
use super::canvas::{figure, mark, path_through, pixel};
use super::legend::{Legend, MOST_ARMS, drawn_arms, drawn_of};
use super::palette::{colour, dash};
use super::panel::{ACROSS, Axis, Panel, milliseconds};
use super::scale::Scale;
use crate::metric::Metric;
use crate::model::{Dimension, Study, Sweep, sweeps};
use crate::stats::Estimate;
use crate::stats::usl::Law;
use crate::text::{grouped, rounded};

/// Steps of a fitted curve.
const CURVE_STEPS: u32 = 40;

/// The law that was fitted to an arm's requests a second.
pub struct Fit {
    /// The arm's place in the plan.
    pub arm: usize,
    /// The law, by the number of workers.
    pub law: Law,
}

/// Quantities over a sweep, a panel each; lines that grow from zero.
pub fn by_load(study: &Study, sweep: &Sweep, metrics: &[Metric], fits: &[Fit]) -> Figure {
    let arms = drawn_arms(study, MOST_ARMS);
    let legend = Legend::of(study, &arms);
    let x = across(sweep);
    let mut body = vec![legend.draw()];
    let mut top = legend.bottom();
    for metric in metrics {
        let panel = Panel::at(top);
        let fits = if *metric == Metric::RequestsPerSecond {
            fits
        } else {
            &[]
        };
        body.push(draw(study, sweep, &arms, panel, &x, *metric, fits));
        top = panel.bottom(&x);
    }
    let name = sweep_name(study, sweep);
    let title = format!("By {}", sweep.dimension.noun());
    let fitted = if fits.is_empty() {
        ""
    } else {
        " A line without points is the fitted Universal Scalability Law."
    };
    let caption = format!(
        "A point is the median over blocks, the whisker its 95 % interval. The upward axes start at \
         zero.{fitted} Cells that failed a gate are not drawn.{}",
        drawn_of(study, &arms, "the table")
    );
    let svg = figure(&title, top, &html! { @for part in &body { (part) } });
    Figure::new(&name, title, caption, svg)
}

/// The name of a sweep's figure and table, with a number from the second in one dimension on.
pub fn sweep_name(study: &Study, sweep: &Sweep) -> String {
    let mut same =
        (sweeps(&study.plan).into_iter()).filter(|other| other.dimension == sweep.dimension);
    let name = format!("by-{}", sweep.dimension.id());
    match same.position(|other| other == *sweep) {
        None | Some(0) => name,
        Some(place) => format!("{name}-{}", place + 1),
    }
}

fn across(sweep: &Sweep) -> Axis {
    let numbers: Vec<f64> = sweep.points.iter().map(|(number, _)| *number).collect();
    let low = numbers.first().copied().unwrap_or(1.0);
    let high = numbers.last().copied().unwrap_or(2.0);
    let linear = matches!(sweep.dimension, Dimension::Workers | Dimension::OfferedRate);
    let scale = if linear {
        Scale::from_zero(high, ACROSS)
    } else {
        Scale::log(low / 1.15, high * 1.15, ACROSS)
    };
    let mut ticks: Vec<(f64, String)> = Vec::new();
    let mut last = f64::NEG_INFINITY;
    for number in numbers {
        let name = grouped(number, 0);
        // Names that would overlap are left out; their points are drawn all the same.
        if scale.at(number) - last > super::canvas::width_of(&name) + 4.0 {
            last = scale.at(number);
            ticks.push((number, name));
        }
    }
    Axis {
        scale,
        ticks,
        name: sweep.dimension.noun().to_owned(),
    }
}

fn draw(
    study: &Study,
    sweep: &Sweep,
    arms: &[usize],
    panel: Panel,
    x: &Axis,
    metric: Metric,
    fits: &[Fit],
) -> Markup {
    let found = |arm: usize| -> Vec<(f64, Estimate)> {
        (sweep.points.iter())
            .filter_map(|(number, point)| {
                Some((*number, study.cell(arm, *point).quotable(metric)?))
            })
            .collect()
    };
    let unit = Unit::of(metric);
    let largest = (arms.iter())
        .flat_map(|arm| found(*arm))
        .map(|(_, estimate)| unit.of_number(estimate.high))
        .fold(0.0, f64::max);
    if largest <= 0.0 {
        return panel.empty(short(metric), "no valid cell");
    }
    let y = Axis::new(
        Scale::from_zero(largest, panel.upwards()),
        metric.title(),
        |value| unit.tick(value),
    );
    let y = Axis {
        name: unit.name.to_owned(),
        ..y
    };
    html! {
        (panel.frame(short(metric), x, &y))
        @for (place, arm) in arms.iter().enumerate().rev() {
            @let points = found(*arm);
            @match fits.iter().find(|fit| fit.arm == *arm) {
                Some(fit) => (curve(fit, sweep, place, x, &y)),
                None => path.curve stroke=(colour(place)) stroke-dasharray=[dash(place)]
                    d=[Some(path_through(points.iter().map(|(number, e)| {
                        (x.scale.at(*number), y.scale.at(unit.of_number(e.value)))
                    }))).filter(|_| points.len() > 1)] {},
            }
            @for (number, estimate) in &points {
                @let says = format!(
                    "{} at {} {}: {} {}",
                    study.arm_name(*arm),
                    grouped(*number, 0),
                    sweep.dimension.noun(),
                    unit.interval(estimate),
                    unit.name
                );
                // Side by side, so that the whiskers of arms that are alike can be told apart.
                @let beside = (place as f64 - (arms.len() - 1) as f64 / 2.0) * 2.5;
                (mark(&says, &point(x.scale.at(*number) + beside, estimate, &unit, &y, place)))
            }
        }
    }
}

fn point(x: f64, estimate: &Estimate, unit: &Unit, y: &Axis, place: usize) -> Markup {
    let at = |value: f64| y.scale.at(unit.of_number(value));
    html! {
        path d=(format!("M{} {}V{}", pixel(x), pixel(at(estimate.low)), pixel(at(estimate.high))))
            stroke=(colour(place)) stroke-width="1.3" {}
        circle cx=(pixel(x)) cy=(pixel(at(estimate.value))) r="3.2" fill=(colour(place)) {}
    }
}

fn curve(fit: &Fit, sweep: &Sweep, place: usize, x: &Axis, y: &Axis) -> Markup {
    let last = sweep.points.last().map_or(1.0, |(number, _)| *number);
    let steps = (1..=CURVE_STEPS)
        .map(|step| last * f64::from(step) / f64::from(CURVE_STEPS))
        .map(|number| (x.scale.at(number), y.scale.at(fit.law.throughput(number))));
    html! {
        path.curve d=(path_through(steps)) stroke=(colour(place)) stroke-dasharray=[dash(place)] {}
    }
}

/// How a quantity's numbers are written.
struct Unit {
    name: &'static str,
    divisor: f64,
    digits: usize,
}

impl Unit {
    fn of(metric: Metric) -> Self {
        let (name, divisor, digits) = match metric {
            Metric::RequestsPerSecond => ("requests a second", 1.0, 0),
            Metric::CpuUsPerRequest => ("µs of server CPU a request", 1.0, 2),
            Metric::LatencyMeanUs | Metric::LatencyP50Us | Metric::LatencyP99Us => {
                ("ms", 1000.0, 2)
            }
            Metric::ServerRssBytes => ("MiB", 1_048_576.0, 1),
            _ => ("a request", 1.0, 3),
        };
        Self {
            name,
            divisor,
            digits,
        }
    }

    fn of_number(&self, number: f64) -> f64 {
        number / self.divisor
    }

    fn tick(&self, value: f64) -> String {
        if self.name == "ms" {
            return if value == 0.0 {
                "0".to_owned()
            } else {
                milliseconds(value)
            };
        }
        let digits = usize::from(value.fract().abs() > 1e-9) * self.digits.clamp(1, 2);
        rounded(value, digits)
    }

    fn interval(&self, estimate: &Estimate) -> String {
        let [value, low, high] = [estimate.value, estimate.low, estimate.high]
            .map(|number| grouped(self.of_number(number), self.digits));
        format!("{value} ({low}\u{2013}{high})")
    }
}

/// A quantity as a panel's heading.
fn short(metric: Metric) -> &'static str {
    match metric {
        Metric::RequestsPerSecond => "Requests a second",
        Metric::CpuUsPerRequest => "Server CPU a request",
        Metric::LatencyP50Us => "Latency, p50",
        Metric::LatencyP99Us => "Latency, p99",
        other => other.title(),
    }
}
