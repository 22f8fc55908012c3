//! A chart of rows in panels: a name and a number over a mark on a shared axis. It holds any
//! number of arms with names of any length, and nothing can overlap.

use maud::{Markup, html};

use super::canvas::{MARGIN, WIDTH, figure, fitted, grid, interval, line, mark, pixel, words};
use super::scale::Scale;
use crate::stats::Estimate;

const TITLE_HEIGHT: f64 = 32.0;
const PANEL_HEADING: f64 = 24.0;
const ROW: f64 = 29.0;
const PANEL_GAP: f64 = 8.0;
const AXIS_HEIGHT: f64 = 40.0;
const BAR: f64 = 8.0;

/// Where marks may be: the whole width, so that the names stand above them.
pub(super) const PLOT: (f64, f64) = (MARGIN, WIDTH - MARGIN);

/// How a row's number is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A bar from zero.
    Bar,
    /// A dot.
    Dot,
}

/// A row.
pub(super) struct Row {
    pub(super) label: String,
    /// The number as text, or why there is none.
    pub(super) value: String,
    pub(super) colour: &'static str,
    pub(super) estimate: Option<Estimate>,
}

/// Rows under a heading.
pub(super) struct Panel {
    pub(super) heading: String,
    pub(super) rows: Vec<Row>,
}

/// A chart.
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) axis: String,
    pub(super) scale: Scale,
    pub(super) tick: fn(f64) -> String,
    pub(super) mark: Mark,
    /// A range to shade, with a line in its middle value.
    pub(super) band: Option<(f64, f64, f64)>,
    pub(super) panels: Vec<Panel>,
}

impl Chart {
    pub(super) fn draw(&self) -> String {
        let mut y = TITLE_HEIGHT;
        let mut body = Vec::new();
        for panel in &self.panels {
            body.push(self.panel(panel, y));
            y += panel_height(panel) + PANEL_GAP;
        }
        body.push(self.axis(y));
        let body = html! { @for part in &body { (part) } };
        figure(&self.title, y + AXIS_HEIGHT, &body)
    }

    fn panel(&self, panel: &Panel, top: f64) -> Markup {
        let (first, last) = (top + PANEL_HEADING, top + panel_height(panel));
        html! {
            (words(MARGIN, top + 16.0, "panel", "start", &panel.heading))
            @if let Some((low, high, middle)) = self.band {
                rect.band x=(pixel(self.scale.at(low))) y=(pixel(first))
                    width=(pixel(self.scale.at(high) - self.scale.at(low)))
                    height=(pixel(last - first)) {}
                (self.grid(first, last))
                (line((self.scale.at(middle), first), (self.scale.at(middle), last), "rule"))
            } @else {
                (self.grid(first, last))
            }
            @for (place, row) in panel.rows.iter().enumerate() {
                (self.row(row, first + place as f64 * ROW))
            }
        }
    }

    fn grid(&self, top: f64, bottom: f64) -> Markup {
        let ticks = self.scale.ticks().into_iter();
        grid(
            ticks.map(|tick| self.scale.at(tick)),
            (top, bottom),
            [],
            PLOT,
        )
    }

    fn row(&self, row: &Row, top: f64) -> Markup {
        let value_width = row.value.chars().count() as f64 * 6.4;
        let label = fitted(&row.label, PLOT.1 - PLOT.0 - value_width - 12.0);
        let text_y = top + 11.0;
        let middle = top + 20.0;
        let value_class = if row.estimate.is_some() { "" } else { "mute" };
        let body = html! {
            (words(PLOT.0, text_y, "", "start", &label))
            (words(PLOT.1, text_y, value_class, "end", &row.value))
            @if let Some(estimate) = &row.estimate { (self.mark(estimate, row.colour, middle)) }
        };
        if label == row.label {
            return body;
        }
        // A name that had to be cut is shown whole where a pointer rests on it.
        let hit = html! {
            rect.hit x=(pixel(PLOT.0)) y=(pixel(top)) width=(pixel(PLOT.1 - PLOT.0))
                height=(pixel(ROW)) {}
        };
        mark(
            &format!("{}: {}", row.label, row.value),
            &html! { (hit) (body) },
        )
    }

    fn mark(&self, estimate: &Estimate, colour: &str, y: f64) -> Markup {
        let [value, low, high] =
            [estimate.value, estimate.low, estimate.high].map(|v| self.scale.at(v));
        html! {
            @if self.mark == Mark::Bar {
                rect.bar x=(pixel(PLOT.0)) y=(pixel(y - BAR / 2.0)) width=(pixel(value - PLOT.0))
                    height=(pixel(BAR)) fill=(colour) {}
            }
            (interval(low, high, y))
            @if self.mark == Mark::Dot {
                circle cx=(pixel(value)) cy=(pixel(y)) r="4.5" fill=(colour) {}
            }
        }
    }

    fn axis(&self, top: f64) -> Markup {
        let ticks = self.scale.ticks();
        let anchor = |x: f64| {
            if x < PLOT.0 + 12.0 {
                "start"
            } else if x > PLOT.1 - 12.0 {
                "end"
            } else {
                "middle"
            }
        };
        html! {
            @for tick in ticks {
                @let x = self.scale.at(tick);
                (words(x, top + 8.0, "axis", anchor(x), &(self.tick)(tick)))
            }
            (words(WIDTH / 2.0, top + 26.0, "axis", "middle", &self.axis))
        }
    }
}

fn panel_height(panel: &Panel) -> f64 {
    PANEL_HEADING + panel.rows.len() as f64 * ROW
}
