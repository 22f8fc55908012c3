//! How workers share connections and requests: a bar of all of them, cut by worker.

use maud::{Markup, html};

use super::Figure;
use super::canvas::{MARGIN, WIDTH, figure, fitted, grid, mark, pixel, width_of, words};
use super::palette::colour;
use super::rows::PLOT;
use super::scale::Scale;
use crate::model::{Study, worker_shares};
use crate::text::{load_name, percent};

const TITLE_HEIGHT: f64 = 32.0;
const PANEL_HEADING: f64 = 24.0;
const ROW: f64 = 33.0;
const PANEL_GAP: f64 = 8.0;
const AXIS_HEIGHT: f64 = 40.0;
const BAR: f64 = 6.0;

/// Accepts and requests by worker; `None` where no server has several workers.
pub fn balance(study: &Study) -> Option<Figure> {
    let scale = Scale::from_zero(1.0, PLOT);
    let mut body = Vec::new();
    let mut top = TITLE_HEIGHT;
    for point in 0..study.plan.load_points.len() {
        let rows: Vec<(usize, [Vec<f64>; 2])> = (0..study.plan.arms.len())
            .filter_map(|arm| Some((arm, worker_shares(study, arm, point)?)))
            .collect();
        if rows.is_empty() {
            continue;
        }
        let (first, last) = (
            top + PANEL_HEADING,
            top + PANEL_HEADING + rows.len() as f64 * ROW,
        );
        body.push(html! {
            (words(MARGIN, top + 16.0, "panel", "start", &load_name(study.load(point))))
            (grid([0.0, 0.25, 0.5, 0.75, 1.0].map(|tick| scale.at(tick)), (first, last), [], PLOT))
            @for (place, (arm, shares)) in rows.iter().enumerate() {
                (row(study.arm_name(*arm), shares, &scale, first + place as f64 * ROW))
            }
        });
        top = last + PANEL_GAP;
    }
    if body.is_empty() {
        return None;
    }
    body.push(html! {
        @for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
            @let x = scale.at(tick);
            @let anchor = if tick < 0.1 { "start" } else if tick > 0.9 { "end" } else { "middle" };
            (words(x, top + 8.0, "axis", anchor, &percent(tick, 0)))
        }
        (words(WIDTH / 2.0, top + 26.0, "axis", "middle", "share of all workers together"))
    });
    let title = "Connections and requests by worker".to_owned();
    let caption = "The upper bar are the connections that each worker accepted, the lower one the \
                   requests that it answered, the busiest worker first: medians over blocks of each \
                   place's share. Equal parts are an even balance."
        .to_owned();
    let svg = figure(
        &title,
        top + AXIS_HEIGHT,
        &html! { @for part in &body { (part) } },
    );
    Some(Figure::new("balance", title, caption, svg))
}

fn row(name: &str, [accepts, requests]: &[Vec<f64>; 2], scale: &Scale, top: f64) -> Markup {
    let busiest = |shares: &[f64]| {
        shares
            .first()
            .map_or("?".to_owned(), |share| percent(*share, 0))
    };
    let says = format!(
        "busiest: {} of connections, {} of requests",
        busiest(accepts),
        busiest(requests)
    );
    let label = fitted(name, PLOT.1 - PLOT.0 - width_of(&says) - 8.0);
    mark(
        &format!("{name}: {says}"),
        &html! {
            (words(PLOT.0, top + 11.0, "", "start", &label))
            (words(PLOT.1, top + 11.0, "", "end", &says))
            (bar(accepts, scale, top + 16.0))
            (bar(requests, scale, top + 16.0 + BAR + 1.5))
        },
    )
}

fn bar(shares: &[f64], scale: &Scale, top: f64) -> Markup {
    let mut from = 0.0;
    let parts: Vec<(f64, f64)> = (shares.iter())
        .map(|share| {
            let part = (from, from + share);
            from += share;
            part
        })
        .collect();
    html! {
        @for (place, (from, to)) in parts.iter().enumerate() {
            rect.segment x=(pixel(scale.at(*from))) y=(pixel(top)) height=(pixel(BAR))
                width=(pixel(scale.at(*to) - scale.at(*from))) fill=(colour(place)) {}
        }
    }
}
