//! `analysis report`: all files of a report.

use std::path::{Path, PathBuf};

use anyhow::bail;
use records::EXPERIMENT_FILE;

use super::assess_all;
use crate::load::Completeness;
use crate::report::report as files_of;

/// Writes the report of the runs under `out` and prints the path of its HTML file.
pub fn report(folders: Vec<PathBuf>, out: &Path, completeness: Completeness) -> anyhow::Result<()> {
    if let Some(run) = out
        .ancestors()
        .find(|dir| dir.join(EXPERIMENT_FILE).is_file())
    {
        bail!(
            "{}: lies in the results folder {}, in which nothing is ever written after the \
             measurement. Give another folder with --out",
            out.display(),
            run.display()
        );
    }
    let assessments = assess_all(folders, completeness)?;
    files_of(&assessments)?.write(out)?;
    println!("{}", out.join("report.html").display());
    Ok(())
}
