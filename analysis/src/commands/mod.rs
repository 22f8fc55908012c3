//! The commands of the binary, one a file.

mod check;
mod compare;
mod report;
mod splice;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use records::EXPERIMENT_FILE;

use crate::assess::{Assessment, assess};
use crate::experiments::in_order;
use crate::folders::chosen;
use crate::load::Completeness;

pub use check::{Against, check};
pub use compare::compare;
pub use report::report;
pub use splice::splice;

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

/// Assesses the given runs, or the newest.
fn assess_all(
    folders: Vec<PathBuf>,
    completeness: Completeness,
) -> anyhow::Result<Vec<Assessment>> {
    let assessments: Vec<Assessment> = (chosen(folders)?.iter())
        .map(|folder| assess_one(folder, completeness))
        .collect::<anyhow::Result<_>>()?;
    Ok(in_order(assessments))
}
