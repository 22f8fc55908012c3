//! The folder of one run.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use records::{
    ENVIRONMENT_FILE, EXPERIMENT_FILE, Environment, LOAD_FILE, LoadRecord, MEASUREMENTS_FILE, Plan,
    SCHEMA_VERSION, SERIES_FILE, SeriesRecord,
};
use serde::Deserialize;

use super::lock::Lock;
use super::recorder::Recorder;
use super::repair;
use crate::plan;
use crate::schedule::Key;

/// A results folder, open for writing.
#[derive(Debug)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Writes its rows.
    pub recorder: Recorder,
    /// The cells that have a row.
    pub done: BTreeSet<Key>,
    /// What was removed because an earlier run tore it, in words.
    pub removed: Vec<String>,
    _lock: Lock,
}

impl Folder {
    /// Makes the folder of a new run: at `chosen`, or under `results/` by date, hardware and experiment.
    ///
    /// # Errors
    /// When it cannot be made, or `chosen` is not empty.
    pub fn create(
        chosen: Option<&Path>,
        date: &str,
        plan: &Plan,
        environment: &Environment,
    ) -> Result<Self> {
        let path = make(chosen, date, plan, environment)?;
        let lock = Lock::take(&path)?;
        describe(&path, plan, environment)?;
        Self::open(path, lock)
    }

    /// Opens the folder of a run that did not end, to go on with it.
    ///
    /// # Errors
    /// When the plan, a binary or the machine is another, of which the message names the difference,
    /// or another run is writing to the folder.
    pub fn resume(path: &Path, plan: &Plan, environment: &Environment) -> Result<Self> {
        plan::ensure_same(&Self::plan(path)?, plan)?;
        let stored: Environment = {
            let path = path.join(ENVIRONMENT_FILE);
            let text = read(&path)?;
            serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))?
        };
        ensure_same_machine(&stored, environment)?;
        Self::open(path.to_owned(), Lock::take(path)?)
    }

    /// The plan of the run in a folder.
    ///
    /// # Errors
    /// When the folder holds none, or one of another version.
    pub fn plan(path: &Path) -> Result<Plan> {
        #[derive(Deserialize)]
        struct Version {
            schema_version: u32,
        }
        let path = path.join(EXPERIMENT_FILE);
        let text = read(&path)?;
        let place = || format!("in {}", path.display());
        let Version { schema_version } = toml::from_str(&text).with_context(place)?;
        ensure!(
            schema_version == SCHEMA_VERSION,
            "{}: schema version {schema_version} cannot be resumed by this harness, which writes {SCHEMA_VERSION}",
            path.display()
        );
        toml::from_str(&text).with_context(place)
    }

    fn open(path: PathBuf, lock: Lock) -> Result<Self> {
        let rows = repair::rows(&path.join(MEASUREMENTS_FILE))?;
        let load = repair::lines::<LoadRecord>(&path.join(LOAD_FILE), &rows.keys)?;
        let series = repair::lines::<SeriesRecord>(&path.join(SERIES_FILE), &rows.keys)?;
        sync_directory(&path)?;
        let removed = [rows.removed, load.removed, series.removed];
        Ok(Self {
            path,
            recorder: Recorder::new(rows.file, load.file, series.file),
            done: rows.keys,
            removed: removed
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect(),
            _lock: lock,
        })
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| {
        format!(
            "cannot read {}; give the folder of a run that `bench run` has started",
            path.display()
        )
    })
}

/// Makes an empty folder: at `chosen`, or under `results/` by date, hardware and experiment.
pub(crate) fn make(
    chosen: Option<&Path>,
    date: &str,
    plan: &Plan,
    environment: &Environment,
) -> Result<PathBuf> {
    match chosen {
        Some(path) => make_chosen(path),
        None => make_default(&format!(
            "results/{date}-{}-{}",
            environment.server.hardware, plan.experiment
        )),
    }
}

/// Writes what is to be done, and where, into a folder.
pub(crate) fn describe(path: &Path, plan: &Plan, environment: &Environment) -> Result<()> {
    let plan = toml::to_string(plan)?;
    let mut environment = serde_json::to_string_pretty(environment)?;
    environment.push('\n');
    for (name, text) in [(EXPERIMENT_FILE, plan), (ENVIRONMENT_FILE, environment)] {
        write_whole(path, name, &text)
            .with_context(|| format!("cannot write {}", path.join(name).display()))?;
    }
    Ok(())
}

fn make_chosen(path: &Path) -> Result<PathBuf> {
    fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
    ensure!(
        fs::read_dir(path)?.next().is_none(),
        "{} is not empty; give another --out, or --resume it if it holds the same run",
        path.display()
    );
    Ok(path.to_owned())
}

/// The folder of that name, or with `-2`, `-3`, ... when there is one already.
fn make_default(name: &str) -> Result<PathBuf> {
    fs::create_dir_all("results").context("cannot make the folder results")?;
    let candidates = (1..1000).map(|n| match n {
        1 => PathBuf::from(name),
        n => PathBuf::from(format!("{name}-{n}")),
    });
    for path in candidates {
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot make {}", path.display()));
            }
        }
    }
    bail!("there are a thousand folders called {name}; give --out")
}

/// Writes a file so that it is there whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write_whole(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let new = folder.join(format!(".{name}.new"));
    let mut file = File::create(&new)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    if let Err(error) = written {
        fs::remove_file(&new)?;
        return Err(error);
    }
    fs::rename(&new, folder.join(name))?;
    sync_directory(folder)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn ensure_same_machine(stored: &Environment, now: &Environment) -> Result<()> {
    for (name, subject) in &stored.subjects {
        let is = now.subjects.get(name).map(|subject| &subject.sha256);
        ensure!(
            is == Some(&subject.sha256),
            "subject `{name}` is another binary than the folder was measured with (SHA-256 was {}, is now \
             {}); restore that binary, or measure into a new folder",
            subject.sha256,
            is.map_or("nothing", String::as_str)
        );
    }
    // Whatever differs would make a folder of two halves that are no repeats of each other.
    if let Some(found) = stored
        .differences(now)
        .into_iter()
        .find(|found| found.matters)
    {
        bail!(
            "the folder was measured elsewhere, or under other settings: {} was {} and is now {}; measure into a \
             new folder, or restore what has changed",
            found.field,
            found.a,
            found.b
        );
    }
    Ok(())
}
