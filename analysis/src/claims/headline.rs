//! The answer in a few sentences.

use super::effect::{Effect, claimed_effect};
use super::sentence::interval;
use super::{Claims, Family, OUR_ARM, RowRef, Verdict, summary};
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, Pair, Study};
use crate::stats::{EQUIVALENCE_MARGIN, MIN_BLOCKS};
use crate::text::{Prose, fixed, joined, load_name, load_names, percent};

/// A generated sentence with its identifier and the rows it rests on.
#[derive(Clone, Debug)]
pub struct Headline {
    /// Identifier, unique in a report.
    pub id: &'static str,
    /// The sentence.
    pub prose: Prose,
    /// The rows it rests on.
    pub rests_on: Vec<RowRef>,
}

/// The words for one quantity.
struct Words {
    metric: Metric,
    less: &'static str,
    more: &'static str,
    same: &'static str,
    times: &'static str,
}

const CPU: Words = Words {
    metric: Metric::CpuUsPerRequest,
    less: "spends less CPU a request than",
    more: "spends more CPU a request than",
    same: "spend the same CPU a request",
    times: " times as much",
};

const THROUGHPUT: Words = Words {
    metric: Metric::RequestsPerSecond,
    less: "answers fewer requests a second than",
    more: "answers more requests a second than",
    same: "answer the same number of requests a second",
    times: " times as many",
};

/// The answer: CPU a request, requests a second, bottleneck, ladder and peers, noise floor, the
/// card and the targets.
pub fn headline(study: &Study, claims: &Claims) -> Vec<Headline> {
    let mut sentences = Vec::new();
    let others = summary::structure(study);
    match study.headline_pair() {
        Some(pair) => {
            sentences.push(compared(study, claims, pair, "headline-cpu", &CPU));
            sentences.push(compared(
                study,
                claims,
                pair,
                "headline-throughput",
                &THROUGHPUT,
            ));
            sentences.extend(bottlenecks(study, pair));
        }
        _ if !others.is_empty() => {}
        _ => sentences.push(Headline {
            id: "headline-cpu",
            prose: Prose::from("This run does not compare ")
                .code(OUR_ARM)
                .text(" with ")
                .code(BASELINE_ARM)
                .text(": it has not both arms."),
            rests_on: Vec::new(),
        }),
    }
    sentences.extend(others);
    sentences.push(noise(study, claims));
    sentences.extend(summary::verdicts(study, claims));
    sentences
}

fn compared(
    study: &Study,
    claims: &Claims,
    pair: Pair,
    id: &'static str,
    words: &Words,
) -> Headline {
    let points: Vec<usize> = (0..study.plan.load_points.len()).collect();
    let sides: Vec<Effect> = (points.iter())
        .map(|point| claimed_effect(study, claims, pair, words.metric, *point))
        .collect();
    let prose = match sides.as_slice() {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => {
            uniform(study, pair, words, *first, &points)
        }
        _ => mixed(study, pair, words, &sides),
    };
    Headline {
        id,
        prose,
        rests_on: (points.into_iter())
            .map(|point| RowRef::Ratio { pair, point })
            .collect(),
    }
}

/// The sentence where all load points give the same picture.
fn uniform(study: &Study, pair: Pair, words: &Words, side: Effect, points: &[usize]) -> Prose {
    let ours = || Prose::new().code(study.arm_name(pair.ours));
    let base = || Prose::new().code(study.arm_name(pair.base));
    let both = |between: &str| ours().text(between).then(base());
    let everywhere = match points.len() {
        1 => "",
        _ => " at every load measured",
    };
    let noun = words.metric.noun();
    let start = match side {
        Effect::Less => both(&format!(" {} ", words.less)).text(everywhere),
        Effect::More => both(&format!(" {} ", words.more)).text(everywhere),
        Effect::Same => both(" and ").text(format!(
            " {} within {}{everywhere}",
            words.same,
            percent(EQUIVALENCE_MARGIN, 0)
        )),
        Effect::Unclear => Prose::from("This run does not decide whether ")
            .then(both(" and "))
            .text(format!(" differ in {noun}")),
        Effect::TooFewBlocks => Prose::from(format!(
            "With fewer than {MIN_BLOCKS} blocks this run decides nothing about {noun} of "
        ))
        .then(both(" and ")),
        Effect::ClientBound => Prose::from(format!("In {noun} this run says little about "))
            .then(both(" and "))
            .text(format!(", because {}{everywhere}", limited(study))),
        Effect::Invalid => Prose::from(format!("This run has no valid number for {noun} of "))
            .then(both(" against ")),
        Effect::NotMeasured => {
            Prose::from(format!("This run has not measured {noun} of ")).then(both(" and "))
        }
    };
    if side == Effect::NotMeasured {
        return start.text(".");
    }
    let list = (points.iter().enumerate())
        .map(|(place, &point)| {
            let times = if place == 0 { words.times } else { "" };
            at(study, pair, words.metric, point, times)
        })
        .collect();
    start.text(": ").then(joined(list)).text(".")
}

/// Why rates and latencies say little about the servers.
pub(super) fn limited(study: &Study) -> &'static str {
    if study.apart() {
        "the load generator was the bottleneck"
    } else {
        "the load generator competed for the same processors"
    }
}

/// The sentence where the load points give different pictures.
fn mixed(study: &Study, pair: Pair, words: &Words, sides: &[Effect]) -> Prose {
    let mut kinds = sides.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    let decided = |kind: &&Effect| matches!(kind, Effect::Less | Effect::More | Effect::Same);
    let depends = kinds.iter().filter(decided).count() > 1;
    let mut prose = Prose::from(words.metric.noun_capitalised())
        .text(" of ")
        .code(study.arm_name(pair.ours))
        .text(" against ")
        .code(study.arm_name(pair.base))
        .text(if depends {
            " depends on the load."
        } else {
            ", load by load."
        });
    for kind in kinds {
        let list = (0..sides.len())
            .filter(|point| sides[*point] == kind)
            .map(|point| at(study, pair, words.metric, point, ""))
            .collect();
        prose = prose
            .text(match kind {
                Effect::Less => " Lower: ".to_owned(),
                Effect::More => " Higher: ".to_owned(),
                Effect::Same => format!(" The same within {}: ", percent(EQUIVALENCE_MARGIN, 0)),
                Effect::Unclear => " Not decided: ".to_owned(),
                Effect::TooFewBlocks => format!(" Fewer than {MIN_BLOCKS} blocks: "),
                Effect::ClientBound => format!(" Not decided, because {}: ", limited(study)),
                Effect::Invalid => " Invalid: ".to_owned(),
                Effect::NotMeasured => " Not measured: ".to_owned(),
            })
            .then(joined(list))
            .text(".");
    }
    prose
}

/// "0.931 (0.912–0.950) at 50 connections", or only the load where there is no number.
fn at(study: &Study, pair: Pair, metric: Metric, point: usize, times: &str) -> Prose {
    let load = load_name(study.load(point));
    let ratio = study.ratio(pair, point, metric);
    if let Some(estimate) = ratio.and_then(|ratio| ratio.outcome.estimate()) {
        return Prose::new()
            .number(interval(&estimate))
            .text(format!("{times} at {load}"));
    }
    let cells = [pair.ours, pair.base].map(|arm| study.cell(arm, point));
    let reasons: Vec<Prose> = (cells.iter())
        .filter(|cell| !cell.valid())
        .map(|cell| {
            Prose::new()
                .code(&cell.arm_name)
                .text(format!(": {}", cell.invalid_because()))
        })
        .collect();
    let none = Prose::from(format!("no number at {load}"));
    if reasons.is_empty() {
        return none;
    }
    none.text(" (").then(joined(reasons)).text(")")
}

/// What limited the two arms, load by load.
fn bottlenecks(study: &Study, pair: Pair) -> Option<Headline> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    let mut rests_on = Vec::new();
    for point in 0..study.plan.load_points.len() {
        let [ours, base] = [pair.ours, pair.base].map(|arm| study.cell(arm, point));
        if !ours.valid() || !base.valid() {
            continue;
        }
        let (Some(first), Some(second)) = (ours.bottleneck, base.bottleneck) else {
            continue;
        };
        let name = if first == second {
            first.noun().to_owned()
        } else {
            format!(
                "{} ({}) and {} ({})",
                first.noun(),
                ours.arm_name,
                second.noun(),
                base.arm_name
            )
        };
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, points)) => points.push(point),
            None => groups.push((name, vec![point])),
        }
        rests_on.extend([pair.ours, pair.base].map(|arm| RowRef::Cell { arm, point }));
    }
    let parts: Vec<Prose> = groups
        .into_iter()
        .map(|(name, points)| {
            let loads: Vec<_> = points.iter().map(|point| study.load(*point)).collect();
            format!("{name} at {}", load_names(&loads)).into()
        })
        .collect();
    let server = &study.environment.server;
    (!parts.is_empty()).then(|| Headline {
        id: "headline-bottleneck",
        prose: Prose::from(format!(
            "On {} with {} processors and Linux {} the bottleneck was ",
            server.cpu_model, server.cpus, server.kernel_release
        ))
        .then(joined(parts))
        .text("."),
        rests_on,
    })
}

/// The A/A control: the noise floor, or that it failed.
fn noise(study: &Study, claims: &Claims) -> Headline {
    let metric = Metric::CpuUsPerRequest;
    let failed = claims
        .of(Family::Control)
        .any(|judged| judged.verdict == Verdict::Refuted);
    let (prose, rests_on) = match study.noise.largest(metric) {
        None => (
            Prose::from("This run has no valid A/A control, so its noise floor is unknown."),
            Vec::new(),
        ),
        Some(floor) => {
            let mut prose = Prose::from("Noise floor: ")
                .code(study.arm_name(floor.pair.base))
                .text(" entered twice differs from itself by up to ")
                .text(format!(
                    "{} % in CPU a request, to the far end of the interval: a ratio of ",
                    fixed(floor.estimate.reach() * 100.0, 1),
                ))
                .number(interval(&floor.estimate))
                .text(format!(" at {}.", load_name(study.load(floor.point))));
            if failed {
                prose = prose.text(" ").strong(
                    "The control shows a difference where there is none: read the intervals of \
                     this run as too narrow.",
                );
            }
            let row = RowRef::Ratio {
                pair: floor.pair,
                point: floor.point,
            };
            (prose, vec![row])
        }
    };
    Headline {
        id: "headline-noise",
        prose,
        rests_on,
    }
}
