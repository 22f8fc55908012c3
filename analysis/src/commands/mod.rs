//! The commands of the binary, one a file.

mod check;
mod report;
mod simulate;
mod splice;

use std::path::PathBuf;

use anyhow::Context as _;

use crate::assess::{Assessment, assess};
use crate::folders::chosen;
use crate::load::Completeness;

pub use check::check;
pub use report::report;
pub use simulate::simulate;
pub use splice::splice;

/// Assesses the given runs, or the newest.
fn assess_all(
    folders: Vec<PathBuf>,
    completeness: Completeness,
) -> anyhow::Result<Vec<Assessment>> {
    (chosen(folders)?.iter())
        .map(|folder| {
            assess(folder, completeness)
                .with_context(|| format!("the run {} is refused", folder.display()))
        })
        .collect()
}
