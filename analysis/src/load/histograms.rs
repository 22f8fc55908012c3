//! `load.jsonl`: a line a measurement, with the whole latency histogram.
//!
//! A decoded histogram is a hundred times larger than its line, so no more than a batch of them
//! exists at once: each is added to its cell's and forgotten.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Cursor};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use rayon::prelude::*;
use records::LoadRecord;

use super::{
    CellLatencies, Completeness, Fault, Key, Load, LoadError, NumberedRow, Places, completeness,
};

/// Lines that are decoded at once.
const BATCH: usize = 256;

/// The latencies of every cell, by the places of its arm and load point.
pub(super) type Latencies = BTreeMap<(usize, usize), CellLatencies>;

/// Gives each row its line. A row that failed may have none.
///
/// The row of a measurement is written last, so an unfinished run may end with a line that has none.
pub(super) fn attach(
    file: &Path,
    rows_file: &Path,
    rows: &mut [NumberedRow],
    places: &Places<'_>,
    completeness: Completeness,
) -> Result<Latencies, LoadError> {
    let by_key: BTreeMap<Key, usize> = (rows.iter().enumerate())
        .map(|(place, numbered)| (numbered.row.key, place))
        .collect();
    let mut attached = Attached {
        file,
        places,
        partial: completeness == Completeness::PartialAllowed,
        by_key,
        first_lines: BTreeMap::new(),
        without_row: None,
        latencies: Latencies::new(),
    };
    let unreadable = |source| LoadError::of(file, Fault::Unreadable(source));
    let mut reader = BufReader::new(File::open(file).map_err(unreadable)?);
    let mut batch: Vec<(u64, String)> = Vec::new();
    for number in 1.. {
        let mut line = String::new();
        let ended = reader.read_line(&mut line).map_err(unreadable)? == 0;
        if !ended {
            if line.pop() != Some('\n') {
                return Err(LoadError::at(file, number, Fault::Truncated));
            }
            batch.push((number, line));
        }
        if ended || batch.len() == BATCH {
            attached.add(&batch, rows)?;
            batch.clear();
        }
        if ended {
            break;
        }
    }
    for NumberedRow { line, row } in rows.iter() {
        if row.load.is_none() && row.measurement.error.is_empty() {
            let fault = Fault::RowWithoutLoad(completeness::name(places.plan, row.key));
            return Err(LoadError::at(rows_file, *line, fault));
        }
    }
    Ok(attached.latencies)
}

/// What is known after so many lines.
struct Attached<'a> {
    file: &'a Path,
    places: &'a Places<'a>,
    partial: bool,
    by_key: BTreeMap<Key, usize>,
    first_lines: BTreeMap<Key, u64>,
    /// A line without a row, which an unfinished run may have as its last.
    without_row: Option<(u64, String)>,
    latencies: Latencies,
}

impl Attached<'_> {
    fn add(&mut self, batch: &[(u64, String)], rows: &mut [NumberedRow]) -> Result<(), LoadError> {
        let parsed: Vec<_> = (batch.par_iter())
            .map(|(number, line)| parse(self.file, *number, line, self.places))
            .collect();
        for ((number, _), parsed) in batch.iter().zip(parsed) {
            let (key, load, histogram) = parsed?;
            if let Some((line, cell)) = self.without_row.take() {
                return Err(LoadError::at(self.file, line, Fault::LoadWithoutRow(cell)));
            }
            let cell = completeness::name(self.places.plan, key);
            if let Some(first_line) = self.first_lines.insert(key, *number) {
                let fault = Fault::Duplicate { cell, first_line };
                return Err(LoadError::at(self.file, *number, fault));
            }
            match self.by_key.get(&key) {
                Some(&row) => {
                    rows[row].row.load = Some(load);
                    self.merge(key, *number, histogram)?;
                }
                None if self.partial => self.without_row = Some((*number, cell)),
                None => {
                    let fault = Fault::LoadWithoutRow(cell);
                    return Err(LoadError::at(self.file, *number, fault));
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, key: Key, line: u64, histogram: Histogram<u64>) -> Result<(), LoadError> {
        let cell = self.latencies.entry((key.arm, key.point)).or_default();
        cell.add(key.block, self.places.plan.blocks, histogram)
            .map_err(|fault| {
                let fault = Fault::Field {
                    field: "latency_histogram".to_owned(),
                    fault: format!("cannot be added to those of other blocks: {fault:?}"),
                };
                LoadError::at(self.file, line, fault)
            })
    }
}

fn parse(
    file: &Path,
    line: u64,
    text: &str,
    places: &Places<'_>,
) -> Result<(Key, Load, Histogram<u64>), LoadError> {
    let field_error = |field: &str, fault: String| {
        let field = field.to_owned();
        LoadError::at(file, line, Fault::Field { field, fault })
    };
    let record: LoadRecord =
        serde_json::from_str(text).map_err(|fault| field_error("line", fault.to_string()))?;
    let key = places
        .key(record.block, &record.arm, &record.load)
        .map_err(|what| LoadError::at(file, line, Fault::NotInPlan(what)))?;
    let in_field = |fault| field_error("latency_histogram", fault);
    let encoded = (STANDARD.decode(&record.latency_histogram))
        .map_err(|fault| in_field(format!("not base64: {fault}")))?;
    let histogram = decode(&encoded).map_err(in_field)?;
    let load = Load {
        corrected_by: record.latency_corrected_by,
        encoded,
    };
    Ok((key, load, histogram))
}

pub(super) fn decode(encoded: &[u8]) -> Result<Histogram<u64>, String> {
    Deserializer::new()
        .deserialize(&mut Cursor::new(encoded))
        .map_err(|fault| format!("not an HdrHistogram in V2 deflate form: {fault:?}"))
}
