//! The commands of the binary, one a file.

mod check;
mod report;
mod splice;

use std::path::PathBuf;

use anyhow::Context as _;

use crate::assess::{Assessment, assess};
use crate::folders::{FolderError, chosen, is_profile};
use crate::load::Completeness;
use crate::pooling::{self, Described};
use crate::profile;

pub use check::check;
pub use report::report;
pub use splice::splice;

/// Assesses the given runs, or the newest. Profiles among them stand in the report of the first.
fn assess_all(
    folders: Vec<PathBuf>,
    completeness: Completeness,
) -> anyhow::Result<Vec<Assessment>> {
    let (profiles, runs): (Vec<_>, Vec<_>) = chosen(folders)?
        .into_iter()
        .partition(|folder| is_profile(folder));
    let mut assessments = (runs.iter())
        .map(|folder| {
            assess(folder, completeness)
                .with_context(|| format!("the run {} is refused", folder.display()))
        })
        .collect::<anyhow::Result<Vec<Assessment>>>()?;
    let first = assessments.first_mut().ok_or(FolderError::OnlyProfiles)?;
    for folder in &profiles {
        let profile = profile::read(folder);
        let profile =
            profile.with_context(|| format!("the profile {} is refused", folder.display()))?;
        first.profiles.push(profile);
    }
    let described = assessments.iter().map(|assessment| Described {
        name: &assessment.study.name,
        plan: &assessment.study.plan,
        environment: &assessment.study.environment,
    });
    pooling::check(&described.collect::<Vec<_>>())?;
    Ok(assessments)
}
