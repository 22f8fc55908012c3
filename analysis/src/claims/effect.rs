//! What a comparison shows, without any claim: less, more, the same, or nothing certain.

use super::headline::limited;
use super::judge::point_result;
use super::{Reason, Shape, Verdict};
use crate::metric::Metric;
use crate::model::{Pair, Study};
use crate::stats::{EQUIVALENCE_MARGIN, MIN_BLOCKS};
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
    /// The interval holds 1 and reaches beyond the margin.
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

/// The effect at one load point, by the same margin and gates as every verdict.
pub fn effect(study: &Study, pair: Pair, metric: Metric, point: usize) -> Effect {
    let decided =
        |shape| point_result(study, pair, metric, point, shape, false).map(|r| r.decision);
    let (Some(less), Some(more)) = (decided(Shape::Less), decided(Shape::More)) else {
        return Effect::NotMeasured;
    };
    match (less.verdict, less.reason, more.verdict) {
        (Verdict::Invalid, ..) => Effect::Invalid,
        (_, Reason::TooFewBlocks, _) => Effect::TooFewBlocks,
        (_, Reason::ClientBound, _) => Effect::ClientBound,
        (Verdict::Equivalent, ..) => Effect::Same,
        (Verdict::Supported, ..) => Effect::Less,
        (_, _, Verdict::Supported) => Effect::More,
        _ => Effect::Unclear,
    }
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
    let points = 0..study.plan.load_points.len();
    let found: Vec<(Pair, usize, Effect)> = (pairs.iter())
        .flat_map(|pair| points.clone().map(|point| (*pair, point)))
        .map(|(pair, point)| (pair, point, effect(study, pair, metric, point)))
        .filter(|(.., effect)| *effect != Effect::NotMeasured)
        .collect();
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
