//! Pairs of arms beside each other: the ladder, side arms, floors, other servers.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::claims::{Effect, effects};
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, Outcome, Pair, Study, ratio_id};
use crate::model::{floors, peers, rungs, sides};
use crate::text::load_label;

const RATIO: Display = Display::Decimals(3);
const CPU: Metric = Metric::CpuUsPerRequest;

/// When requests a second are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rate {
    Never,
    /// Where both servers were the bottleneck.
    Saturated,
    Always,
}

/// What a table of pairs shows beside CPU a request and its effect.
struct Shown {
    name: &'static str,
    title: &'static str,
    /// The word for an effect.
    word: fn(Effect) -> &'static str,
    /// The ratio of the first arm to the card's baseline.
    to_baseline: bool,
    rate: Rate,
    /// What differs, and over which part of the window CPU a request was taken.
    differs_by: bool,
    measure: bool,
}

/// The effect of each rung of the ladder, and all rungs up to it together.
pub fn ladder(study: &Study) -> Table {
    let shown = Shown {
        name: "ladder",
        title: "CPU a request of each rung as a ratio to the rung below, and to the card's baseline",
        word: Effect::on_cost,
        to_baseline: true,
        rate: Rate::Never,
        differs_by: true,
        measure: false,
    };
    table(study, &shown, &rungs(&study.plan))
}

/// Each side arm against the one it differs from.
pub fn side_arms(study: &Study) -> Table {
    let shown = Shown {
        name: "side-arms",
        title: "CPU a request of each side arm as a ratio to the arm it differs from by one thing",
        word: Effect::on_cost,
        to_baseline: false,
        rate: Rate::Never,
        differs_by: true,
        measure: false,
    };
    table(study, &shown, &sides(&study.plan))
}

/// Our runtime against the hand-written loops.
pub fn floor_ratios(study: &Study) -> Table {
    let shown = Shown {
        name: "floors",
        title: "Our runtime as a ratio to hand-written loops, and its drivers to each other",
        word: Effect::word,
        to_baseline: false,
        rate: Rate::Saturated,
        differs_by: false,
        measure: false,
    };
    table(study, &shown, &floors(&study.plan))
}

/// Our server against other runtimes and servers.
pub fn peer_ratios(study: &Study) -> Table {
    let shown = Shown {
        name: "peers",
        title: "CPU a request of our server as a ratio to other runtimes and servers",
        word: Effect::word,
        to_baseline: false,
        rate: Rate::Saturated,
        differs_by: false,
        measure: true,
    };
    table(study, &shown, &peers(&study.plan))
}

/// Every arm against the baseline where server and load generator share the processors.
pub fn shared(study: &Study) -> Table {
    let pairs: Vec<Pair> = (study.comparisons.iter().map(|comparison| comparison.pair))
        .filter(|pair| study.arm_name(pair.base) == BASELINE_ARM)
        .collect();
    let shown = Shown {
        name: "shared",
        title: "Server and load generator on the same processors: ratios to the card's baseline",
        word: Effect::word,
        to_baseline: false,
        rate: Rate::Always,
        differs_by: false,
        measure: false,
    };
    table(study, &shown, &pairs)
}

fn table(study: &Study, shown: &Shown, pairs: &[Pair]) -> Table {
    let mut columns = vec![
        Column::new("arm", "Arm", Kind::Words),
        Column::new("to_arm", "to", Kind::Words),
        Column::new("load", "Connections", Kind::Numbers),
        Column::new("cpu_us_per_request_ratio", "CPU a request", Kind::Estimates),
        Column::new("effect", "Effect", Kind::Words),
    ];
    if shown.to_baseline {
        let title = format!("to {BASELINE_ARM}");
        columns.push(Column::new(
            "cpu_us_per_request_to_baseline",
            title,
            Kind::Estimates,
        ));
    }
    if shown.rate != Rate::Never {
        columns.push(Column::new(
            "requests_per_second_ratio",
            "Requests a second",
            Kind::Estimates,
        ));
    }
    if shown.measure {
        columns.push(Column::new("cpu_measure", "CPU of", Kind::Words));
    }
    if shown.differs_by {
        columns.push(Column::hidden("differs_by", Kind::Words));
    }
    columns.push(Column::new("note", "Note", Kind::Words));
    // The pairs are one family, as in the sentences about them.
    let found = effects(study, pairs, CPU);
    Table {
        name: shown.name.to_owned(),
        title: shown.title.to_owned(),
        columns,
        lines: (found.into_iter())
            .map(|(pair, point, effect)| line(study, shown, pair, point, effect))
            .collect(),
    }
}

fn line(study: &Study, shown: &Shown, pair: Pair, point: usize, effect: Effect) -> Line {
    let mut values = vec![
        Value::Name(study.arm_name(pair.ours).to_owned()),
        Value::Name(study.arm_name(pair.base).to_owned()),
        Value::Text(load_label(study.load(point))),
        ratio(study, pair, point, CPU),
        Value::Text((shown.word)(effect).to_owned()),
    ];
    if shown.to_baseline {
        let baseline = study.arm(BASELINE_ARM).map(|base| Pair { base, ..pair });
        values.push(baseline.map_or(Value::Empty, |pair| ratio(study, pair, point, CPU)));
    }
    let saturated = [pair.ours, pair.base]
        .iter()
        .all(|arm| study.cell(*arm, point).saturated());
    match shown.rate {
        Rate::Never => {}
        Rate::Saturated if !saturated => values.push(Value::Empty),
        _ => values.push(ratio(study, pair, point, Metric::RequestsPerSecond)),
    }
    let outcome = study.ratio(pair, point, CPU);
    if shown.measure {
        let measure = outcome.map_or("", |ratio| match ratio.measure {
            Metric::SteadyCpuUsPerRequest => "steady part",
            _ => "whole window",
        });
        values.push(Value::Text(measure.to_owned()));
    }
    if shown.differs_by {
        let differs_by = study.plan.arms[pair.ours].differs_by.clone();
        values.push(differs_by.map_or(Value::Empty, Value::Text));
    }
    let note = match outcome.map(|ratio| &ratio.outcome) {
        Some(Outcome::Invalid(why)) => why.clone(),
        _ => String::new(),
    };
    let marked = !note.is_empty();
    values.push(Value::Text(note));
    let line = Line::plain(values).marked(marked);
    line.resting_on(ratio_id(&study.plan, pair, point))
}

pub(super) fn ratio(study: &Study, pair: Pair, point: usize, metric: Metric) -> Value {
    let found = study.ratio(pair, point, metric);
    Value::estimate(found.and_then(|ratio| ratio.outcome.estimate()), RATIO)
}
