//! `analysis check`: do the runs load, are all cells valid, do our own claims stand, does a file of
//! claims, and is nothing dearer than in an earlier run?

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::{assess_all, assess_one};
use crate::assess::Assessment;
use crate::claims::{Family, Judged, Verdict, claims_of_file, judge};
use crate::compare::{Change, common, quotient};
use crate::load::Completeness;
use crate::metric::Metric;
use crate::model::Study;
use crate::text::{fixed, load_name};

/// Against what runs are checked, beside themselves.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// A file of claims; in place of our own.
    pub claims: Option<PathBuf>,
    /// An earlier run of the same cells.
    pub baseline: Option<PathBuf>,
}

/// Fails with a list of invalid cells and of claims and controls that fell.
pub fn check(folders: Vec<PathBuf>, against: &Against) -> anyhow::Result<()> {
    let assessments = assess_all(folders, Completeness::Whole)?;
    let mut faults: Vec<String> = Vec::new();
    for assessment in &assessments {
        faults.extend(invalid(&assessment.study));
        faults.extend(match &against.claims {
            Some(file) => fell(assessment, &of_file(assessment, file)?),
            None => fell(assessment, &ours(assessment)),
        });
        if let Some(folder) = &against.baseline {
            let earlier = assess_one(folder, Completeness::Whole)?;
            faults.extend(dearer(&earlier.study, &assessment.study)?);
        }
    }
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

fn invalid(study: &Study) -> Vec<String> {
    (study.cells.iter())
        .filter(|cell| !cell.valid())
        .map(|cell| {
            format!(
                "{}: invalid cell: {} at {}: {}",
                study.name,
                cell.arm_name,
                load_name(&cell.load),
                cell.invalid_because()
            )
        })
        .collect()
}

fn ours(assessment: &Assessment) -> Vec<Judged> {
    (assessment.claims.judged.iter())
        .filter(|judged| !matches!(judged.claim.family, Family::Card | Family::Cause))
        .cloned()
        .collect()
}

/// The claims of the file. One whose arms or loads the run does not have would pass unseen, so it is an
/// error.
fn of_file(assessment: &Assessment, file: &Path) -> anyhow::Result<Vec<Judged>> {
    let study = &assessment.study;
    (claims_of_file(file)?.iter())
        .map(|claim| {
            judge(study, claim).ok_or_else(|| {
                anyhow::anyhow!(
                    "{}: the claim {:?} is about arms or loads that the run {} does not have. Measure \
                     them, or take the claim out",
                    file.display(),
                    claim.id,
                    study.name
                )
            })
        })
        .collect()
}

fn fell(assessment: &Assessment, judged: &[Judged]) -> Vec<String> {
    (judged.iter())
        .filter(|judged| matches!(judged.verdict, Verdict::Refuted | Verdict::Invalid))
        .filter(|judged| judged.verdict != Verdict::Invalid || judged.claim.family == Family::Yours)
        .map(|judged| {
            format!(
                "{}: claim {}: {}",
                assessment.study.name,
                judged.claim.id,
                judged.sentence.to_plain()
            )
        })
        .collect()
}

/// Cells whose CPU a request rose beyond doubt.
fn dearer(earlier: &Study, now: &Study) -> anyhow::Result<Vec<String>> {
    let mut compared = 0;
    let mut faults = Vec::new();
    for cell in common(earlier, now) {
        let Some(found) = quotient(earlier, now, cell, Metric::CpuUsPerRequest) else {
            continue;
        };
        compared += 1;
        if Change::of(&found) == Change::More {
            faults.push(format!(
                "{}: {} at {} spends {} ({}\u{2013}{}) times the CPU a request that it spent in {}",
                now.name,
                now.arm_name(cell.arm[1]),
                load_name(now.load(cell.point[1])),
                fixed(found.value, 3),
                fixed(found.low, 3),
                fixed(found.high, 3),
                earlier.name
            ));
        }
    }
    if compared == 0 {
        bail!(
            "the runs {} and {} have no valid cell in common, so nothing can be compared. Give a run of \
             the same arms and loads with --baseline",
            earlier.name,
            now.name
        );
    }
    Ok(faults)
}
