//! The answer, and the figure that shows it.

use super::{Block, sentence};
use crate::assess::Assessment;
use crate::figures;
use crate::model::Study;
use crate::stats::MIN_BLOCKS;
use crate::tables;
use crate::text::Prose;

pub(super) fn chapter(assessment: &Assessment) -> Vec<Block> {
    let study = &assessment.study;
    let mut blocks = warnings(study);
    blocks.push(Block::Lead(
        (assessment.headline.iter())
            .map(|headline| sentence(study, headline))
            .collect(),
    ));
    if let Some(figure) = figures::forest(study) {
        blocks.push(Block::Figure {
            figure,
            data: tables::arm_ratios(study),
        });
    }
    blocks
}

/// What a reader must know before any number.
fn warnings(study: &Study) -> Vec<Block> {
    let mut warnings = Vec::new();
    if !study.missing.is_empty() {
        warnings.push(Block::Warning(Prose::from(format!(
            "This run is not finished: {} of {} measurements are missing. It was analysed with \
             --partial.",
            study.missing.len(),
            study.missing.len() + study.rows.len()
        ))));
    }
    if study.plan.workers == 1 && study.plan.arms.len() > 1 {
        warnings.push(Block::Paragraph(Prose::from(
            "The servers had one worker each. What concerns several of them (who accepts, who steals \
             work, which processor a worker runs on) cannot show in this run: arms that differ in that \
             alone are equal here by construction.",
        )));
    }
    if (study.plan.blocks as usize) < MIN_BLOCKS {
        warnings.push(Block::Warning(Prose::from(format!(
            "This run has {} blocks; with fewer than {MIN_BLOCKS} nothing is decided.",
            study.plan.blocks
        ))));
    }
    warnings
}
