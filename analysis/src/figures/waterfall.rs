//! The ladder as a waterfall: each rung's bar hangs from where the rung below it ended.

use maud::{Markup, html};

use super::Figure;
use super::canvas::{
    MARGIN, WIDTH, figure, fitted, grid, interval, line, mark, pixel, width_of, words,
};
use super::palette::{COSTS, HELPS, NEITHER};
use super::rows::PLOT;
use super::scale::Scale;
use crate::claims::{Effect, effect_at, effects};
use crate::metric::Metric;
use crate::model::{Pair, Study, rungs};
use crate::stats::Estimate;
use crate::text::{fixed, load_name, percent};

const CPU: Metric = Metric::CpuUsPerRequest;
const TITLE_HEIGHT: f64 = 32.0;
const PANEL_HEADING: f64 = 24.0;
const ROW: f64 = 29.0;
const PANEL_GAP: f64 = 8.0;
const AXIS_HEIGHT: f64 = 40.0;
const BAR: f64 = 9.0;

/// A rung at a load.
struct Step {
    arm: usize,
    /// From where to where, as shares of the lowest rung; equal where there is no number.
    from: f64,
    to: f64,
    /// The ratio to the rung below.
    ratio: Option<Estimate>,
    effect: Effect,
}

/// The ladder's figure; `None` without a ladder.
pub fn waterfall(study: &Study) -> Option<Figure> {
    let rungs = rungs(&study.plan);
    let lowest = rungs.first()?.base;
    // The rungs are one family, as in the sentences and the table beside the figure.
    let found = effects(study, &rungs, CPU);
    let panels: Vec<(String, Vec<Step>)> = (0..study.plan.load_points.len())
        .map(|point| {
            let steps = steps(study, &found, &rungs, lowest, point);
            (load_name(study.load(point)), steps)
        })
        .collect();
    let most = (panels.iter().flat_map(|(_, steps)| steps))
        .map(|step| {
            step.from
                .max(step.to)
                .max(whisker(step).map_or(0.0, |(_, high)| high))
        })
        .fold(1.0, f64::max);
    let scale = Scale::from_zero(most, PLOT);
    let mut body = Vec::new();
    let mut y = TITLE_HEIGHT;
    for (heading, steps) in &panels {
        body.push(draw(study, &scale, lowest, heading, steps, y));
        y += PANEL_HEADING + (steps.len() + 1) as f64 * ROW + PANEL_GAP;
    }
    body.push(axis(&scale, y, study.arm_name(lowest)));
    let title = "The ladder as a waterfall: CPU a request".to_owned();
    let caption = format!(
        "Each bar begins where the rung below it ended and is as long as the measured change (green, \
         \u{2212}: helps; orange, +: costs; grey: no decided difference); the whisker is the 95 % \
         interval of that one change. {} is 100\u{a0}%. All panels share the axis, which starts at \
         zero.",
        study.arm_name(lowest)
    );
    let svg = figure(
        &title,
        y + AXIS_HEIGHT,
        &html! { @for part in &body { (part) } },
    );
    Some(Figure::new("waterfall", title, caption, svg))
}

fn steps(
    study: &Study,
    found: &[(Pair, usize, Effect)],
    rungs: &[Pair],
    lowest: usize,
    point: usize,
) -> Vec<Step> {
    let mut ends: Vec<(usize, f64)> = vec![(lowest, 1.0)];
    let mut steps = Vec::new();
    for pair in rungs {
        let from = (ends.iter())
            .find(|(arm, _)| *arm == pair.base)
            .map_or(1.0, |(_, end)| *end);
        let ratio = (study.ratio(*pair, point, CPU)).and_then(|ratio| ratio.outcome.estimate());
        let to = ratio.map_or(from, |ratio| from * ratio.value);
        ends.push((pair.ours, to));
        steps.push(Step {
            arm: pair.ours,
            from,
            to,
            ratio,
            effect: effect_at(found, *pair, point),
        });
    }
    steps
}

/// Where the step may end, by its own interval.
fn whisker(step: &Step) -> Option<(f64, f64)> {
    let ratio = step.ratio?;
    Some((step.from * ratio.low, step.from * ratio.high))
}

fn draw(
    study: &Study,
    scale: &Scale,
    lowest: usize,
    heading: &str,
    steps: &[Step],
    top: f64,
) -> Markup {
    let first = top + PANEL_HEADING;
    let last = first + (steps.len() + 1) as f64 * ROW;
    html! {
        (words(MARGIN, top + 16.0, "panel", "start", heading))
        (grid(scale.ticks().into_iter().map(|tick| scale.at(tick)), (first, last), [], PLOT))
        (row(scale, first, study.arm_name(lowest), "100\u{a0}%", &html! {
            rect x=(pixel(PLOT.0)) y=(pixel(first + 20.0 - BAR / 2.0)) height=(pixel(BAR))
                width=(pixel(scale.at(1.0) - PLOT.0)) fill=(NEITHER) {}
        }))
        @for (place, step) in steps.iter().enumerate() {
            (rung(study, scale, step, first + (place + 1) as f64 * ROW))
        }
    }
}

fn rung(study: &Study, scale: &Scale, step: &Step, top: f64) -> Markup {
    let middle = top + 20.0;
    let colour = match step.effect {
        Effect::Less => HELPS,
        Effect::More => COSTS,
        _ => NEITHER,
    };
    let says = match &step.ratio {
        Some(ratio) => format!(
            "{} ({} to {}), {}",
            change(ratio.value),
            change(ratio.low),
            change(ratio.high),
            step.effect.on_cost()
        ),
        None => step.effect.word().to_owned(),
    };
    let (left, right) = (step.from.min(step.to), step.from.max(step.to));
    row(
        scale,
        top,
        study.arm_name(step.arm),
        &says,
        &html! {
            (line((scale.at(step.from), top - ROW + 20.0), (scale.at(step.from), middle), "rule"))
            // A change too small to see is still a bar.
            rect x=(pixel(scale.at(left))) y=(pixel(middle - BAR / 2.0)) height=(pixel(BAR))
                width=(pixel((scale.at(right) - scale.at(left)).max(1.0))) fill=(colour) {}
            @if let Some((low, high)) = whisker(step) {
                (interval(scale.at(low), scale.at(high), middle))
            }
        },
    )
}

/// A ratio as a change in percent with its sign.
fn change(ratio: f64) -> String {
    let text = percent(ratio - 1.0, 1);
    match text.strip_prefix('-') {
        Some(rest) => format!("\u{2212}{rest}"),
        None => format!("+{text}"),
    }
}

fn row(scale: &Scale, top: f64, name: &str, says: &str, bar: &Markup) -> Markup {
    let right = scale.at(f64::INFINITY);
    let name_fits = fitted(name, right - PLOT.0 - width_of(says) - 12.0);
    mark(
        &format!("{name}: {says}"),
        &html! {
            rect.hit x=(pixel(PLOT.0)) y=(pixel(top)) width=(pixel(right - PLOT.0)) height=(pixel(ROW)) {}
            (words(PLOT.0, top + 11.0, "", "start", &name_fits))
            (words(PLOT.1, top + 11.0, "", "end", says))
            (bar)
        },
    )
}

fn axis(scale: &Scale, top: f64, lowest: &str) -> Markup {
    html! {
        @for tick in scale.ticks() {
            @let x = scale.at(tick);
            @let anchor = if x < PLOT.0 + 12.0 { "start" } else if x > PLOT.1 - 16.0 { "end" } else { "middle" };
            (words(x, top + 8.0, "axis", anchor, &format!("{}\u{a0}%", fixed(tick * 100.0, 0))))
        }
        (words(WIDTH / 2.0, top + 26.0, "axis", "middle", &format!("CPU a request, {lowest} = 100\u{a0}%")))
    }
}
