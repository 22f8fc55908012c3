//! `series.jsonl`: how windows went, a line a measurement whose readings could be had.

use std::collections::BTreeMap;
use std::path::Path;

use records::SeriesRecord;

use super::{Fault, Key, LoadError, Places, completeness, files};

/// All lines, each about a measurement of the plan and no two about one.
pub(super) fn read(file: &Path, places: &Places<'_>) -> Result<Vec<SeriesRecord>, LoadError> {
    let text = files::read_lines(file)?;
    let mut first_lines: BTreeMap<Key, u64> = BTreeMap::new();
    (text.lines().enumerate())
        .map(|(place, line)| {
            let number = place as u64 + 1;
            let at = |fault| LoadError::at(file, number, fault);
            let in_field = |field: &str, fault: String| {
                let field = field.to_owned();
                at(Fault::Field { field, fault })
            };
            let record: SeriesRecord =
                serde_json::from_str(line).map_err(|fault| in_field("line", fault.to_string()))?;
            let key = places
                .key(record.block, &record.arm, &record.load)
                .map_err(|what| at(Fault::NotInPlan(what)))?;
            if let Some(first_line) = first_lines.insert(key, number) {
                let cell = completeness::name(places.plan, key);
                return Err(at(Fault::Duplicate { cell, first_line }));
            }
            check_lists(&record).map_err(|(field, fault)| in_field(field, fault))?;
            Ok(record)
        })
        .collect()
}

/// Readings at every step or none, none of which ever falls.
fn check_lists(record: &SeriesRecord) -> Result<(), (&'static str, String)> {
    for (field, list) in [
        ("requests", &record.requests),
        ("server_cpu_us", &record.server_cpu_us),
        ("client_cpu_us", &record.client_cpu_us),
    ] {
        if !list.is_empty() && list.len() != record.at_ms.len() {
            let fault = format!("{} readings at {} times", list.len(), record.at_ms.len());
            return Err((field, fault));
        }
        if !list.is_sorted() {
            return Err((field, "a reading is below the one before it".to_owned()));
        }
    }
    Ok(())
}
