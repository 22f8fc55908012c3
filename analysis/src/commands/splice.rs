//! `analysis splice`: the results section of a Markdown file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::assess_all;
use crate::figures;
use crate::load::Completeness;
use crate::report::{first_difference, section, splice as place};

/// Puts the results section of the runs into `file`, and the answer's figure into `figure`, or checks
/// that they are there.
pub fn splice(
    file: &Path,
    folders: Vec<PathBuf>,
    figure: Option<&Path>,
    check: bool,
) -> anyhow::Result<()> {
    let name = file.display().to_string();
    let text = read(file, "give the path of a Markdown file")?;
    let address = figure.map(|figure| address(file, figure)).transpose()?;
    let assessments = assess_all(folders, Completeness::Whole)?;
    let wanted = place(&name, &text, &section(&assessments, address.as_deref()))?;
    let drawn = (assessments.first()).and_then(|first| figures::answer(&first.study));
    let drawn = drawn.map(|drawn| drawn.to_file());
    if !check {
        match figure.zip(drawn) {
            Some((path, drawn)) => write(path, &drawn)?,
            None => remove(figure)?,
        }
        return write(file, &wanted);
    }
    compare(&name, &text, &wanted)?;
    match figure.zip(drawn) {
        Some((path, drawn)) => {
            let found = read(path, "write it with the same command, without --check")?;
            compare(&path.display().to_string(), &found, &drawn)
        }
        None => absent(figure),
    }
}

/// One of former runs, which the text no longer shows.
fn remove(figure: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = figure.filter(|path| path.exists()) else {
        return Ok(());
    };
    fs::remove_file(path).with_context(|| format!("{}: cannot be removed", path.display()))
}

fn absent(figure: Option<&Path>) -> anyhow::Result<()> {
    if let Some(path) = figure.filter(|path| path.exists()) {
        bail!(
            "{}: no run has it; run `analysis splice` without --check, which removes it",
            path.display()
        );
    }
    Ok(())
}

fn read(file: &Path, remedy: &str) -> anyhow::Result<String> {
    fs::read_to_string(file)
        .with_context(|| format!("{}: cannot be read; {remedy}", file.display()))
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text)
        .with_context(|| format!("{}: cannot be written; make it writable", file.display()))
}

fn compare(name: &str, text: &str, wanted: &str) -> anyhow::Result<()> {
    if let Some((line, found, wanted)) = first_difference(text, wanted) {
        bail!(
            "{name}:{line}: does not say what the results say; run `analysis splice` without --check\n  \
             file:    {found}\n  results: {wanted}"
        );
    }
    Ok(())
}

/// The figure's address from the text, which must stand in a folder above it.
fn address(file: &Path, figure: &Path) -> anyhow::Result<String> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let plain = |address: &&Path| {
        (address.components()).all(|part| matches!(part, std::path::Component::Normal(_)))
    };
    let below = figure.strip_prefix(folder).ok().filter(plain);
    let below = below.with_context(|| {
        format!(
            "{}: the text cannot show a figure outside of its folder; give a path below that of {}",
            figure.display(),
            file.display()
        )
    })?;
    Ok(below.display().to_string())
}
