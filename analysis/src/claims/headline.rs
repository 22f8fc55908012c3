//! The answer in a few sentences.

use super::judge::point_result;
use super::sentence::interval;
use super::{Claims, Family, OUR_ARM, Reason, RowRef, Shape, Verdict};
use crate::bottleneck::Bottleneck;
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, Pair, Study};
use crate::stats::{EQUIVALENCE_MARGIN, MIN_BLOCKS};
use crate::text::{Prose, fixed, joined, load_label, load_name, percent};

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

/// How the arms compare at one load point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Less,
    More,
    Same,
    Unclear,
    TooFewBlocks,
    ClientBound,
    Invalid,
    NotMeasured,
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

/// The answer: CPU a request, requests a second, bottleneck, noise floor, the card.
pub fn headline(study: &Study, claims: &Claims) -> Vec<Headline> {
    let mut sentences = Vec::new();
    match (study.arm(OUR_ARM), study.arm(BASELINE_ARM)) {
        (Some(ours), Some(base)) => {
            let pair = Pair { ours, base };
            sentences.push(compared(study, pair, "headline-cpu", &CPU));
            sentences.push(compared(study, pair, "headline-throughput", &THROUGHPUT));
            sentences.extend(bottlenecks(study, pair));
        }
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
    sentences.push(noise(study, claims));
    sentences.push(card(claims));
    sentences
}

fn side(study: &Study, pair: Pair, metric: Metric, point: usize) -> Side {
    let decided = |shape| point_result(study, pair, metric, point, shape).map(|r| r.decision);
    let (Some(less), Some(more)) = (decided(Shape::Less), decided(Shape::More)) else {
        return Side::NotMeasured;
    };
    match (less.verdict, less.reason, more.verdict) {
        (Verdict::Invalid, ..) => Side::Invalid,
        (_, Reason::TooFewBlocks, _) => Side::TooFewBlocks,
        (_, Reason::ClientBound, _) => Side::ClientBound,
        (Verdict::Equivalent, ..) => Side::Same,
        (Verdict::Supported, ..) => Side::Less,
        (_, _, Verdict::Supported) => Side::More,
        _ => Side::Unclear,
    }
}

fn compared(study: &Study, pair: Pair, id: &'static str, words: &Words) -> Headline {
    let points: Vec<usize> = (0..study.plan.load_points.len()).collect();
    let sides: Vec<Side> = (points.iter())
        .map(|point| side(study, pair, words.metric, *point))
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
fn uniform(study: &Study, pair: Pair, words: &Words, side: Side, points: &[usize]) -> Prose {
    let ours = || Prose::new().code(study.arm_name(pair.ours));
    let base = || Prose::new().code(study.arm_name(pair.base));
    let both = |between: &str| ours().text(between).then(base());
    let everywhere = match points.len() {
        1 => "",
        _ => " at every load measured",
    };
    let noun = words.metric.noun();
    let start = match side {
        Side::Less => both(&format!(" {} ", words.less)).text(everywhere),
        Side::More => both(&format!(" {} ", words.more)).text(everywhere),
        Side::Same => both(" and ").text(format!(
            " {} within {}{everywhere}",
            words.same,
            percent(EQUIVALENCE_MARGIN, 0)
        )),
        Side::Unclear => Prose::from("This run does not decide whether ")
            .then(both(" and "))
            .text(format!(" differ in {noun}")),
        Side::TooFewBlocks => Prose::from(format!(
            "With fewer than {MIN_BLOCKS} blocks this run decides nothing about {noun} of "
        ))
        .then(both(" and ")),
        Side::ClientBound => Prose::from(format!("In {noun} this run says little about "))
            .then(both(" and "))
            .text(format!(
                ", because the load generator was the bottleneck{everywhere}"
            )),
        Side::Invalid => Prose::from(format!("This run has no valid number for {noun} of "))
            .then(both(" against ")),
        Side::NotMeasured => {
            Prose::from(format!("This run has not measured {noun} of ")).then(both(" and "))
        }
    };
    if side == Side::NotMeasured {
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

/// The sentence where the load points give different pictures.
fn mixed(study: &Study, pair: Pair, words: &Words, sides: &[Side]) -> Prose {
    let mut kinds = sides.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    let decided = |kind: &&Side| matches!(kind, Side::Less | Side::More | Side::Same);
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
                Side::Less => " Lower: ".to_owned(),
                Side::More => " Higher: ".to_owned(),
                Side::Same => format!(" The same within {}: ", percent(EQUIVALENCE_MARGIN, 0)),
                Side::Unclear => " Not decided: ".to_owned(),
                Side::TooFewBlocks => format!(" Fewer than {MIN_BLOCKS} blocks: "),
                Side::ClientBound => " Limited by the load generator: ".to_owned(),
                Side::Invalid => " Invalid: ".to_owned(),
                Side::NotMeasured => " Not measured: ".to_owned(),
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
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
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
            bottleneck_name(first).to_owned()
        } else {
            format!(
                "{} ({}) and {} ({})",
                bottleneck_name(first),
                ours.arm_name,
                bottleneck_name(second),
                base.arm_name
            )
        };
        let label = load_label(study.load(point));
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, labels)) => labels.push(label),
            None => groups.push((name, vec![label])),
        }
        rests_on.extend([pair.ours, pair.base].map(|arm| RowRef::Cell { arm, point }));
    }
    let parts: Vec<Prose> = groups
        .into_iter()
        .map(|(name, labels)| {
            let labels = joined(labels.into_iter().map(Prose::from).collect());
            Prose::from(format!("{name} at "))
                .then(labels)
                .text(" connections")
        })
        .collect();
    (!parts.is_empty()).then(|| Headline {
        id: "headline-bottleneck",
        prose: Prose::from(format!(
            "On {} with {} processors and Linux {} the bottleneck was ",
            study.environment.cpu_model, study.environment.cpus, study.environment.kernel_release
        ))
        .then(joined(parts))
        .text("."),
        rests_on,
    })
}

fn bottleneck_name(bottleneck: Bottleneck) -> &'static str {
    match bottleneck {
        Bottleneck::Server => "the server",
        Bottleneck::Client => "the load generator",
        Bottleneck::Both => "server and load generator alike",
        Bottleneck::Latency => "neither server nor load generator but the waiting between them",
    }
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

/// How many of the card's claims met which verdict.
fn card(claims: &Claims) -> Headline {
    let count = |verdict| {
        claims
            .of(Family::Card)
            .filter(|j| j.verdict == verdict)
            .count()
    };
    let tested = claims.of(Family::Card).count();
    let untested = (claims.not_measured.iter())
        .filter(|claim| claim.family == Family::Card)
        .count();
    let parts: Vec<Prose> = Verdict::ALL
        .into_iter()
        .filter(|verdict| count(*verdict) > 0)
        .map(|verdict| format!("{} {verdict}", count(verdict)).into())
        .collect();
    let larger = (claims.of(Family::Card))
        .filter(|judged| judged.refutes_the_size())
        .count();
    let mut prose = if tested == 0 {
        Prose::from("This run tests none of the card's claims.")
    } else {
        Prose::from(format!("Of the card's {tested} claims tested here: "))
            .then(joined(parts))
            .text(".")
    };
    if larger > 0 {
        prose = prose.text(format!(
            " Equivalent means no difference beyond {}, which refutes the larger difference that {larger} \
             of these claims state.",
            percent(EQUIVALENCE_MARGIN, 0)
        ));
    }
    if untested > 0 && tested > 0 {
        prose = prose.text(format!(" {untested} could not be tested by this run."));
    }
    Headline {
        id: "headline-card",
        prose,
        rests_on: Vec::new(),
    }
}
