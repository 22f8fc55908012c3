//! `calibration.jsonl`.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use records::{CALIBRATION_FILE, CalibrationRecord};

/// Writes the records of a run that begins into its folder. Without any there is no file.
///
/// # Errors
/// When they cannot be written, or there are some already.
pub fn write(folder: &Path, records: &[CalibrationRecord]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let path = folder.join(CALIBRATION_FILE);
    let place = || format!("cannot write {}", path.display());
    let mut text = Vec::new();
    for record in records {
        serde_json::to_writer(&mut text, record).with_context(place)?;
        text.push(b'\n');
    }
    let written = || -> io::Result<()> {
        let mut file = File::create_new(&path)?;
        file.write_all(&text)?;
        file.sync_all()?;
        File::open(folder)?.sync_all()
    };
    written().with_context(place)
}
