//! `load.jsonl`: a line a measurement, with the whole latency histogram.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use records::LoadRecord;

use super::{Completeness, Fault, Key, Load, LoadError, NumberedRow, Places, completeness, files};

/// Gives each row its line. A row that failed may have none.
///
/// The row of a measurement is written last, so an unfinished run may end with a line that has none.
pub(super) fn attach(
    file: &Path,
    rows_file: &Path,
    rows: &mut [NumberedRow],
    places: &Places<'_>,
    completeness: Completeness,
) -> Result<(), LoadError> {
    let text = files::read_lines(file)?;
    let partial = completeness == Completeness::PartialAllowed;
    let last_line = text.lines().count();
    let by_key: BTreeMap<Key, usize> = (rows.iter().enumerate())
        .map(|(place, numbered)| (numbered.row.key, place))
        .collect();
    let mut first_lines: BTreeMap<Key, u64> = BTreeMap::new();

    for (place, line) in text.lines().enumerate() {
        let number = place as u64 + 1;
        let (key, load) = parse(file, number, line, places)?;
        let cell = completeness::name(places.plan, key);
        if let Some(first_line) = first_lines.insert(key, number) {
            let fault = Fault::Duplicate { cell, first_line };
            return Err(LoadError::at(file, number, fault));
        }
        match by_key.get(&key) {
            Some(&row) => rows[row].row.load = Some(load),
            None if partial && place + 1 == last_line => {}
            None => {
                return Err(LoadError::at(file, number, Fault::LoadWithoutRow(cell)));
            }
        }
    }

    for NumberedRow { line, row } in rows.iter() {
        if row.load.is_none() && row.measurement.error.is_empty() {
            let fault = Fault::RowWithoutLoad(completeness::name(places.plan, row.key));
            return Err(LoadError::at(rows_file, *line, fault));
        }
    }
    Ok(())
}

fn parse(
    file: &Path,
    line: u64,
    text: &str,
    places: &Places<'_>,
) -> Result<(Key, Load), LoadError> {
    let field_error = |field: &str, fault: String| {
        let field = field.to_owned();
        LoadError::at(file, line, Fault::Field { field, fault })
    };
    let record: LoadRecord =
        serde_json::from_str(text).map_err(|fault| field_error("line", fault.to_string()))?;
    let key = places
        .key(record.block, &record.arm, &record.load)
        .map_err(|what| LoadError::at(file, line, Fault::NotInPlan(what)))?;
    let histogram = decode(&record.latency_histogram)
        .map_err(|fault| field_error("latency_histogram", fault))?;
    Ok((key, Load { record, histogram }))
}

fn decode(encoded: &str) -> Result<Histogram<u64>, String> {
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|fault| format!("not base64: {fault}"))?;
    Deserializer::new()
        .deserialize(&mut Cursor::new(bytes))
        .map_err(|fault| format!("not an HdrHistogram in V2 deflate form: {fault:?}"))
}
