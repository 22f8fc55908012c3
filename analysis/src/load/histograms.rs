//! `load.jsonl`: a line a measurement, with the whole latency histogram.
//!
//! No more than a batch of lines exists at once: each is added to its cell's latencies, where its window
//! counts, and forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rayon::prelude::*;
use records::LoadRecord;

use super::encoded::{Counts, Decoder};
use super::latencies::Reading;
use super::{CellLatencies, Completeness, Fault, Key, LoadError, Places, Row, completeness};

/// Lines that are decoded at once.
const BATCH: usize = 256;

/// The latencies of every cell, by the places of its arm and load point.
pub(super) type Latencies = BTreeMap<(usize, usize), CellLatencies>;

/// The two files that belong together.
pub(super) struct Files<'a> {
    /// `load.jsonl`.
    pub(super) loads: &'a Path,
    /// `measurements.csv`.
    pub(super) rows: &'a Path,
}

/// Reads the line of each row, and adds up the latencies of those windows that are not left out. A row
/// that failed may have no line.
///
/// The row of a measurement is written last, so an unfinished run may end with a line that has none.
pub(super) fn read(
    files: &Files<'_>,
    rows: &[Row],
    lines: &[u64],
    places: &Places<'_>,
    completeness: Completeness,
    left_out: &BTreeSet<Key>,
) -> Result<Latencies, LoadError> {
    let file = files.loads;
    let mut attached = Attached {
        file,
        places,
        partial: completeness == Completeness::PartialAllowed,
        rows: rows.iter().map(|row| row.key).collect(),
        left_out,
        first_lines: BTreeMap::new(),
        without_row: None,
        latencies: BTreeMap::new(),
    };
    let unreadable = |source| LoadError::of(file, Fault::Unreadable(source));
    let mut reader = BufReader::new(File::open(file).map_err(unreadable)?);
    let mut batch: Vec<(u64, String)> = Vec::new();
    for number in 1.. {
        // Lines of a file are about of one length.
        let mut line = String::with_capacity(batch.last().map_or(0, |(_, line)| line.len() + 128));
        let ended = reader.read_line(&mut line).map_err(unreadable)? == 0;
        if !ended {
            if line.pop() != Some('\n') {
                return Err(LoadError::at(file, number, Fault::Truncated));
            }
            batch.push((number, line));
        }
        if ended || batch.len() == BATCH {
            attached.add(&batch)?;
            batch.clear();
        }
        if ended {
            break;
        }
    }
    for (row, line) in rows.iter().zip(lines) {
        if !attached.first_lines.contains_key(&row.key) && row.measurement.error.is_empty() {
            let fault = Fault::RowWithoutLoad(completeness::name(places.plan, row.key));
            return Err(LoadError::at(files.rows, *line, fault));
        }
    }
    attached.done()
}

/// What is known after so many lines.
struct Attached<'a> {
    file: &'a Path,
    places: &'a Places<'a>,
    partial: bool,
    rows: BTreeSet<Key>,
    left_out: &'a BTreeSet<Key>,
    first_lines: BTreeMap<Key, u64>,
    /// A line without a row, which an unfinished run may have as its last.
    without_row: Option<(u64, String)>,
    latencies: BTreeMap<(usize, usize), Reading>,
}

impl Attached<'_> {
    fn add(&mut self, batch: &[(u64, String)]) -> Result<(), LoadError> {
        let parsed: Vec<_> = (batch.par_iter())
            .map_init(Decoder::new, |decoder, (number, line)| {
                parse(self.file, *number, line, self.places, decoder)
            })
            .collect();
        for ((number, _), parsed) in batch.iter().zip(parsed) {
            let line = parsed?;
            if let Some((number, cell)) = self.without_row.take() {
                let fault = Fault::LoadWithoutRow(cell);
                return Err(LoadError::at(self.file, number, fault));
            }
            let cell = || completeness::name(self.places.plan, line.key);
            if let Some(first_line) = self.first_lines.insert(line.key, *number) {
                let cell = cell();
                let fault = Fault::Duplicate { cell, first_line };
                return Err(LoadError::at(self.file, *number, fault));
            }
            if self.rows.contains(&line.key) {
                self.merge(&line, *number)?;
            } else if self.partial {
                self.without_row = Some((*number, cell()));
            } else {
                let fault = Fault::LoadWithoutRow(cell());
                return Err(LoadError::at(self.file, *number, fault));
            }
        }
        Ok(())
    }

    fn merge(&mut self, line: &Line, number: u64) -> Result<(), LoadError> {
        let Key { arm, point, block } = line.key;
        if self.left_out.contains(&line.key) {
            return Ok(());
        }
        let cell = self.latencies.entry((arm, point)).or_default();
        let blocks = self.places.plan.blocks;
        cell.add(block, blocks, &line.counts, &line.corrected_by)
            .map_err(|fault| {
                let fault = Fault::Field {
                    field: "latency_histogram".to_owned(),
                    fault: format!("cannot be added to those of other blocks: {fault}"),
                };
                LoadError::at(self.file, number, fault)
            })
    }

    fn done(self) -> Result<Latencies, LoadError> {
        let file = self.file;
        (self.latencies.into_iter())
            .map(|(cell, reading)| {
                let done = reading.done().map_err(|fault| {
                    let field = "latency_histogram".to_owned();
                    LoadError::of(file, Fault::Field { field, fault })
                })?;
                Ok((cell, done))
            })
            .collect()
    }
}

/// A line, read.
struct Line {
    key: Key,
    counts: Counts,
    corrected_by: String,
}

fn parse(
    file: &Path,
    line: u64,
    text: &str,
    places: &Places<'_>,
    decoder: &mut Decoder,
) -> Result<Line, LoadError> {
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
    Ok(Line {
        key,
        counts: decoder.decode(&encoded).map_err(in_field)?,
        corrected_by: record.latency_corrected_by,
    })
}
