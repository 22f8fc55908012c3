//! The folder of a profile.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use records::{Environment, PROFILE_FILE, Plan, ProfileRecord};

use crate::results;

/// A profile's folder, open for writing.
#[derive(Debug)]
pub struct ProfileFolder {
    /// Where it is.
    pub path: PathBuf,
    file: File,
}

impl ProfileFolder {
    /// Makes it: at `chosen`, or under `results/` by date and hardware.
    ///
    /// # Errors
    /// When it cannot be made, or `chosen` is not empty.
    pub fn create(
        chosen: Option<&Path>,
        date: &str,
        plan: &Plan,
        environment: &Environment,
    ) -> Result<Self> {
        let path = results::make(chosen, date, plan, environment)?;
        results::describe(&path, plan, environment)?;
        let file = path.join(PROFILE_FILE);
        let place = || format!("cannot write {}", file.display());
        let file = File::create_new(&file).with_context(place)?;
        Ok(Self { path, file })
    }

    /// Appends a record, which is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&mut self, record: &ProfileRecord) -> Result<()> {
        let line = serde_json::to_string(record)? + "\n";
        let written = (self.file)
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_data());
        written.with_context(|| format!("cannot write in {}", self.path.display()))
    }
}
