//! `analysis splice`: the results section of a Markdown file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::assess_all;
use crate::figures;
use crate::load::Completeness;
use crate::report::{self, first_difference, section, splice as place};

/// What is written beside the text.
#[derive(Debug, Default)]
pub struct Beside {
    /// The answer's figure.
    pub figure: Option<PathBuf>,
    /// A Markdown file with a place for what each feature of io_uring brings.
    pub features: Option<PathBuf>,
}

/// Puts the results section of the runs into `file`, and what stands beside it into its files, or checks
/// that they are there.
pub fn splice(
    file: &Path,
    folders: Vec<PathBuf>,
    beside: &Beside,
    check: bool,
) -> anyhow::Result<()> {
    let figure = beside.figure.as_deref();
    let address = figure.map(|figure| below(file, figure)).transpose()?;
    let address = address.map(|address| address.display().to_string());
    let features = (beside.features.as_deref())
        .map(|text| Ok::<_, anyhow::Error>((text, to_root(file, text)?)))
        .transpose()?;
    let assessments = assess_all(folders, Completeness::Whole)?;
    place_or_check(file, &section(&assessments, address.as_deref()), check)?;
    if let Some((text, root)) = features {
        place_or_check(text, &report::features(&assessments, &root), check)?;
    }
    let drawn = (assessments.first()).and_then(|first| figures::answer(&first.study));
    match figure.zip(drawn.map(|drawn| drawn.to_file())) {
        Some((path, drawn)) if check => {
            let found = read(path, "write it with the same command, without --check")?;
            compare(&path.display().to_string(), &found, &drawn)
        }
        Some((path, drawn)) => write(path, &drawn),
        None if check => absent(figure),
        None => remove(figure),
    }
}

/// The section between the markers of a Markdown file.
fn place_or_check(file: &Path, section: &str, check: bool) -> anyhow::Result<()> {
    let name = file.display().to_string();
    let text = read(file, "give the path of a Markdown file")?;
    let wanted = place(&name, &text, section)?;
    if check {
        compare(&name, &text, &wanted)
    } else {
        write(file, &wanted)
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

/// The address of what stands beside the text, from the text's folder, which must be above it.
fn below<'a>(text: &Path, beside: &'a Path) -> anyhow::Result<&'a Path> {
    let folder = text.parent().unwrap_or(Path::new(""));
    let plain = |address: &&Path| {
        (address.components()).all(|part| matches!(part, std::path::Component::Normal(_)))
    };
    let below = beside.strip_prefix(folder).ok().filter(plain);
    below.with_context(|| {
        format!(
            "{}: the text cannot show what is outside of its folder; give a path below that of {}",
            beside.display(),
            text.display()
        )
    })
}

/// The way from the folder of what stands beside the text to the text's: nothing, or `../` a folder.
fn to_root(text: &Path, beside: &Path) -> anyhow::Result<String> {
    let folders = below(text, beside)?.components().count().saturating_sub(1);
    Ok("../".repeat(folders))
}
