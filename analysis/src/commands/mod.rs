//! The commands of the binary, one a file.

mod check;
mod compare;
mod report;
mod simulate;
mod splice;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use records::EXPERIMENT_FILE;

use crate::assess::{Assessment, assess};
use crate::experiments::in_order;
use crate::folders::{FolderError, chosen, is_profile};
use crate::load::Completeness;
use crate::pooling::{self, Described};
use crate::profile;

pub use check::{Against, check};
pub use compare::compare;
pub use report::report;
pub use simulate::simulate;
pub use splice::{Beside, splice};

/// Assesses one run.
fn assess_one(folder: &Path, completeness: Completeness) -> anyhow::Result<Assessment> {
    assess(folder, completeness).with_context(|| format!("the run {} is refused", folder.display()))
}

/// Refuses a folder for output that lies in a run's.
fn outside_of_runs(out: &Path) -> anyhow::Result<()> {
    let mut folders = out.ancestors();
    if let Some(run) = folders.find(|dir| dir.join(EXPERIMENT_FILE).is_file()) {
        bail!(
            "{}: lies in the results folder {}, in which nothing is ever written after the \
             measurement. Give another folder with --out",
            out.display(),
            run.display()
        );
    }
    Ok(())
}

/// Assesses the given runs, or the newest. Profiles among them stand in the report of the first.
fn assess_all(
    folders: Vec<PathBuf>,
    completeness: Completeness,
) -> anyhow::Result<Vec<Assessment>> {
    let (profiles, runs): (Vec<_>, Vec<_>) = chosen(folders)?
        .into_iter()
        .partition(|folder| is_profile(folder));
    let assessments: Vec<Assessment> = (runs.iter())
        .map(|folder| assess_one(folder, completeness))
        .collect::<anyhow::Result<_>>()?;
    let described = assessments.iter().map(|assessment| Described {
        name: &assessment.study.name,
        plan: &assessment.study.plan,
        environment: &assessment.study.environment,
    });
    pooling::check(&described.collect::<Vec<_>>())?;
    let mut assessments = in_order(assessments);
    let first = assessments.first_mut().ok_or(FolderError::OnlyProfiles)?;
    for folder in &profiles {
        let profile = profile::read(folder);
        let profile =
            profile.with_context(|| format!("the profile {} is refused", folder.display()))?;
        first.profiles.push(profile);
    }
    Ok(assessments)
}
