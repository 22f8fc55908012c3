//! What was changed, and what the values were before, in a file that is on the disk before any change.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    /// The file, seen from the root.
    pub file: PathBuf,
    /// The network namespace, for a setting that each has of its own.
    pub namespace: Option<String>,
    /// The value to put back.
    pub former: String,
    /// The value that was set.
    pub set: String,
}

impl Change {
    fn is_of_the_same_as(&self, other: &Self) -> bool {
        (&self.file, &self.namespace) == (&other.file, &other.namespace)
    }
}

/// The changes that were not put back yet.
#[derive(Debug)]
pub(super) struct State {
    path: PathBuf,
    pub changes: Vec<Change>,
}

impl State {
    /// Reads the state kept at `path`; without a file nothing was changed.
    pub fn read(path: &Path) -> Result<Self> {
        let changes = match fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text).with_context(|| {
                format!(
                    "{} is damaged; put the values that it names back by hand, and remove it",
                    path.display()
                )
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                let place = || format!("cannot read {}; run this as root", path.display());
                return Err(error).with_context(place);
            }
        };
        Ok(Self {
            path: path.to_owned(),
            changes,
        })
    }

    /// Notes that `file` is about to be set. The value before the first change is the one to put back.
    pub fn note(&mut self, change: Change) -> Result<()> {
        let mut noted = self.changes.iter_mut();
        match noted.find(|noted| noted.is_of_the_same_as(&change)) {
            Some(noted) => noted.set = change.set,
            None => self.changes.push(change),
        }
        self.save()
    }

    /// Forgets a change that was put back, or never made.
    pub fn forget(&mut self, change: &Change) -> Result<()> {
        self.changes
            .retain(|noted| !noted.is_of_the_same_as(change));
        self.save()
    }

    /// The value to put back in the file of a change.
    pub fn former(&self, change: &Change) -> Option<&str> {
        let mut noted = self.changes.iter();
        let noted = noted.find(|noted| noted.is_of_the_same_as(change))?;
        Some(&noted.former)
    }

    /// The file is there whole, or as it was, whenever this is killed.
    fn save(&self) -> Result<()> {
        let place = || {
            format!(
                "cannot keep the former values in {}; run this as root",
                self.path.display()
            )
        };
        if self.changes.is_empty() {
            return match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(error).with_context(place)
                }
                _ => Ok(()),
            };
        }
        let text = serde_json::to_string_pretty(&self.changes)?;
        self.write(&text).with_context(place)
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(directory)?;
        let new = self.path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        File::open(directory)?.sync_all()
    }
}
