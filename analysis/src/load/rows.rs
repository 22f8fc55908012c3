//! `measurements.csv`, row by row.

use std::collections::BTreeMap;
use std::path::Path;

use csv::StringRecord;
use records::{Environment, Measurement, Plan, columns_of};

use super::{Fault, Key, LoadError, NumberedRow, Places, Row, completeness, files};

/// Reads and checks each row for itself and for its place in the plan.
pub(super) fn read(file: &Path, places: &Places<'_>) -> Result<Vec<NumberedRow>, LoadError> {
    let text = files::read_lines(file)?;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader
        .headers()
        .map_err(|fault| field_error(file, 1, "header", &fault))?
        .clone();
    check_header(file, &header, places.plan.schema_version)?;

    let mut first_lines: BTreeMap<Key, u64> = BTreeMap::new();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|fault| {
            let line = fault.position().map_or(0, csv::Position::line);
            field_error(file, line, "row", &fault)
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let measurement = parse(file, line, &header, &record)?;
        check_sums(file, line, &measurement)?;
        let key = places
            .key(
                measurement.block,
                &measurement.arm,
                &measurement.load_point(),
            )
            .map_err(|what| LoadError::at(file, line, Fault::NotInPlan(what)))?;
        if let Some(&first_line) = first_lines.get(&key) {
            let cell = completeness::name(places.plan, key);
            let fault = Fault::Duplicate { cell, first_line };
            return Err(LoadError::at(file, line, fault));
        }
        first_lines.insert(key, line);
        rows.push(NumberedRow {
            line,
            row: Row { key, measurement },
        });
    }
    Ok(rows)
}

fn check_header(file: &Path, header: &StringRecord, version: u32) -> Result<(), LoadError> {
    let columns = columns_of(version);
    for place in 0..header.len().max(columns.len()) {
        let found = header.get(place).unwrap_or_default();
        let wanted = columns.get(place).copied().unwrap_or_default();
        if found != wanted {
            let fault = Fault::Header {
                version,
                place: place + 1,
                found: found.to_owned(),
                wanted: wanted.to_owned(),
            };
            return Err(LoadError::at(file, 1, fault));
        }
    }
    Ok(())
}

fn parse(
    file: &Path,
    line: u64,
    header: &StringRecord,
    record: &StringRecord,
) -> Result<Measurement, LoadError> {
    if record.len() != header.len() {
        let fault = Fault::FieldCount {
            found: record.len(),
            expected: header.len(),
        };
        return Err(LoadError::at(file, line, fault));
    }
    record.deserialize(Some(header)).map_err(|fault| {
        let csv::ErrorKind::Deserialize { err, .. } = fault.kind() else {
            return field_error(file, line, "row", &fault);
        };
        let place = err.field().and_then(|place| usize::try_from(place).ok());
        let name = place.and_then(|place| header.get(place)).unwrap_or("row");
        let value = place.and_then(|place| record.get(place)).unwrap_or("");
        let fault = format!("{value:?}: {}", err.kind());
        field_error(file, line, name, &fault)
    })
}

/// The parts of a row that must agree, and its lists, which must be lists of numbers.
fn check_sums(file: &Path, line: u64, row: &Measurement) -> Result<(), LoadError> {
    let parts = [
        row.socket_errors_connect,
        row.socket_errors_read,
        row.socket_errors_write,
        row.socket_errors_timeout,
    ];
    if let (Some(total), [Some(a), Some(b), Some(c), Some(d)]) = (row.socket_errors, parts)
        && [a, b, c, d].into_iter().try_fold(0, u64::checked_add) != Some(total)
    {
        let fault = format!("{total} is not the sum of its four parts");
        return Err(field_error(file, line, "socket_errors", &fault));
    }
    check_classes(file, line, row)?;
    for (field, list) in [
        ("accepts_by_worker", &row.accepts_by_worker),
        ("requests_by_worker", &row.requests_by_worker),
        ("server_cpu_by_thread_us", &row.server_cpu_by_thread_us),
        (
            "server_cpu_user_by_thread_us",
            &row.server_cpu_user_by_thread_us,
        ),
        ("client_cpu_by_thread_us", &row.client_cpu_by_thread_us),
        ("host_cpu_busy_by_cpu_us", &row.host_cpu_busy_by_cpu_us),
        (
            "host_cpu_softirq_by_cpu_us",
            &row.host_cpu_softirq_by_cpu_us,
        ),
        ("host_cpu_steal_by_cpu_us", &row.host_cpu_steal_by_cpu_us),
        (
            "client_host_cpu_busy_by_cpu_us",
            &row.client_host_cpu_busy_by_cpu_us,
        ),
    ] {
        if listed(list).is_none() {
            let fault = format!("{list:?} is not a list of numbers with `;` between them");
            return Err(field_error(file, line, field, &fault));
        }
    }
    check_user_by_thread(file, line, row)
}

/// What each thread spent in user mode is a part of all that it spent, where it was read.
fn check_user_by_thread(file: &Path, line: u64, row: &Measurement) -> Result<(), LoadError> {
    let lists = [
        &row.server_cpu_by_thread_us,
        &row.server_cpu_user_by_thread_us,
    ];
    let [Some(all), Some(user)] = lists.map(|list| listed(list)) else {
        return Ok(());
    };
    let parts = all.len() == user.len() && all.iter().zip(&user).all(|(all, user)| user <= all);
    if user.is_empty() || parts {
        return Ok(());
    }
    let fault = format!("{user:?} are no parts of {all:?}");
    Err(field_error(
        file,
        line,
        "server_cpu_user_by_thread_us",
        &fault,
    ))
}

/// The classes of a machine's CPU time are all that it was busy with, where they were read.
fn check_classes(file: &Path, line: u64, row: &Measurement) -> Result<(), LoadError> {
    for (field, busy, classes) in [
        (
            "host_cpu_busy_us",
            row.host_cpu_busy_us,
            [
                row.host_cpu_user_us,
                row.host_cpu_system_us,
                row.host_cpu_softirq_us,
            ],
        ),
        (
            "client_host_cpu_busy_us",
            row.client_host_cpu_busy_us,
            [
                row.client_host_cpu_user_us,
                row.client_host_cpu_system_us,
                row.client_host_cpu_softirq_us,
            ],
        ),
    ] {
        // An older version has neither.
        let [user, system, _] = classes;
        let Some(busy) = busy.filter(|_| user.is_some() || system.is_some()) else {
            continue;
        };
        let sum = (classes.into_iter()).try_fold(0_u64, |sum, class| sum.checked_add(class?));
        if sum != Some(busy) {
            let fault = format!("{busy} is not the sum of its three parts");
            return Err(field_error(file, line, field, &fault));
        }
    }
    Ok(())
}

/// A list of numbers by worker, thread or processor; empty where it was not measured, `None` where it is
/// no such list.
pub(crate) fn listed(list: &str) -> Option<Vec<u64>> {
    if list.is_empty() {
        return Some(Vec::new());
    }
    list.split(';').map(|count| count.parse().ok()).collect()
}

/// One binary an arm, the one that `environment.json` names for its subject.
///
/// A measurement that failed before the server started has no hash.
pub(super) fn check_binaries(
    file: &Path,
    rows: &[NumberedRow],
    plan: &Plan,
    environment: &Environment,
) -> Result<(), LoadError> {
    let mut first: BTreeMap<usize, (&str, u64)> = BTreeMap::new();
    for NumberedRow { line, row } in rows {
        let found = row.measurement.subject_sha256.as_str();
        if found.is_empty() && !row.measurement.error.is_empty() {
            continue;
        }
        let arm = &plan.arms[row.key.arm];
        let refuse = |expected: &str, elsewhere: String| {
            let fault = Fault::MixedBinaries {
                arm: arm.name.clone(),
                found: found.to_owned(),
                expected: expected.to_owned(),
                elsewhere,
            };
            Err(LoadError::at(file, *line, fault))
        };
        let (expected, first_line) = *first.entry(row.key.arm).or_insert((found, *line));
        if found != expected {
            return refuse(expected, format!("line {first_line}"));
        }
        match environment.subjects.get(&arm.subject) {
            Some(subject) if subject.sha256 == found => {}
            Some(subject) => {
                return refuse(
                    &subject.sha256,
                    format!("environment.json (subjects.{}.sha256)", arm.subject),
                );
            }
            None => {
                return refuse("", format!("environment.json (subjects.{})", arm.subject));
            }
        }
    }
    Ok(())
}

fn field_error(file: &Path, line: u64, field: &str, fault: &impl ToString) -> LoadError {
    let fault = Fault::Field {
        field: field.to_owned(),
        fault: fault.to_string(),
    };
    LoadError::at(file, line, fault)
}
