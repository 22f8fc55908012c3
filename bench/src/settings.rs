//! The kernel settings of `settings.toml`, and which values of them will do.

mod changer;
mod state;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use changer::{Changer, Outcome};

const STUDY: &str = include_str!("../settings.toml");

/// What a value that is not accepted amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The measurement suffers.
    Warn,
    /// The measurement fails.
    Fail,
}

/// Which values are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Accept {
    #[default]
    Exactly,
    AtLeast,
    Covers,
}

/// One kernel setting.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its name; a sysctl's has dots.
    pub name: String,
    /// Its files below `/sys`, for one that is no sysctl.
    #[serde(default)]
    path: Option<String>,
    /// The recommended value.
    pub value: String,
    #[serde(default)]
    accept: Accept,
    /// What another value amounts to.
    #[serde(rename = "verdict")]
    pub severity: Severity,
    /// Why.
    pub reason: String,
}

impl Setting {
    /// Whether `found` will do.
    pub fn accepts(&self, found: &str) -> bool {
        let numbers = |text: &str| -> Option<Vec<i64>> {
            text.split_whitespace()
                .map(|word| word.parse().ok())
                .collect()
        };
        if self.accept == Accept::Exactly {
            return self.value == found;
        }
        let (Some(wanted), Some(found)) = (numbers(&self.value), numbers(found)) else {
            return false;
        };
        match (self.accept, wanted.as_slice(), found.as_slice()) {
            (Accept::AtLeast, [wanted], [found]) => found >= wanted,
            (Accept::Covers, [low, high], [first, last]) => first <= low && last >= high,
            _ => false,
        }
    }

    /// Its files below `root`, which is `/` for this machine; none when this kernel does not have it.
    fn files(&self, root: &Path) -> Vec<PathBuf> {
        let path = match &self.path {
            Some(path) => format!("sys/{path}"),
            None => format!("proc/sys/{}", self.name.replace('.', "/")),
        };
        let mut found = vec![PathBuf::new()];
        for part in path.split('/') {
            found = found
                .iter()
                .flat_map(|above| below(root, above, part))
                .collect();
        }
        found
    }

    /// Its value below `root`, where several files that differ give several, with commas; nothing when
    /// this kernel does not have it.
    pub fn found(&self, root: &Path) -> Option<String> {
        let files = self.files(root).into_iter();
        let mut values: Vec<String> = files.filter_map(|file| read(&root.join(file))).collect();
        values.sort();
        values.dedup();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// What is there of `root/above/part`, seen from `root`.
fn below(root: &Path, above: &Path, part: &str) -> Vec<PathBuf> {
    let Some((start, end)) = part.split_once('*') else {
        let path = above.join(part);
        return root
            .join(&path)
            .exists()
            .then_some(path)
            .into_iter()
            .collect();
    };
    let entries = fs::read_dir(root.join(above))
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names
        .filter(|name| name.starts_with(start) && name[start.len()..].ends_with(end))
        .collect();
    names.sort();
    names.iter().map(|name| above.join(name)).collect()
}

/// A setting's value, its words parted by single spaces.
fn read(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// All of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Open files that a process must be allowed.
    pub nofile_at_least: u64,
    /// Those below `/proc/sys`.
    #[serde(rename = "sysctl")]
    pub sysctls: Vec<Setting>,
    /// Those below `/sys`.
    #[serde(default)]
    pub sysfs: Vec<Setting>,
}

impl Settings {
    /// Those of the study.
    pub fn of_the_study() -> Self {
        toml::from_str(STUDY).expect("settings.toml is part of this program, and a test reads it")
    }

    /// All that can be changed.
    pub fn all(&self) -> impl Iterator<Item = &Setting> {
        self.sysctls.iter().chain(&self.sysfs)
    }
}
