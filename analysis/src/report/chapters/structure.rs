//! The ladder, side arms, floors and other servers; and what is special about a run.

use super::{Block, attribution, heading};
use crate::assess::Assessment;
use crate::claims::{Beginnings, Named, OUR_ARM, RUNGS, summary};
use crate::figures;
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, Pair, Study, floors, peers, rungs, sides};
use crate::stats::EQUIVALENCE_MARGIN;
use crate::tables;
use crate::text::{Prose, percent};

const CPU: Metric = Metric::CpuUsPerRequest;

/// Every chapter that the run's arms give matter for.
pub(super) fn chapters(assessment: &Assessment) -> Vec<Block> {
    let study = &assessment.study;
    [
        one_worker(study),
        shared(study),
        ladder(study),
        side_arms(study),
        attribution::chapter(assessment),
        floor(study),
        others(study),
    ]
    .concat()
}

/// What cannot show with one worker.
fn one_worker(study: &Study) -> Vec<Block> {
    let named = study
        .plan
        .load_points
        .iter()
        .any(|load| load.workers.is_some());
    if study.plan.workers > 1 || named || study.plan.arms.len() < 2 {
        return Vec::new();
    }
    vec![Block::Paragraph(Prose::from(
        "The servers had one worker each. What concerns several of them (who accepts, who steals \
         work, which processor a worker runs on) cannot show in this run: arms that differ in that \
         alone are equal here by construction.",
    ))]
}

/// Server and load generator on the same processors.
fn shared(study: &Study) -> Vec<Block> {
    if study.apart() {
        return Vec::new();
    }
    let mut blocks = vec![
        heading("shared", "Sharing the processors"),
        Block::Warning(Prose::from(
            "Server and load generator share the processors: nothing is pinned, and what one of \
             them saves the other can use. This is another experiment than one with processors \
             of their own, and its numbers are never put beside those.",
        )),
    ];
    let table = tables::shared(study);
    let pairs: Vec<Pair> = (study.comparisons.iter().map(|comparison| comparison.pair))
        .filter(|pair| study.arm_name(pair.base) == BASELINE_ARM)
        .collect();
    if !table.lines.is_empty() {
        blocks.push(Block::Paragraph(
            Prose::from("CPU a request of each arm against ")
                .code(BASELINE_ARM)
                .text(":"),
        ));
        blocks.push(list(study, &pairs, Named::Ours, &LEVEL));
        blocks.push(open(table));
    }
    blocks
}

fn ladder(study: &Study) -> Vec<Block> {
    let rungs = rungs(&study.plan);
    let (Some(waterfall), Some(figure)) = (figures::waterfall(study), figures::ladder(study))
    else {
        return Vec::new();
    };
    vec![
        heading("ladder", "The ladder"),
        Block::Paragraph(Prose::from(format!(
            "Each rung differs from the one below it by one thing. A rung helps where the whole \
             interval of CPU a request is below that of the rung below, costs where it is above, \
             and is equivalent where it is within {} either way.",
            percent(EQUIVALENCE_MARGIN, 0)
        ))),
        list(study, &rungs, Named::Ours, &RUNGS),
        differences(study, &rungs),
        Block::Figure {
            figure: waterfall,
            data: tables::ladder(study),
            within: None,
        },
        Block::Picture(figure),
    ]
}

fn side_arms(study: &Study) -> Vec<Block> {
    let sides = sides(&study.plan);
    if sides.is_empty() {
        return Vec::new();
    }
    vec![
        heading("side-arms", "Side arms"),
        Block::Paragraph(Prose::from(
            "One change each, judged as the rungs are: helps means that the change saves CPU a \
             request.",
        )),
        list(study, &sides, Named::Ours, &RUNGS),
        differences(study, &sides),
        open(tables::side_arms(study)),
    ]
}

fn floor(study: &Study) -> Vec<Block> {
    let floors = floors(&study.plan);
    if floors.is_empty() {
        return Vec::new();
    }
    vec![
        heading("floors", "Floors"),
        Block::Paragraph(Prose::from(
            "A floor is a loop written by hand for this one job, with the same parser: what a \
             runtime can at best reach. Requests a second stand only where both servers were at \
             their limit.",
        )),
        list(study, &floors, Named::Both, &LEVEL),
        open(tables::floor_ratios(study)),
    ]
}

fn others(study: &Study) -> Vec<Block> {
    let peers = peers(&study.plan);
    let Some(figure) = figures::peer_forest(study) else {
        return Vec::new();
    };
    vec![
        heading("peers", "Other runtimes and servers"),
        Block::Paragraph(Prose::new().code(OUR_ARM).text(
            " against each. CPU a request is that of the steady part of the window where \
                     both servers count their requests. Where one does not, it is that of the \
                     whole window by the load generator's requests, for both: like with like. \
                     Requests a second stand only where both servers were at their limit.",
        )),
        list(study, &peers, Named::Base, &PEERS),
        Block::Figure {
            figure,
            data: tables::peer_ratios(study),
            within: None,
        },
    ]
}

const LEVEL: Beginnings = Beginnings {
    less: "Less",
    more: "More",
    same: "The same",
};

const PEERS: Beginnings = Beginnings {
    less: "Less CPU a request than",
    more: "More than",
    same: "The same",
};

/// What each arm differs by from which other.
fn differences(study: &Study, pairs: &[Pair]) -> Block {
    let item = |pair: &Pair| {
        let differs_by = &study.plan.arms[pair.ours].differs_by;
        let said = Prose::new()
            .code(study.arm_name(pair.ours))
            .text(" differs from ")
            .code(study.arm_name(pair.base))
            .text(format!(
                " by: {}",
                differs_by.as_deref().unwrap_or("not said")
            ));
        let contradicted = study.contradicted(pair.ours);
        if contradicted.is_empty() {
            return said;
        }
        said.text("; but not, by its start lines, in this run: ")
            .code(contradicted.join(" "))
    };
    Block::List(pairs.iter().map(item).collect())
}

/// Which pairs show which effect, an item an effect.
fn list(study: &Study, pairs: &[Pair], named: Named, words: &Beginnings) -> Block {
    Block::List(summary(study, pairs, CPU, named, words))
}

fn open(table: tables::Table) -> Block {
    Block::Table {
        table,
        anchors: false,
    }
}
