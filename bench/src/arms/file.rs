//! A file of arms.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use records::{ArmEntry, Role};
use serde::Deserialize;

use super::{Answers, Arm};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    arm: Vec<FileArm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileArm {
    name: String,
    subject: Option<String>,
    #[serde(default)]
    role: Role,
    command: Option<PathBuf>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    differs_from: Option<String>,
    differs_by: Option<String>,
    control_of: Option<String>,
    #[serde(default = "yes")]
    parses: bool,
    #[serde(default)]
    reports: bool,
    #[serde(default)]
    answers: Answers,
    port: Option<u16>,
    #[serde(default)]
    ends_with_stdin: bool,
    changes: Option<Vec<String>>,
}

fn yes() -> bool {
    true
}

/// The arms of a file's text.
///
/// # Errors
/// When it is not one.
pub(super) fn parse(text: &str) -> Result<Vec<Arm>> {
    let file: File = toml::from_str(text)?;
    file.arm.into_iter().map(arm_of).collect()
}

fn arm_of(raw: FileArm) -> Result<Arm> {
    let file_name = |path: &PathBuf| Some(path.file_name()?.to_string_lossy().into_owned());
    let subject = raw
        .subject
        .or_else(|| raw.command.as_ref().and_then(file_name))
        .with_context(|| format!("arm `{}` has neither `subject` nor `command`", raw.name))?;
    Ok(Arm {
        entry: ArmEntry {
            name: raw.name,
            subject,
            role: raw.role,
            args: raw.args,
            env: raw.env,
            differs_from: raw.differs_from,
            differs_by: raw.differs_by,
            changes: raw.changes,
            control_of: raw.control_of,
            parses: raw.parses,
        },
        command: raw.command,
        reports: raw.reports,
        answers: raw.answers,
        port: raw.port,
        ends_with_stdin: raw.ends_with_stdin,
    })
}
