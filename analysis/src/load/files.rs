//! Reading whole files with messages that name them.

use std::fs;
use std::path::Path;

use records::{Plan, READ_VERSIONS};
use serde::de::DeserializeOwned;

use super::{Fault, LoadError};

/// The file's text.
pub(super) fn read_text(file: &Path) -> Result<String, LoadError> {
    fs::read_to_string(file).map_err(|source| LoadError::of(file, Fault::Unreadable(source)))
}

/// The text of a file of lines, whose last line must have an end.
pub(super) fn read_lines(file: &Path) -> Result<String, LoadError> {
    let text = read_text(file)?;
    if !text.is_empty() && !text.ends_with('\n') {
        let last = text.lines().count() as u64;
        return Err(LoadError::at(file, last, Fault::Truncated));
    }
    Ok(text)
}

/// `experiment.toml`, with each arm and load point named once.
pub(super) fn read_toml(file: &Path) -> Result<Plan, LoadError> {
    let text = read_text(file)?;
    let table: toml::Table = text.parse().map_err(|fault| malformed(file, &fault))?;
    check_version(file, table.get("schema_version"))?;
    let plan: Plan = toml::from_str(&text).map_err(|fault| malformed(file, &fault))?;
    check_unique(file, "arms", plan.arms.iter().map(|arm| &arm.name))?;
    check_unique(file, "load_points", plan.load_points.iter())?;
    Ok(plan)
}

/// A JSON file of the schema version that the run's plan names.
pub(super) fn read_json<T: DeserializeOwned>(file: &Path, plan: &Plan) -> Result<T, LoadError> {
    let text = read_text(file)?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|fault| malformed(file, &fault))?;
    let found = check_version(file, value.get("schema_version"))?;
    if found != plan.schema_version {
        let expected = plan.schema_version;
        return Err(LoadError::of(
            file,
            Fault::MixedVersions { found, expected },
        ));
    }
    serde_json::from_str(&text).map_err(|fault| malformed(file, &fault))
}

fn malformed(file: &Path, fault: &impl ToString) -> LoadError {
    let fault = fault.to_string().trim().replace('\n', " ");
    LoadError::of(file, Fault::Malformed(fault))
}

/// Looked at before anything else: a file of another version fails with that, not with a field.
fn check_version(file: &Path, found: Option<&impl ToString>) -> Result<u32, LoadError> {
    let found = found.map_or_else(|| "absent".to_owned(), ToString::to_string);
    let mut read = READ_VERSIONS.into_iter();
    let known = read.find(|version| version.to_string() == found);
    known.ok_or_else(|| LoadError::of(file, Fault::SchemaVersion { found }))
}

fn check_unique<T: Ord + std::fmt::Debug>(
    file: &Path,
    field: &'static str,
    entries: impl Iterator<Item = T>,
) -> Result<(), LoadError> {
    let refuse = |fault: String| Err(LoadError::of(file, Fault::Plan { field, fault }));
    let mut entries: Vec<T> = entries.collect();
    if entries.is_empty() {
        return refuse("there is none".to_owned());
    }
    entries.sort();
    match entries.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => refuse(format!("{:?} stands there twice", pair[0])),
        None => Ok(()),
    }
}
