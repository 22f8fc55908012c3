//! What the report says, chapter by chapter.

mod answer;
mod closing;
mod forensics;
mod machine;
mod profile;
mod results;
mod several;
mod structure;
mod validity;
mod verdicts;

use super::document::{Block, Document, RowLink, Sentence};
use crate::assess::Assessment;
use crate::claims::{Headline, RowRef};
use crate::model::{Study, ratio_id};
use crate::text::load_label;

pub(super) use machine::machine;
pub(super) use several::document as document_of_several;

const TITLE: &str = "Is a thread-per-core io_uring HTTP server faster than Tokio?";

/// The report of one run.
pub(super) fn document(assessment: &Assessment) -> Document {
    let study = &assessment.study;
    let mut blocks = answer::chapter(assessment);
    blocks.extend(run_chapters(assessment));
    blocks.extend(profile::chapter(&assessment.profiles));
    blocks.extend(forensics::chapter(&assessment.published));
    blocks.extend(closing::bias());
    blocks.extend(closing::reproduce([study]));
    Document {
        title: TITLE.to_owned(),
        subtitle: format!("Results of the run {}", study.name),
        blocks,
    }
}

/// Everything about a run but its answer.
fn run_chapters(assessment: &Assessment) -> Vec<Block> {
    let study = &assessment.study;
    [
        machine::chapter(study),
        validity::chapter(study),
        structure::chapters(study),
        verdicts::chapter(assessment),
        results::card_tables(assessment),
        results::chapters(study),
        closing::environment(study),
    ]
    .concat()
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
