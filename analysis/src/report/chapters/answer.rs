//! The answer in one sentence, the figure that shows it, and what else the run says.

use super::{Block, heading, sentence};
use crate::assess::Assessment;
use crate::figures;
use crate::model::Study;
use crate::stats::MIN_BLOCKS;
use crate::tables;
use crate::text::Prose;

/// One sentence and one figure, after what a reader must know before any number.
pub(super) fn opening(assessment: &Assessment) -> Vec<Block> {
    let study = &assessment.study;
    let mut blocks = warnings(study);
    let first = assessment.headline.iter().take(1);
    blocks.push(Block::Lead(
        first.map(|headline| sentence(study, headline)).collect(),
    ));
    if let Some(figure) = figures::answer(study) {
        blocks.push(Block::Figure {
            figure,
            data: tables::arm_ratios(study),
            within: Some("ratios".to_owned()),
        });
    }
    blocks
}

/// The answer's other sentences.
pub(super) fn rest(assessment: &Assessment) -> Vec<Block> {
    let study = &assessment.study;
    let rest: Vec<_> = (assessment.headline.iter().skip(1))
        .map(|headline| sentence(study, headline))
        .collect();
    if rest.is_empty() {
        return Vec::new();
    }
    vec![
        heading("answer", "The answer in full"),
        Block::Sentences(rest),
    ]
}

/// Every arm to the baseline, where the figure above shows only some.
pub(super) fn all_arms(study: &Study) -> Option<Block> {
    figures::brief(study)?;
    figures::forest(study).map(Block::Picture)
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
    if (study.plan.blocks as usize) < MIN_BLOCKS {
        warnings.push(Block::Warning(Prose::from(format!(
            "This run has {} blocks; with fewer than {MIN_BLOCKS} nothing is decided.",
            study.plan.blocks
        ))));
    }
    warnings
}
