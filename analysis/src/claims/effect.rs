//! What a comparison shows, without any claim: less, more, the same, or nothing certain.

use super::headline::limited;
use super::judge::point_result;
use super::{Claims, Reason, Shape, Test, Verdict};
use crate::metric::Metric;
use crate::model::{Pair, Study};
use crate::stats::{ALPHA, EQUIVALENCE_MARGIN, MIN_BLOCKS, holm_adjusted};
use crate::text::{Prose, joined, load_names, percent};

/// How two arms compare in a quantity at one load point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// The interval lies below 1, and not within the margin.
    Less,
    /// The interval lies above 1, and not within the margin.
    More,
    /// The interval lies within the margin.
    Same,
    /// The interval holds 1 and reaches beyond the margin, or the effect is no larger than the A/A
    /// control's, or does not stand as one of many.
    Unclear,
    /// There are fewer than [`MIN_BLOCKS`] blocks.
    TooFewBlocks,
    /// The quantity depends on the load generator, and that was the bottleneck.
    ClientBound,
    /// A cell is invalid.
    Invalid,
    /// There are no measurements.
    NotMeasured,
}

impl Effect {
    /// The word for a quantity of which less is better.
    pub fn on_cost(self) -> &'static str {
        match self {
            Self::Less => "helps",
            Self::More => "costs",
            other => other.word(),
        }
    }

    /// The word that does not judge.
    pub fn word(self) -> &'static str {
        match self {
            Self::Less => "less",
            Self::More => "more",
            Self::Same => Verdict::Equivalent.word(),
            Self::Unclear | Self::TooFewBlocks | Self::ClientBound => Verdict::Inconclusive.word(),
            Self::Invalid => Verdict::Invalid.word(),
            Self::NotMeasured => "not measured",
        }
    }
}

/// The effect at one load point, by the same margin, gates and control as every verdict, and as if nobody
/// had looked at any other: what is shown of several pairs is [`effects`].
fn alone(study: &Study, pair: Pair, metric: Metric, point: usize) -> Effect {
    with_p(study, pair, metric, point).0
}

/// The effect, and the p-value of what it excludes.
fn with_p(study: &Study, pair: Pair, metric: Metric, point: usize) -> (Effect, Option<f64>) {
    let found = |shape| point_result(study, pair, metric, point, shape, false);
    let (Some(less), Some(more)) = (found(Shape::Less), found(Shape::More)) else {
        return (Effect::NotMeasured, None);
    };
    let (down, up) = (less.decision, more.decision);
    match (down.verdict, down.reason, up.verdict) {
        (Verdict::Invalid, ..) => (Effect::Invalid, None),
        (_, Reason::TooFewBlocks, _) => (Effect::TooFewBlocks, None),
        (_, Reason::ClientBound, _) => (Effect::ClientBound, None),
        (Verdict::Equivalent, ..) => (Effect::Same, less.p),
        (Verdict::Supported, ..) => (Effect::Less, less.p),
        (_, _, Verdict::Supported) => (Effect::More, more.p),
        _ => (Effect::Unclear, less.p),
    }
}

/// The effect as the claim about it was decided, where there is one: a sentence and a verdict about the
/// same ratio must agree.
pub(super) fn claimed_effect(
    study: &Study,
    claims: &Claims,
    pair: Pair,
    metric: Metric,
    point: usize,
) -> Effect {
    let [ours, base] = [pair.ours, pair.base].map(|arm| study.arm_name(arm));
    let about = |test: &Test| {
        matches!(test, Test::Ratio { ours: o, base: b, metric: m, loads, .. }
            if o == ours && b == base && *m == metric && *loads == [study.load(point).clone()])
    };
    let taken_back = (claims.judged.iter())
        .filter(|judged| about(&judged.claim.test))
        .flat_map(|judged| &judged.points)
        .any(|result| result.decision.reason == Reason::OneOfMany);
    if taken_back {
        Effect::Unclear
    } else {
        alone(study, pair, metric, point)
    }
}

/// The effects of several pairs at every load, as one family: what does not stand as one of so many is
/// not decided.
pub fn effects(study: &Study, pairs: &[Pair], metric: Metric) -> Vec<(Pair, usize, Effect)> {
    let points = 0..study.plan.load_points.len();
    let mut found: Vec<_> = (pairs.iter())
        .flat_map(|pair| points.clone().map(|point| (*pair, point)))
        .map(|(pair, point)| (pair, point, with_p(study, pair, metric, point)))
        .filter(|(.., (effect, _))| *effect != Effect::NotMeasured)
        .collect();
    let ps: Vec<f64> = found.iter().filter_map(|(.., (_, p))| *p).collect();
    let mut adjusted = holm_adjusted(&ps).into_iter();
    for (.., (effect, p)) in &mut found {
        if p.is_some() && adjusted.next().is_some_and(|p| p > ALPHA) {
            *effect = Effect::Unclear;
        }
    }
    (found.into_iter())
        .map(|(pair, point, (effect, _))| (pair, point, effect))
        .collect()
}

/// One of several [`effects`].
pub fn effect_at(found: &[(Pair, usize, Effect)], pair: Pair, point: usize) -> Effect {
    (found.iter())
        .find(|(other, at, _)| (*other, *at) == (pair, point))
        .map_or(Effect::NotMeasured, |(.., effect)| *effect)
}

/// Which arm of each pair a summary names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The one above the line.
    Ours,
    /// The one below it.
    Base,
    /// Both: `A to B`.
    Both,
}

/// The beginnings of a summary's sentences.
#[derive(Clone, Copy, Debug)]
pub struct Beginnings {
    /// Of what has less of the quantity.
    pub less: &'static str,
    /// Of what has more.
    pub more: &'static str,
    /// Of what has the same within the margin, which is added.
    pub same: &'static str,
}

/// A sentence for each effect that occurs: which pairs show it, and at which loads.
pub fn summary(
    study: &Study,
    pairs: &[Pair],
    metric: Metric,
    named: Named,
    beginnings: &Beginnings,
) -> Vec<Prose> {
    let found = effects(study, pairs, metric);
    let mut kinds: Vec<Effect> = found.iter().map(|(.., effect)| *effect).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let sentence = |kind: Effect| {
        let parts = (pairs.iter())
            .filter_map(|pair| {
                let at: Vec<usize> = (found.iter())
                    .filter(|(other, _, effect)| other == pair && *effect == kind)
                    .map(|(_, point, _)| *point)
                    .collect();
                (!at.is_empty()).then(|| part(study, *pair, named, &at))
            })
            .collect();
        Prose::from(beginning(study, kind, beginnings))
            .text(": ")
            .then(joined(parts))
            .text(".")
    };
    kinds.into_iter().map(sentence).collect()
}

fn beginning(study: &Study, kind: Effect, words: &Beginnings) -> String {
    match kind {
        Effect::Less => words.less.to_owned(),
        Effect::More => words.more.to_owned(),
        Effect::Same => format!("{} within {}", words.same, percent(EQUIVALENCE_MARGIN, 0)),
        Effect::Unclear | Effect::NotMeasured => "Not decided".to_owned(),
        Effect::TooFewBlocks => format!("Not decided with fewer than {MIN_BLOCKS} blocks"),
        Effect::ClientBound => format!("Not decided, because {}", limited(study)),
        Effect::Invalid => "Invalid".to_owned(),
    }
}

/// "`arm` (50 and 500 connections)", or only the arm where it is so at every load of several.
fn part(study: &Study, pair: Pair, named: Named, points: &[usize]) -> Prose {
    let arm = |arm| Prose::new().code(study.arm_name(arm));
    let name = match named {
        Named::Ours => arm(pair.ours),
        Named::Base => arm(pair.base),
        Named::Both => arm(pair.ours).text(" to ").then(arm(pair.base)),
    };
    let all = study.plan.load_points.len();
    if points.len() == all && all > 1 {
        return name.text(" at every load");
    }
    let loads: Vec<_> = points.iter().map(|point| study.load(*point)).collect();
    name.text(format!(" at {}", load_names(&loads)))
}
