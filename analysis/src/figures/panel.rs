//! A panel with two axes: what figures of lines and points are made of.

use maud::{Markup, html};

use super::canvas::{MARGIN, WIDTH, grid, words};
use super::scale::Scale;

/// Where lines may be, from left to right.
pub(super) const ACROSS: (f64, f64) = (58.0, WIDTH - MARGIN);
const HEIGHT: f64 = 168.0;
const HEADING: f64 = 39.0;
const FOOT: f64 = 30.0;
const AXIS_NAME: f64 = 14.0;

/// An axis: its scale, what is written at which numbers, and what it counts.
pub(super) struct Axis {
    pub(super) scale: Scale,
    pub(super) ticks: Vec<(f64, String)>,
    pub(super) name: String,
}

impl Axis {
    /// With the scale's own ticks.
    pub(super) fn new(scale: Scale, name: &str, tick: impl Fn(f64) -> String) -> Self {
        let ticks = scale.ticks().into_iter().map(|at| (at, tick(at)));
        Self {
            ticks: ticks.collect(),
            name: name.to_owned(),
            scale,
        }
    }
}

/// A panel at a height of the figure.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    top: f64,
}

impl Panel {
    pub(super) fn at(top: f64) -> Self {
        Self { top }
    }

    /// From the lowest to the highest number.
    pub(super) fn upwards(self) -> (f64, f64) {
        (self.top + HEADING + HEIGHT, self.top + HEADING)
    }

    /// Where the next panel begins.
    pub(super) fn bottom(self, x: &Axis) -> f64 {
        let name = if x.name.is_empty() { 0.0 } else { AXIS_NAME };
        self.top + HEADING + HEIGHT + FOOT + name
    }

    /// Heading, grid and the words at the axes; the upward axis is named beneath the heading.
    pub(super) fn frame(self, heading: &str, x: &Axis, y: &Axis) -> Markup {
        let (last, first) = self.upwards();
        let anchor = |at: f64| {
            if at > ACROSS.1 - 16.0 {
                "end"
            } else {
                "middle"
            }
        };
        let places = |axis: &Axis| -> Vec<f64> {
            (axis.ticks.iter())
                .map(|(number, _)| axis.scale.at(*number))
                .collect()
        };
        html! {
            (words(MARGIN, self.top + 15.0, "panel", "start", heading))
            (words(MARGIN, self.top + 29.0, "axis", "start", &y.name))
            (grid(places(x), (first, last), places(y), ACROSS))
            @for (number, name) in &y.ticks {
                @let at = y.scale.at(*number);
                (words(ACROSS.0 - 6.0, at + 3.5, "axis", "end", name))
            }
            @for (number, name) in &x.ticks {
                @let at = x.scale.at(*number);
                (words(at, last + 14.0, "axis", anchor(at), name))
            }
            @if !x.name.is_empty() {
                (words(f64::midpoint(ACROSS.0, ACROSS.1), last + 29.0, "axis", "middle", &x.name))
            }
        }
    }

    /// A panel in which nothing can be drawn.
    pub(super) fn empty(self, heading: &str, why: &str) -> Markup {
        html! {
            (words(MARGIN, self.top + 15.0, "panel", "start", heading))
            (words(ACROSS.0, self.top + HEADING + 20.0, "mute", "start", why))
        }
    }
}

/// Milliseconds as short as they can be told apart.
pub(super) fn milliseconds(value: f64) -> String {
    let digits = match value {
        value if value < 0.1 => 2,
        value if value < 1.0 => 1,
        _ => 0,
    };
    format!("{} ms", crate::text::fixed(value, digits))
}

/// The next of 1, 2 and 5 times a power of ten that is not above `value`.
pub(super) fn nice_below(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let steps = [5.0, 2.0, 1.0].map(|step| step * decade);
    (steps.into_iter())
        .find(|nice| *nice <= value)
        .unwrap_or(decade)
}

/// The next of 1, 2 and 5 times a power of ten that is above `value`.
pub(super) fn nice_above(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let steps = [2.0, 5.0, 10.0].map(|step| step * decade);
    (steps.into_iter())
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
