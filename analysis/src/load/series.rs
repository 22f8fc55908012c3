//! `series.jsonl`: how windows went. A run may be without it.

use std::path::Path;

use records::SeriesRecord;

use super::{Fault, LoadError, Places, files};

/// All lines, each about a measurement of the plan.
pub(super) fn read(file: &Path, places: &Places<'_>) -> Result<Vec<SeriesRecord>, LoadError> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let text = files::read_lines(file)?;
    (text.lines().enumerate())
        .map(|(place, line)| {
            let number = place as u64 + 1;
            let record: SeriesRecord = serde_json::from_str(line).map_err(|fault| {
                let (field, fault) = ("line".to_owned(), fault.to_string());
                LoadError::at(file, number, Fault::Field { field, fault })
            })?;
            (places.key(record.block, &record.arm, &record.load))
                .map_err(|what| LoadError::at(file, number, Fault::NotInPlan(what)))?;
            Ok(record)
        })
        .collect()
}
