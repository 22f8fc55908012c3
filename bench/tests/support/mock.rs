//! A run in which a stand-in does the measuring.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use bench::interrupt::Interrupt;
use bench::results::Folder;
use bench::runner::{self, Ended, Executor, Measured, Observer};
use bench::schedule::{Cell, schedule};
use records::{LoadRecord, Measurement, Plan, SeriesRecord};
use tempfile::TempDir;

use super::{environment, plan};

/// Measures nothing: it notes its calls, fails for one arm, and is interrupted in one cell.
#[derive(Default)]
pub struct Mock {
    pub calls: Vec<Cell>,
    pub failing_arm: Option<&'static str>,
    pub interrupted_in: Option<usize>,
    pub interrupt: Interrupt,
}

impl Executor for Mock {
    fn measure(&mut self, cell: &Cell) -> anyhow::Result<Measured> {
        self.calls.push(cell.clone());
        if self.interrupted_in == Some(self.calls.len() - 1) {
            self.interrupt.set();
        }
        let mut measured = measured(cell);
        if self.failing_arm == Some(cell.arm.name.as_str()) {
            measured.row.error = "it did not start:\nno ring".to_owned();
            measured.load = None;
            measured.series = None;
        }
        Ok(measured)
    }
}

pub struct Silent;

impl Observer for Silent {
    fn begins(&mut self, _: &Cell) {}
    fn recorded(&mut self, _: &Cell, _: &Measurement) {}
}

pub fn measured(cell: &Cell) -> Measured {
    let (block, arm, load) = cell.key();
    Measured {
        row: Measurement {
            block,
            sequence: cell.sequence,
            arm: arm.clone(),
            connections: load.connections,
            pipeline: load.pipeline,
            requests: Some(u64::from(cell.sequence)),
            ..Measurement::default()
        },
        series: Some(SeriesRecord {
            block,
            arm: arm.clone(),
            load: load.clone(),
            at_ms: vec![0],
            requests: vec![0],
            server_cpu_us: vec![0],
            client_cpu_us: vec![0],
        }),
        load: Some(LoadRecord {
            block,
            arm,
            load: load.clone(),
            server_command: Vec::new(),
            client_command: Vec::new(),
            start_line: String::new(),
            latency_histogram: String::new(),
            latency_corrected_by: "none".to_owned(),
        }),
    }
}

pub struct Run {
    _directory: TempDir,
    pub path: PathBuf,
    pub plan: Plan,
}

impl Run {
    pub fn new(blocks: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run");
        Self {
            path,
            plan: plan(blocks, 11),
            _directory: directory,
        }
    }

    pub fn start(&self, mock: &mut Mock) -> Ended {
        let folder = Folder::create(Some(&self.path), "", &self.plan, &environment()).unwrap();
        self.go_on(folder, mock)
    }

    pub fn resume(&self, mock: &mut Mock) -> Ended {
        let folder = Folder::resume(&self.path, &self.plan, &environment()).unwrap();
        self.go_on(folder, mock)
    }

    pub fn go_on(&self, mut folder: Folder, mock: &mut Mock) -> Ended {
        let cells = runner::remaining(schedule(&self.plan), &folder.done);
        let interrupt = mock.interrupt.clone();
        runner::run(&cells, mock, &mut folder.recorder, &mut Silent, &interrupt).unwrap()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

pub fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}
