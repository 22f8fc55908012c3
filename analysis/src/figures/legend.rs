//! Which arms a figure of lines draws, and the legend that names them.

use maud::{Markup, html};

use super::canvas::{MARGIN, WIDTH, fitted, pixel, words};
use super::palette::{colour, dash};
use crate::claims::{CARD_KIO_ARM, CARD_TOKIO_ARM, OUR_ARM};
use crate::model::{BASELINE_ARM, Study};

/// More lines than this cannot be told apart.
pub(super) const MOST_ARMS: usize = 8;
/// Arms that are drawn first where there are more, and alone where there is little room.
pub(super) const FIRST: [&str; 6] = [
    OUR_ARM,
    BASELINE_ARM,
    "kio-epoll",
    "tokio-per-core",
    CARD_KIO_ARM,
    CARD_TOKIO_ARM,
];

const TOP: f64 = 34.0;
const ROW: f64 = 17.0;
const SWATCH: f64 = 24.0;

/// Which arms are drawn: all, or those the claims are about and then the plan's order. An exact
/// repeat of another is left out where there are too many.
pub(super) fn drawn_arms(study: &Study, most: usize) -> Vec<usize> {
    let mut arms: Vec<usize> = FIRST.iter().filter_map(|name| study.arm(name)).collect();
    let repeats = |arm: &usize| study.plan.arms[*arm].control_of.is_some();
    let (again, rest): (Vec<usize>, Vec<usize>) = (0..study.plan.arms.len()).partition(repeats);
    for arm in rest.into_iter().chain(again) {
        if !arms.contains(&arm) {
            arms.push(arm);
        }
    }
    arms.truncate(most);
    arms
}

/// What a caption says where not all arms are drawn: how many, and what has `whole`.
pub(super) fn drawn_of(study: &Study, arms: &[usize], whole: &str) -> String {
    if arms.len() == study.plan.arms.len() {
        return String::new();
    }
    format!(
        " {} of {} arms are drawn; {whole} has them all.",
        arms.len(),
        study.plan.arms.len()
    )
}

/// Names with their lines, in two columns where all names fit into them.
pub(super) struct Legend {
    names: Vec<String>,
    columns: usize,
}

impl Legend {
    pub(super) fn of(study: &Study, arms: &[usize]) -> Self {
        let names: Vec<String> = (arms.iter())
            .map(|arm| study.arm_name(*arm).to_owned())
            .collect();
        let half = (WIDTH - 2.0 * MARGIN) / 2.0 - SWATCH;
        let fits = |name: &String| fitted(name, half) == *name;
        let columns = if names.iter().all(fits) { 2 } else { 1 };
        Self { names, columns }
    }

    /// Where what is below begins.
    pub(super) fn bottom(&self) -> f64 {
        TOP + self.names.len().div_ceil(self.columns) as f64 * ROW + 2.0
    }

    pub(super) fn draw(&self) -> Markup {
        let column = (WIDTH - 2.0 * MARGIN) / self.columns as f64;
        html! {
            @for (place, name) in self.names.iter().enumerate() {
                @let x = MARGIN + (place % self.columns) as f64 * column;
                @let y = TOP + (place / self.columns) as f64 * ROW + 6.0;
                path d=(format!("M{} {}h18", pixel(x), pixel(y))) fill="none" stroke=(colour(place))
                    stroke-width="2.2" stroke-dasharray=[dash(place)] {}
                (words(x + SWATCH, y + 3.8, "", "start", &fitted(name, column - SWATCH)))
            }
        }
    }
}
