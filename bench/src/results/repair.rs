//! What an interrupted run left: its rows, and what a kill tore, which is removed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use records::{COLUMNS, LoadRecord, Measurement, SeriesRecord};
use serde::de::DeserializeOwned;

use super::append::AppendFile;
use crate::schedule::Key;

/// A file of the folder, repaired.
#[derive(Debug)]
pub struct Repaired {
    /// The file, to be appended to.
    pub file: AppendFile,
    /// The cells that it has an entry of.
    pub keys: BTreeSet<Key>,
    /// What was removed, in words; empty when nothing was.
    pub removed: String,
}

/// Opens `measurements.csv`: makes it, or cuts off a torn last row.
///
/// # Errors
/// When a whole row is not readable, or a cell has two.
pub fn rows(path: &Path) -> Result<Repaired> {
    let mut file = open(path)?;
    let (text, removed) = whole_lines(path, &mut file, "row")?;
    let header = format!("{}\n", COLUMNS.join(","));
    if text.is_empty() {
        file.append(header.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    } else {
        ensure!(
            text.starts_with(&header),
            "{}:1: the columns are those of another version; measure into a new folder",
            path.display()
        );
    }
    let mut keys = BTreeSet::new();
    for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
        let row: Measurement = row.with_context(|| format!("in {}", path.display()))?;
        insert(&mut keys, row_key(&row), path)?;
    }
    Ok(Repaired {
        file,
        keys,
        removed,
    })
}

/// An entry of a file with a line a measurement.
pub trait Entry: DeserializeOwned {
    /// The cell that it is of.
    fn key(&self) -> Key;
}

impl Entry for LoadRecord {
    fn key(&self) -> Key {
        (self.block, self.arm.clone(), self.load.clone())
    }
}

impl Entry for SeriesRecord {
    fn key(&self) -> Key {
        (self.block, self.arm.clone(), self.load.clone())
    }
}

/// Opens a file of lines: makes it, or cuts off a torn last line and one whose row was never written.
///
/// # Errors
/// When a whole line is not readable, or is of a cell that has no row.
pub fn lines<T: Entry>(path: &Path, rows: &BTreeSet<Key>) -> Result<Repaired> {
    let mut file = open(path)?;
    let (text, mut removed) = whole_lines(path, &mut file, "line")?;
    let mut keys = BTreeSet::new();
    let count = text.lines().count();
    for (number, line) in (1..).zip(text.lines()) {
        let record: T =
            serde_json::from_str(line).with_context(|| format!("{}:{number}", path.display()))?;
        let key = record.key();
        if rows.contains(&key) {
            insert(&mut keys, key, path)?;
        } else if number == count {
            file.truncate((text.len() - line.len() - 1) as u64)?;
            removed = format!("the last line of {}, which has no row yet", path.display());
        } else {
            bail!(
                "{}:{number}: there is no row of this cell; measure into a new folder",
                path.display()
            );
        }
    }
    Ok(Repaired {
        file,
        keys,
        removed,
    })
}

fn open(path: &Path) -> Result<AppendFile> {
    AppendFile::open(path).with_context(|| format!("cannot open {}", path.display()))
}

/// The whole lines of a file, of which the rest is cut off.
fn whole_lines(path: &Path, file: &mut AppendFile, what: &str) -> Result<(String, String)> {
    let mut cut = || -> io::Result<(String, usize)> {
        let mut bytes = fs::read(path)?;
        let whole = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        let torn = bytes.len() - whole;
        if torn > 0 {
            file.truncate(whole as u64)?;
        }
        bytes.truncate(whole);
        let text = String::from_utf8(bytes).map_err(io::Error::other)?;
        Ok((text, torn))
    };
    let (text, torn) = cut().with_context(|| format!("cannot read {}", path.display()))?;
    let removed = if torn > 0 {
        format!("a torn last {what} of {} ({torn} bytes)", path.display())
    } else {
        String::new()
    };
    Ok((text, removed))
}

fn insert(keys: &mut BTreeSet<Key>, key: Key, path: &Path) -> Result<()> {
    let (block, arm, load) = key.clone();
    ensure!(
        keys.insert(key),
        "{}: two entries of block {block}, arm {arm}, {} connections; measure into a new folder",
        path.display(),
        load.connections
    );
    Ok(())
}

fn row_key(row: &Measurement) -> Key {
    (row.block, row.arm.clone(), row.load_point())
}
