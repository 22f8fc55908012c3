//! What the report says, chapter by chapter.

mod answer;
mod attribution;
mod closing;
mod forensics;
mod loads;
mod machine;
mod objections;
mod overview;
mod profile;
mod results;
mod structure;
mod validity;
mod verdicts;

use super::document::{Block, Document, RowLink, Sentence};
use super::scope::scoped;
use crate::assess::Assessment;
use crate::claims::{Headline, RowRef};
use crate::experiments::{experiment, short_name};
use crate::model::{Study, ratio_id};
use crate::text::{Prose, load_label, slug};

pub(super) use machine::machine;

const TITLE: &str = "Is a thread-per-core io_uring HTTP server faster than Tokio?";

/// Chapters that are open in the report of several runs: what an experiment was made for.
const OPEN: [&str; 9] = [
    "answer",
    "ladder",
    "side-arms",
    "attribution",
    "floors",
    "peers",
    "shared",
    "idle",
    "connections",
];

/// One report of one run or several: one answer, then a part a run. The first run gives the answer.
pub(super) fn document(assessments: &[Assessment]) -> Document {
    let mut blocks = Vec::new();
    let several = assessments.len() > 1;
    if let Some(first) = assessments.first() {
        let study = &first.study;
        let opening = [
            answer::opening(first),
            machine::chapter(study),
            validity::chapter(study),
            answer::rest(first),
            Vec::from_iter(answer::all_arms(study)),
        ]
        .concat();
        let opening = if several {
            scoped(&short_name(assessments, study), 0, opening)
        } else {
            opening
        };
        blocks.extend(opening);
        blocks.extend(overview::chapter(assessments));
        if several {
            for (place, assessment) in assessments.iter().enumerate() {
                let scope = short_name(assessments, &assessment.study);
                let before = (place > 0).then_some(study);
                blocks.extend(part(assessment, &scope, before));
            }
        } else {
            blocks.extend(run_chapters(first, None));
        }
        blocks.extend(profile::chapter(&first.profiles));
        blocks.extend(objections::chapter(assessments));
        blocks.extend(forensics::chapter(&first.published));
    }
    blocks.extend(closing::bias());
    blocks.extend(closing::reproduce(assessments.iter().map(|a| &a.study)));
    Document {
        title: TITLE.to_owned(),
        subtitle: match assessments {
            [only] => format!("Results of the run {}", only.study.name),
            several => format!("Results of {} runs", several.len()),
        },
        blocks,
    }
}

/// Everything about a run but its answer, its machine and its validity.
fn run_chapters(assessment: &Assessment, before: Option<&Study>) -> Vec<Block> {
    let study = &assessment.study;
    [
        verdicts::chapter(assessment, before),
        structure::chapters(assessment),
        loads::chapters(assessment),
        results::card_tables(assessment),
        results::chapters(study),
        closing::environment(study, before),
    ]
    .concat()
}

/// A run's part of the report of several. That of the first run, `before` which none stands, has its
/// answer at the top of the report.
fn part(assessment: &Assessment, scope: &str, before: Option<&Study>) -> Vec<Block> {
    let study = &assessment.study;
    let asked = experiment(&study.plan.experiment).map_or("", |experiment| experiment.question);
    let mut chapters = if before.is_none() {
        Vec::new()
    } else {
        [
            answer::opening(assessment),
            answer::rest(assessment),
            machine::chapter(study),
            validity::chapter(study),
        ]
        .concat()
    };
    chapters.extend(run_chapters(assessment, before));
    let mut blocks = vec![
        Block::Heading {
            level: 2,
            id: format!("{scope}.run"),
            text: if scope == slug(&study.name) {
                // Another run is of the same experiment on the same kind of host.
                format!("Experiment {}, run {}", study.title(), study.name)
            } else {
                format!("Experiment {}", study.title())
            },
        },
        Block::Paragraph(
            Prose::new()
                .strong(asked)
                .text(if asked.is_empty() { "Run " } else { " Run " })
                .code(&study.name)
                .text("."),
        ),
    ];
    blocks.extend(scoped(scope, 1, folded(chapters)));
    blocks
}

/// Chapters that are not what the experiment was made for, folded away.
fn folded(blocks: Vec<Block>) -> Vec<Block> {
    let mut chapters: Vec<Block> = Vec::new();
    let mut within = false;
    for block in blocks {
        match block {
            Block::Heading { level: 2, id, text } => {
                within = !(OPEN.contains(&id.as_str()) || id.starts_with("by-"));
                chapters.push(if within {
                    Block::Fold {
                        id,
                        text,
                        blocks: Vec::new(),
                    }
                } else {
                    Block::Heading { level: 2, id, text }
                });
            }
            block => match chapters.last_mut() {
                Some(Block::Fold { blocks, .. }) if within => blocks.push(block),
                _ => chapters.push(block),
            },
        }
    }
    chapters
}

/// The identifier of a chapter of a run in this report.
fn chapter_id(assessments: &[Assessment], study: &Study, id: &str) -> String {
    if assessments.len() > 1 {
        format!("{}.{id}", short_name(assessments, study))
    } else {
        id.to_owned()
    }
}

/// The link to a row a sentence rests on.
pub(super) fn row_link(study: &Study, row: RowRef) -> RowLink {
    match row {
        RowRef::Cell { arm, point } => {
            let cell = study.cell(arm, point);
            RowLink {
                table: "cells".to_owned(),
                id: cell.id(),
                name: cell.arm_name.clone(),
                load: load_label(&cell.load),
            }
        }
        RowRef::Ratio { pair, point } => RowLink {
            table: "ratios".to_owned(),
            id: ratio_id(&study.plan, pair, point),
            name: format!(
                "{} to {}",
                study.arm_name(pair.ours),
                study.arm_name(pair.base)
            ),
            load: load_label(study.load(point)),
        },
    }
}

fn sentence(study: &Study, headline: &Headline) -> Sentence {
    Sentence {
        id: headline.id.to_owned(),
        prose: headline.prose.clone(),
        links: (headline.rests_on.iter())
            .map(|row| row_link(study, *row))
            .collect(),
    }
}

fn heading(id: &str, text: &str) -> Block {
    Block::Heading {
        level: 2,
        id: id.to_owned(),
        text: text.to_owned(),
    }
}

fn subheading(id: &str, text: &str) -> Block {
    Block::Heading {
        level: 3,
        id: id.to_owned(),
        text: text.to_owned(),
    }
}
