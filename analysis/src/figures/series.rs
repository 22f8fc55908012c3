//! How windows went: requests a second from step to step, a panel a load.

use std::collections::BTreeMap;

use maud::{Markup, html};
use records::SeriesRecord;

use super::Figure;
use super::canvas::{coarse_path_through, figure, mark, path_through};
use super::legend::{Legend, drawn_arms, drawn_of};
use super::palette::{colour, dash};
use super::panel::{ACROSS, Axis, Panel};
use super::scale::Scale;
use crate::model::Study;
use crate::stats::median;
use crate::text::{fixed, grouped, load_name, rounded};

/// Lines of blocks besides lines of medians: with more arms they hide each other.
const MOST_ARMS: usize = 4;
/// Blocks whose lines are drawn.
const MOST_BLOCKS: usize = 4;

/// Requests a second between two readings: the later one's time in milliseconds, and the rate.
pub type Rates = Vec<(u32, f64)>;

/// The rates of a window, from the server's cumulative count.
pub fn rates(record: &SeriesRecord) -> Rates {
    let readings: Vec<(u32, u64)> = (record.at_ms.iter().copied())
        .zip(record.requests.iter().copied())
        .collect();
    (readings.windows(2))
        .filter_map(|pair| {
            let [(from, before), (to, after)] = pair else {
                return None;
            };
            let ms = to.checked_sub(*from).filter(|ms| *ms > 0)?;
            let requests = after.checked_sub(*before)?;
            Some((*to, requests as f64 * 1000.0 / f64::from(ms)))
        })
        .collect()
}

/// The median over blocks at each step that at least half of the blocks have.
pub fn median_rates(blocks: &[Rates]) -> Rates {
    let mut steps: BTreeMap<usize, Vec<(u32, f64)>> = BTreeMap::new();
    for rates in blocks {
        for (step, reading) in rates.iter().enumerate() {
            steps.entry(step).or_default().push(*reading);
        }
    }
    (steps.into_values())
        .filter(|readings| readings.len() * 2 >= blocks.len())
        .filter_map(|readings| {
            let times: Vec<f64> = readings.iter().map(|(ms, _)| f64::from(*ms)).collect();
            let rates: Vec<f64> = readings.iter().map(|(_, rate)| *rate).collect();
            Some((median(&times)? as u32, median(&rates)?))
        })
        .collect()
}

/// The valid windows of a cell, by block.
pub fn windows(study: &Study, arm: usize, point: usize) -> Vec<Rates> {
    let cell = study.cell(arm, point);
    let mut windows: Vec<&SeriesRecord> = (study.series.iter())
        .filter(|record| cell.valid() && record.arm == cell.arm_name && record.load == cell.load)
        .filter(|record| {
            !cell
                .left_out
                .iter()
                .any(|(block, _)| *block == record.block)
        })
        .collect();
    windows.sort_by_key(|record| record.block);
    (windows.into_iter().map(rates))
        .filter(|rates| !rates.is_empty())
        .collect()
}

/// The arms whose windows are drawn.
pub fn followed(study: &Study) -> Vec<usize> {
    drawn_arms(study, MOST_ARMS)
}

/// The figure of all loads; `None` where no window was followed.
pub fn series(study: &Study) -> Option<Figure> {
    let arms = followed(study);
    let panels: Vec<(usize, Vec<Vec<Rates>>)> = (0..study.plan.load_points.len())
        .map(|point| {
            let of = |arm: &usize| windows(study, *arm, point);
            (point, arms.iter().map(of).collect())
        })
        .collect();
    let readings = || (panels.iter()).flat_map(|(_, arms)| arms.iter().flatten().flatten());
    let largest = readings().map(|(_, rate)| *rate).fold(0.0, f64::max);
    let last = readings().map(|(ms, _)| *ms).max()?;
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
    arms: &[Vec<Rates>],
) -> Markup {
    if arms.iter().all(Vec::is_empty) {
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
        @for (place, blocks) in arms.iter().enumerate().rev() {
            @if !blocks.is_empty() {
                @let lines = blocks.iter().take(MOST_BLOCKS).map(|b| coarse_path_through(places(b)));
                path.thin d=(lines.collect::<String>()) stroke=(colour(place)) {}
            }
        }
        @for (place, blocks) in arms.iter().enumerate().rev() {
            @let middle = median_rates(blocks);
            @if let (Some((_, first)), Some((_, last))) = (middle.first(), middle.last()) {
                @let says = format!(
                    "{}: {} requests a second at first, {} at last",
                    names[place], grouped(*first, 0), grouped(*last, 0)
                );
                (mark(&says, &html! {
                    path.curve d=(path_through(places(&middle))) stroke=(colour(place))
                        stroke-dasharray=[dash(place)] {}
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at_ms: &[u32], requests: &[u64]) -> SeriesRecord {
        SeriesRecord {
            block: 0,
            arm: String::new(),
            load: Default::default(),
            at_ms: at_ms.to_vec(),
            requests: requests.to_vec(),
            server_cpu_us: Vec::new(),
            client_cpu_us: Vec::new(),
        }
    }

    #[test]
    fn a_rate_is_what_came_between_two_readings() {
        let found = rates(&record(&[0, 100, 300], &[0, 50, 150]));
        assert_eq!(found, [(100, 500.0), (300, 500.0)]);
        assert!(rates(&record(&[0, 0], &[0, 5])).is_empty());
        assert!(rates(&record(&[0, 100], &[5, 0])).is_empty());
        assert!(rates(&record(&[0, 100], &[])).is_empty());
    }

    #[test]
    fn a_step_that_few_blocks_have_is_left_out() {
        let blocks = [
            vec![(100, 10.0), (200, 30.0), (300, 1.0)],
            vec![(100, 20.0), (200, 50.0)],
            vec![(100, 30.0), (200, 40.0)],
        ];
        assert_eq!(median_rates(&blocks), [(100, 20.0), (200, 40.0)]);
    }
}
