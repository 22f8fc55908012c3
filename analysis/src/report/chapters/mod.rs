//! What the report says, chapter by chapter.

mod answer;
mod closing;
mod forensics;
mod machine;
mod results;
mod validity;
mod verdicts;

use super::document::{Block, Document, RowLink, Sentence};
use crate::assess::Assessment;
use crate::claims::{Headline, RowRef};
use crate::model::{Study, ratio_id};
use crate::text::{Prose, load_label};

pub(super) use machine::machine;

const TITLE: &str = "Is a thread-per-core io_uring HTTP server faster than Tokio?";

/// The report of one run.
pub(super) fn document(assessment: &Assessment) -> Document {
    let study = &assessment.study;
    let mut blocks = Vec::new();
    blocks.extend(answer::chapter(assessment));
    blocks.extend(machine::chapter(study));
    blocks.extend(validity::chapter(study));
    blocks.extend(verdicts::chapter(assessment));
    blocks.extend(results::card_tables(assessment));
    blocks.extend(results::chapters(study));
    blocks.extend(forensics::chapter(&assessment.published));
    blocks.extend(closing::chapters(study));
    Document {
        title: TITLE.to_owned(),
        subtitle: format!("Results of the run {}", study.name),
        blocks,
    }
}

/// The report above the reports of several runs.
pub(super) fn overview(assessments: &[Assessment]) -> Document {
    let mut blocks = vec![Block::Paragraph(Prose::from(
        "Runs are never pooled: each has a report of its own, and its answer stands here.",
    ))];
    for assessment in assessments {
        let study = &assessment.study;
        blocks.push(Block::Heading {
            level: 3,
            id: "",
            text: study.name.clone(),
        });
        blocks.extend(
            assessment
                .headline
                .iter()
                .map(|h| Block::Paragraph(h.prose.clone())),
        );
        blocks.push(Block::Paragraph(machine(study)));
        blocks.push(Block::Paragraph(
            Prose::new()
                .link("Report", format!("{}/report.html", study.name))
                .text(", ")
                .link("as Markdown", format!("{}/report.md", study.name)),
        ));
    }
    Document {
        title: TITLE.to_owned(),
        subtitle: format!("Results of {} runs", assessments.len()),
        blocks,
    }
}

/// The link to a row a sentence rests on.
pub(super) fn row_link(study: &Study, row: RowRef) -> RowLink {
    match row {
        RowRef::Cell { arm, point } => {
            let cell = study.cell(arm, point);
            RowLink {
                table: "cells",
                id: cell.id(),
                name: cell.arm_name.clone(),
                load: load_label(&cell.load),
            }
        }
        RowRef::Ratio { pair, point } => RowLink {
            table: "ratios",
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

fn heading(id: &'static str, text: &str) -> Block {
    Block::Heading {
        level: 2,
        id,
        text: text.to_owned(),
    }
}

fn subheading(id: &'static str, text: &str) -> Block {
    Block::Heading {
        level: 3,
        id,
        text: text.to_owned(),
    }
}
