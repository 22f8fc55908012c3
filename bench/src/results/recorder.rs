//! Appends measurements to the results folder as they come.

use std::fs::File;
use std::io;

use anyhow::{Context, Error, Result};
use nix::errno::Errno;
use records::{LOAD_FILE, LoadRecord, MEASUREMENTS_FILE, Measurement};

use super::append::{AppendFile, Medium};

/// Writes the two files that grow.
#[derive(Debug)]
pub struct Recorder<M = File> {
    rows: AppendFile<M>,
    load: AppendFile<M>,
}

impl<M: Medium> Recorder<M> {
    /// Writes rows to `rows` and histograms to `load`.
    pub fn new(rows: AppendFile<M>, load: AppendFile<M>) -> Self {
        Self { rows, load }
    }

    /// Records a measurement. The row comes last: a cell that has one is finished.
    ///
    /// # Errors
    /// When it cannot be written; both files are then as they were before.
    pub fn record(&mut self, row: &Measurement, load: Option<&LoadRecord>) -> Result<()> {
        let before = self.load.length();
        if let Some(load) = load {
            let mut line = serde_json::to_vec(load)?;
            line.push(b'\n');
            let appended = self.load.append(&line);
            appended.map_err(|error| explain(error, LOAD_FILE))?;
        }
        if let Err(error) = self.rows.append(&csv_line(row)?) {
            self.load.truncate(before).with_context(|| {
                format!("cannot take the last line of {LOAD_FILE} back, whose row failed")
            })?;
            return Err(explain(error, MEASUREMENTS_FILE));
        }
        Ok(())
    }
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

    fn recorder(rows: &Disk, load: &Disk) -> Recorder<Disk> {
        Recorder::new(
            AppendFile::new(rows.clone(), 0),
            AppendFile::new(load.clone(), 0),
        )
    }

    fn record() -> (Measurement, LoadRecord) {
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
        (row, load)
    }

    #[test]
    fn a_row_is_one_line() {
        let (rows, load) = (disk(4096), disk(4096));
        let (row, line) = record();
        let mut recorder = recorder(&rows, &load);
        recorder.record(&row, Some(&line)).unwrap();
        recorder.record(&row, None).unwrap();
        let text = String::from_utf8(rows.0.borrow().bytes.clone()).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("one; two") && text.ends_with('\n'));
        assert_eq!(
            load.0
                .borrow()
                .bytes
                .iter()
                .filter(|b| **b == b'\n')
                .count(),
            1
        );
    }

    #[test]
    fn a_full_disk_keeps_whole_rows_and_no_line_without_its_row() {
        let (row, line) = record();
        let row_bytes = csv_line(&row).unwrap().len();
        for capacity in row_bytes * 2..row_bytes * 3 {
            let (rows, load) = (disk(capacity), disk(4096));
            let mut recorder = recorder(&rows, &load);
            recorder.record(&row, Some(&line)).unwrap();
            recorder.record(&row, Some(&line)).unwrap();
            let error = recorder.record(&row, Some(&line)).unwrap_err();
            assert!(error.to_string().contains("the disk is full"), "{error}");
            assert_eq!(rows.0.borrow().bytes.len(), row_bytes * 2);
            let lines = load
                .0
                .borrow()
                .bytes
                .iter()
                .filter(|b| **b == b'\n')
                .count();
            assert_eq!(lines, 2);
            // After space was made, it goes on where it was.
            rows.0.borrow_mut().capacity = 4096;
            recorder.record(&row, None).unwrap();
            assert_eq!(rows.0.borrow().bytes.len(), row_bytes * 3);
        }
    }

    #[test]
    fn a_histogram_that_does_not_fit_takes_no_row_with_it() {
        let (rows, load) = (disk(4096), disk(10));
        let (row, line) = record();
        let error = recorder(&rows, &load)
            .record(&row, Some(&line))
            .unwrap_err();
        assert!(error.to_string().contains(LOAD_FILE), "{error}");
        assert!(rows.0.borrow().bytes.is_empty() && load.0.borrow().bytes.is_empty());
    }

    #[test]
    fn a_row_that_is_not_on_the_disk_is_not_kept() {
        let (rows, load) = (disk(4096), disk(4096));
        rows.0.borrow_mut().fail_sync = true;
        let (row, line) = record();
        assert!(recorder(&rows, &load).record(&row, Some(&line)).is_err());
        assert!(rows.0.borrow().bytes.is_empty() && load.0.borrow().bytes.is_empty());
    }
}
