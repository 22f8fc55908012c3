//! `analysis check`: do the runs load, are all cells valid, do our own claims stand?

use std::path::PathBuf;

use anyhow::bail;

use super::assess_all;
use crate::assess::Assessment;
use crate::claims::{Family, Verdict};
use crate::load::Completeness;
use crate::text::load_name;

/// Fails with a list of invalid cells and of our claims and controls that fell.
pub fn check(folders: Vec<PathBuf>) -> anyhow::Result<()> {
    let assessments = assess_all(folders, Completeness::Whole)?;
    let faults: Vec<String> = assessments.iter().flat_map(faults).collect();
    if !faults.is_empty() {
        bail!(
            "{} found:\n  {}\nMeasure again on a quiet machine, or accept what the run says",
            if faults.len() == 1 {
                "a fault was"
            } else {
                "faults were"
            },
            faults.join("\n  ")
        );
    }
    for assessment in &assessments {
        println!(
            "{}: {} cells valid, {} claims judged",
            assessment.study.name,
            assessment.study.cells.len(),
            assessment.claims.judged.len()
        );
    }
    Ok(())
}

fn faults(assessment: &Assessment) -> Vec<String> {
    let study = &assessment.study;
    let invalid = (study.cells.iter())
        .filter(|cell| !cell.valid())
        .map(|cell| {
            format!(
                "{}: invalid cell: {} at {}: {}",
                study.name,
                cell.arm_name,
                load_name(&cell.load),
                cell.invalid_because()
            )
        });
    let fell = (assessment.claims.judged.iter())
        .filter(|judged| judged.claim.family != Family::Card)
        .filter(|judged| judged.verdict == Verdict::Refuted)
        .map(|judged| {
            format!(
                "{}: claim {}: {}",
                study.name,
                judged.claim.id,
                judged.sentence.to_plain()
            )
        });
    invalid.chain(fell).collect()
}
