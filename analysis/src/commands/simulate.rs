//! `analysis simulate`: the proof of the statistics, as a section of a Markdown file.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::report::{first_difference, splice as place};
use crate::stats::simulate::markdown;

/// Puts the simulations' tables between the markers of `file`, or checks that they are there.
pub fn simulate(file: &Path, check: bool) -> anyhow::Result<()> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file)
        .with_context(|| format!("{name}: cannot be read; give the path of a Markdown file"))?;
    let wanted = place(&name, &text, &markdown())?;
    if !check {
        return fs::write(file, wanted)
            .with_context(|| format!("{name}: cannot be written; make it writable"));
    }
    if let Some((line, found, wanted)) = first_difference(&text, &wanted) {
        bail!(
            "{name}:{line}: does not say what the simulations show; run `analysis simulate {name}`\n  \
             file:        {found}\n  simulations: {wanted}"
        );
    }
    Ok(())
}
