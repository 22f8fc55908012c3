//! `analysis report`: all files of a report.

use std::path::{Path, PathBuf};

use super::{assess_all, outside_of_runs};
use crate::load::Completeness;
use crate::report::report as files_of;

/// Writes the report of the runs under `out` and prints the path of its HTML file.
pub fn report(folders: Vec<PathBuf>, out: &Path, completeness: Completeness) -> anyhow::Result<()> {
    outside_of_runs(out)?;
    let assessments = assess_all(folders, completeness)?;
    files_of(&assessments)?.write(out)?;
    println!("{}", out.join("report.html").display());
    Ok(())
}
