//! `analysis splice`: the results section of a Markdown file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::assess_all;
use crate::load::Completeness;
use crate::report::{first_difference, section, splice as place};

/// Puts the results section of the runs into `file`, or checks that it is there.
pub fn splice(file: &Path, folders: Vec<PathBuf>, check: bool) -> anyhow::Result<()> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file)
        .with_context(|| format!("{name}: cannot be read; give the path of a Markdown file"))?;
    let assessments = assess_all(folders, Completeness::Whole)?;
    let wanted = place(&name, &text, &section(&assessments))?;
    if !check {
        return fs::write(file, wanted)
            .with_context(|| format!("{name}: cannot be written; make it writable"));
    }
    if let Some((line, found, wanted)) = first_difference(&text, &wanted) {
        bail!(
            "{name}:{line}: does not say what the results say; run `analysis splice {name}`\n  \
             file:    {found}\n  results: {wanted}"
        );
    }
    Ok(())
}
