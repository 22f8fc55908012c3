//! Appends measurements to the results folder as they come.

use std::fs::File;
use std::io;

use anyhow::{Context, Error, Result};
use nix::errno::Errno;
use records::{LOAD_FILE, LoadRecord, MEASUREMENTS_FILE, Measurement, SERIES_FILE, SeriesRecord};
use serde::Serialize;

use super::append::{AppendFile, Medium};

/// Writes the files that grow.
#[derive(Debug)]
pub struct Recorder<M = File> {
    rows: AppendFile<M>,
    load: AppendFile<M>,
    series: AppendFile<M>,
}

impl<M: Medium> Recorder<M> {
    /// Writes rows to `rows`, histograms to `load`, readings to `series`.
    pub fn new(rows: AppendFile<M>, load: AppendFile<M>, series: AppendFile<M>) -> Self {
        Self { rows, load, series }
    }

    /// Records a measurement. The row comes last: a cell that has one is finished.
    ///
    /// # Errors
    /// When it cannot be written; all files are then as they were before.
    pub fn record(
        &mut self,
        row: &Measurement,
        load: Option<&LoadRecord>,
        series: Option<&SeriesRecord>,
    ) -> Result<()> {
        let (loads, all_series) = (self.load.length(), self.series.length());
        let recorded = self.append(row, load, series);
        if recorded.is_err() {
            let place =
                |file| format!("cannot take the last line of {file} back, whose row failed");
            let taken_back = self.load.truncate(loads);
            taken_back.with_context(|| place(LOAD_FILE))?;
            let taken_back = self.series.truncate(all_series);
            taken_back.with_context(|| place(SERIES_FILE))?;
        }
        recorded
    }

    fn append(
        &mut self,
        row: &Measurement,
        load: Option<&LoadRecord>,
        series: Option<&SeriesRecord>,
    ) -> Result<()> {
        append_line(&mut self.series, SERIES_FILE, series)?;
        append_line(&mut self.load, LOAD_FILE, load)?;
        let appended = self.rows.append(&csv_line(row)?);
        appended.map_err(|error| explain(error, MEASUREMENTS_FILE))
    }
}

fn append_line<M: Medium>(
    file: &mut AppendFile<M>,
    name: &str,
    record: Option<&impl Serialize>,
) -> Result<()> {
    let Some(record) = record else {
        return Ok(());
    };
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    file.append(&line).map_err(|error| explain(error, name))
}

fn explain(error: io::Error, file: &str) -> Error {
    let full = [Errno::ENOSPC, Errno::EDQUOT, Errno::EFBIG]
        .iter()
        .any(|errno| error.raw_os_error() == Some(*errno as i32));
    let advice = if full {
        "the disk is full; the finished rows are safe: free some space, then go on with --resume"
    } else {
        "the finished rows are safe: see to the disk, then go on with --resume"
    };
    Error::new(error).context(format!("cannot write {file}: {advice}"))
}

/// One line: a line break inside a field would make two of it.
fn csv_line(row: &Measurement) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    let single_line = Measurement {
        error: row.error.replace(['\n', '\r'], "; "),
        ..row.clone()
    };
    writer.serialize(single_line)?;
    Ok(writer.into_inner()?)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use records::LoadPoint;

    use super::*;

    /// A disk of a few bytes, of which a write takes what fits.
    #[derive(Clone, Default)]
    struct Disk(Rc<RefCell<State>>);

    #[derive(Default)]
    struct State {
        bytes: Vec<u8>,
        capacity: usize,
        fail_sync: bool,
    }

    impl Medium for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut state = self.0.borrow_mut();
            let room = state.capacity - state.bytes.len();
            let n = bytes.len().min(room);
            if n == 0 {
                return Err(Errno::ENOSPC.into());
            }
            state.bytes.extend_from_slice(&bytes[..n]);
            Ok(n)
        }

        fn sync(&mut self) -> io::Result<()> {
            if self.0.borrow().fail_sync {
                return Err(Errno::EIO.into());
            }
            Ok(())
        }

        fn truncate(&mut self, length: u64) -> io::Result<()> {
            self.0
                .borrow_mut()
                .bytes
                .truncate(usize::try_from(length).unwrap());
            Ok(())
        }
    }

    fn disk(capacity: usize) -> Disk {
        let disk = Disk::default();
        disk.0.borrow_mut().capacity = capacity;
        disk
    }

    /// Rows, histograms, readings.
    fn recorder(disks: &[Disk; 3]) -> Recorder<Disk> {
        let [rows, load, series] = disks.clone().map(|disk| AppendFile::new(disk, 0));
        Recorder::new(rows, load, series)
    }

    fn disks(capacities: [usize; 3]) -> [Disk; 3] {
        capacities.map(disk)
    }

    fn bytes(disk: &Disk) -> Vec<u8> {
        disk.0.borrow().bytes.clone()
    }

    fn lines(disk: &Disk) -> usize {
        bytes(disk).iter().filter(|byte| **byte == b'\n').count()
    }

    fn record() -> (Measurement, LoadRecord, SeriesRecord) {
        let row = Measurement {
            arm: "a".to_owned(),
            error: "one\ntwo".to_owned(),
            ..Measurement::default()
        };
        let load = LoadRecord {
            block: 0,
            arm: "a".to_owned(),
            load: LoadPoint::default(),
            server_command: Vec::new(),
            client_command: Vec::new(),
            start_line: String::new(),
            latency_histogram: String::new(),
            latency_corrected_by: "none".to_owned(),
        };
        let series = SeriesRecord {
            block: 0,
            arm: "a".to_owned(),
            load: LoadPoint::default(),
            at_ms: vec![0, 100],
            requests: vec![0, 7],
            server_cpu_us: vec![0, 8],
            client_cpu_us: vec![0, 9],
        };
        (row, load, series)
    }

    #[test]
    fn a_row_is_one_line() {
        let disks = disks([4096; 3]);
        let (row, load, series) = record();
        let mut recorder = recorder(&disks);
        recorder.record(&row, Some(&load), Some(&series)).unwrap();
        recorder.record(&row, None, None).unwrap();
        let text = String::from_utf8(bytes(&disks[0])).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("one; two") && text.ends_with('\n'));
        assert_eq!(disks.each_ref().map(lines), [2, 1, 1]);
    }

    #[test]
    fn a_full_disk_keeps_whole_rows_and_no_line_without_its_row() {
        let (row, load, series) = record();
        let row_bytes = csv_line(&row).unwrap().len();
        for capacity in row_bytes * 2..row_bytes * 3 {
            let disks = disks([capacity, 4096, 4096]);
            let mut recorder = recorder(&disks);
            for _ in 0..2 {
                recorder.record(&row, Some(&load), Some(&series)).unwrap();
            }
            let failed = recorder.record(&row, Some(&load), Some(&series));
            let error = failed.unwrap_err();
            assert!(error.to_string().contains("the disk is full"), "{error}");
            assert_eq!(bytes(&disks[0]).len(), row_bytes * 2);
            assert_eq!(disks.each_ref().map(lines), [2, 2, 2]);
            // After space was made, it goes on where it was.
            disks[0].0.borrow_mut().capacity = 4096;
            recorder.record(&row, None, None).unwrap();
            assert_eq!(bytes(&disks[0]).len(), row_bytes * 3);
        }
    }

    #[test]
    fn a_line_that_does_not_fit_takes_no_row_with_it() {
        let (row, load, series) = record();
        for (capacities, file) in [
            ([4096, 10, 4096], LOAD_FILE),
            ([4096, 4096, 10], SERIES_FILE),
        ] {
            let disks = disks(capacities);
            let recorded = recorder(&disks).record(&row, Some(&load), Some(&series));
            let error = recorded.unwrap_err();
            assert!(error.to_string().contains(file), "{error}");
            assert!(disks.iter().all(|disk| bytes(disk).is_empty()), "{file}");
        }
    }

    #[test]
    fn a_row_that_is_not_on_the_disk_is_not_kept() {
        let disks = disks([4096; 3]);
        disks[0].0.borrow_mut().fail_sync = true;
        let (row, load, series) = record();
        let recorded = recorder(&disks).record(&row, Some(&load), Some(&series));
        assert!(recorded.is_err());
        assert!(disks.iter().all(|disk| bytes(disk).is_empty()));
    }
}
