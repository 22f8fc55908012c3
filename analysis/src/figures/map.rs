//! What limited each cell: arms by loads, in words, colour and sign.

use maud::{Markup, html};

use super::Figure;
use super::bars::absent;
use super::canvas::{MARGIN, WIDTH, figure, fitted, mark, pixel, width_of, words};
use super::palette::{NEITHER, colour};
use crate::bottleneck::Bottleneck;
use crate::model::{Cell, Study};
use crate::text::load_label;

const TITLE_HEIGHT: f64 = 34.0;
const HEADING: f64 = 20.0;
const ROW: f64 = 20.0;
const PANEL_GAP: f64 = 14.0;
/// From one line of a heading to the next.
const LINE: f64 = 12.0;
/// Where the names end and the loads begin.
const NAMES: f64 = 150.0;
/// Loads beside each other; more go below.
const ACROSS: usize = 4;

/// The map of a run.
pub fn bottlenecks(study: &Study) -> Figure {
    let points: Vec<usize> = (0..study.plan.load_points.len()).collect();
    let columns = points.len().clamp(1, ACROSS);
    let width = (WIDTH - MARGIN - NAMES) / columns as f64;
    let mut body = Vec::new();
    let mut top = TITLE_HEIGHT;
    for points in points.chunks(columns) {
        let headings: Vec<Vec<String>> = (points.iter())
            .map(|point| wrapped(&load_label(study.load(*point)), width - 4.0))
            .collect();
        let lines = headings.iter().map(Vec::len).max().unwrap_or(1);
        top += (lines.saturating_sub(1)) as f64 * LINE;
        body.push(html! {
            @for (place, heading) in headings.iter().enumerate() {
                @let x = NAMES + place as f64 * width + width / 2.0;
                @for (line, text) in heading.iter().rev().enumerate() {
                    (words(x, top + 13.0 - line as f64 * LINE, "axis", "middle", text))
                }
            }
            @for arm in 0..study.plan.arms.len() {
                @let y = top + HEADING + arm as f64 * ROW;
                (whole_on_demand(MARGIN, y + 13.0, study.arm_name(arm), NAMES - MARGIN - 4.0))
                @for (place, point) in points.iter().enumerate() {
                    (cell(study.cell(arm, *point), NAMES + place as f64 * width, y, width))
                }
            }
        });
        top += HEADING + study.plan.arms.len() as f64 * ROW + PANEL_GAP;
    }
    let title = "What limited each cell".to_owned();
    let caption = "Server \u{25a0}: its processors were full, so requests a second are its own. Client \
                   \u{25cb}: the load generator's were, so only CPU a request tells servers apart. Both \
                   \u{25a3}. Latency \u{25b7}: neither, the waiting between them set the pace. Shared \
                   \u{25a6}: they competed for the same processors. A dash is a cell that failed a gate \
                   or was not measured."
        .to_owned();
    let svg = figure(&title, top, &html! { @for part in &body { (part) } });
    Figure::new("bottlenecks", title, caption, svg)
}

/// A heading in lines that fit into `width`, broken between words.
fn wrapped(text: &str, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width_of(&format!("{line} {word}")) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(fitted(word, width)),
        }
    }
    lines
}

/// Words, which are shown whole where a pointer rests on them if they had to be cut.
fn whole_on_demand(x: f64, y: f64, text: &str, width: f64) -> Markup {
    let fits = fitted(text, width);
    let drawn = words(x, y, "", "start", &fits);
    if fits == text {
        drawn
    } else {
        mark(text, &drawn)
    }
}

fn cell(cell: &Cell, x: f64, y: f64, width: f64) -> Markup {
    let (colour, sign, word) = match cell.bottleneck.filter(|_| cell.valid()) {
        Some(found) => {
            let (colour, sign) = look(found);
            (colour, sign, found.to_string())
        }
        None => (NEITHER, "\u{2013}", absent(cell).to_owned()),
    };
    html! {
        rect.cell x=(pixel(x + 1.0)) y=(pixel(y + 1.0)) width=(pixel(width - 2.0))
            height=(pixel(ROW - 2.0)) fill=(colour) {}
        (whole_on_demand(x + 4.0, y + 13.0, &format!("{sign} {word}"), width - 6.0))
    }
}

fn look(bottleneck: Bottleneck) -> (&'static str, &'static str) {
    match bottleneck {
        Bottleneck::Server => (colour(2), "\u{25a0}"),
        Bottleneck::Client => (colour(1), "\u{25cb}"),
        Bottleneck::Both => (colour(3), "\u{25a3}"),
        Bottleneck::Latency => (colour(0), "\u{25b7}"),
        Bottleneck::Network => (colour(5), "\u{25c7}"),
        Bottleneck::Shared => (colour(4), "\u{25a6}"),
    }
}
