//! The commands of the binary, one a file.

mod check;
mod report;
mod splice;

use std::path::PathBuf;

use anyhow::Context as _;

use crate::assess::{Assessment, assess};
use crate::folders::chosen;
use crate::load::Completeness;
use crate::pooling::{self, Described};

pub use check::check;
pub use report::report;
pub use splice::splice;

/// Assesses the given runs, or the newest.
fn assess_all(
    folders: Vec<PathBuf>,
    completeness: Completeness,
) -> anyhow::Result<Vec<Assessment>> {
    let assessments = (chosen(folders)?.iter())
        .map(|folder| {
            assess(folder, completeness)
                .with_context(|| format!("the run {} is refused", folder.display()))
        })
        .collect::<anyhow::Result<Vec<Assessment>>>()?;
    let described = assessments.iter().map(|assessment| Described {
        name: &assessment.study.name,
        plan: &assessment.study.plan,
        environment: &assessment.study.environment,
    });
    pooling::check(&described.collect::<Vec<_>>())?;
    Ok(assessments)
}
