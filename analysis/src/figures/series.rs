//! How windows went: requests a second from step to step, a panel a load.

use maud::{Markup, html};

use super::Figure;
use super::canvas::{coarse_path_through, figure, mark, path_through};
use super::legend::{Legend, drawn_arms, drawn_of};
use super::palette::{colour, dash};
use super::panel::{ACROSS, Axis, Panel};
use super::scale::Scale;
use crate::model::{MOST_BLOCKS, Rates, Study, Windows};
use crate::text::{fixed, grouped, load_name, rounded};

/// Lines of blocks besides lines of medians: with more arms they hide each other.
const MOST_ARMS: usize = 4;

/// The arms whose windows are drawn.
pub fn followed(study: &Study) -> Vec<usize> {
    drawn_arms(study, MOST_ARMS)
}

/// The figure of all loads; `None` where no window was followed.
pub fn series(study: &Study) -> Option<Figure> {
    let arms = followed(study);
    let panels: Vec<(usize, Vec<Option<&Windows>>)> = (0..study.plan.load_points.len())
        .map(|point| {
            let of = |arm: &usize| study.cell(*arm, point).quotable_windows();
            (point, arms.iter().map(of).collect())
        })
        .collect();
    let drawn = || panels.iter().flat_map(|(_, arms)| arms.iter().flatten());
    let largest = drawn().map(|windows| windows.highest).fold(0.0, f64::max);
    let last = drawn()
        .map(|windows| windows.last_ms)
        .max()
        .filter(|ms| *ms > 0)?;
    let x = Axis::new(
        Scale::from_zero(f64::from(last) / 1000.0, ACROSS),
        "seconds since the window's start",
        |seconds| fixed(seconds, usize::from(seconds.fract() > 1e-9)),
    );
    let legend = Legend::of(study, &arms);
    let mut body = vec![legend.draw()];
    let mut top = legend.bottom();
    for (point, arms_of) in &panels {
        let panel = Panel::at(top);
        let heading = load_name(study.load(*point));
        let names: Vec<&str> = arms.iter().map(|arm| study.arm_name(*arm)).collect();
        body.push(draw(panel, &heading, &x, largest, &names, arms_of));
        top = panel.bottom(&x);
    }
    let title = "Requests a second inside the window".to_owned();
    let caption = format!(
        "Thick: the median over blocks at each step; thin: the first {MOST_BLOCKS} blocks, each alone. A line that rises or falls \
         says that the server had not settled. All panels share the axes, which start at zero.{}",
        drawn_of(study, &arms, "the table of medians")
    );
    let svg = figure(&title, top, &html! { @for part in &body { (part) } });
    Some(Figure::new("series", title, caption, svg))
}

fn draw(
    panel: Panel,
    heading: &str,
    x: &Axis,
    largest: f64,
    names: &[&str],
    arms: &[Option<&Windows>],
) -> Markup {
    if arms.iter().all(Option::is_none) {
        return panel.empty(heading, "no window was followed");
    }
    let y = Axis::new(
        Scale::from_zero(largest, panel.upwards()),
        "requests a second",
        |rate| rounded(rate, 0),
    );
    let places = |rates: &Rates| -> Vec<(f64, f64)> {
        (rates.iter())
            .map(|(ms, rate)| (x.scale.at(f64::from(*ms) / 1000.0), y.scale.at(*rate)))
            .collect()
    };
    html! {
        (panel.frame(heading, x, &y))
        @for (place, windows) in arms.iter().enumerate().rev() {
            @if let Some(windows) = windows {
                @let lines = windows.first.iter().map(|b| coarse_path_through(places(b)));
                path.thin d=(lines.collect::<String>()) stroke=(colour(place)) {}
            }
        }
        @for (place, windows) in arms.iter().enumerate().rev() {
            @if let Some(middle) = windows.map(|windows| &windows.median)
                && let (Some((_, first)), Some((_, last))) = (middle.first(), middle.last()) {
                @let says = format!(
                    "{}: {} requests a second at first, {} at last",
                    names[place], grouped(*first, 0), grouped(*last, 0)
                );
                (mark(&says, &html! {
                    path.curve d=(path_through(places(middle))) stroke=(colour(place))
                        stroke-dasharray=[dash(place)] {}
                }))
            }
        }
    }
}
