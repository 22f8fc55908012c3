//! The schedule and the results folder, with a stand-in for the measuring.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use bench::interrupt::Interrupt;
use bench::results::Folder;
use bench::runner::{self, Ended, Executor, Measured, Observer};
use bench::schedule::{Cell, schedule};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use records::{
    LOAD_FILE, LoadRecord, MEASUREMENTS_FILE, Measurement, Plan, SERIES_FILE, SeriesRecord,
};
use support::{cells, environment, loads, plan, rows, series};
use tempfile::TempDir;

/// Measures nothing: it notes its calls, fails for one arm, and is interrupted in one cell.
#[derive(Default)]
struct Mock {
    calls: Vec<Cell>,
    failing_arm: Option<&'static str>,
    interrupted_in: Option<usize>,
    interrupt: Interrupt,
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

struct Silent;

impl Observer for Silent {
    fn begins(&mut self, _: &Cell) {}
    fn recorded(&mut self, _: &Cell, _: &Measurement) {}
}

fn measured(cell: &Cell) -> Measured {
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

struct Run {
    _directory: TempDir,
    path: PathBuf,
    plan: Plan,
}

impl Run {
    fn new(blocks: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run");
        Self {
            path,
            plan: plan(blocks, 11),
            _directory: directory,
        }
    }

    fn start(&self, mock: &mut Mock) -> Ended {
        let folder = Folder::create(Some(&self.path), "", &self.plan, &environment()).unwrap();
        self.go_on(folder, mock)
    }

    fn resume(&self, mock: &mut Mock) -> Ended {
        let folder = Folder::resume(&self.path, &self.plan, &environment()).unwrap();
        self.go_on(folder, mock)
    }

    fn go_on(&self, mut folder: Folder, mock: &mut Mock) -> Ended {
        let cells = runner::remaining(schedule(&self.plan), &folder.done);
        let interrupt = mock.interrupt.clone();
        runner::run(&cells, mock, &mut folder.recorder, &mut Silent, &interrupt).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn cells_are_measured_in_the_order_of_the_plan_and_recorded_in_it() {
    let run = Run::new(3);
    let mut mock = Mock::default();
    assert_eq!(run.start(&mut mock), Ended::Complete);
    assert_eq!(mock.calls, schedule(&run.plan));
    let sequence: Vec<u32> = rows(&run.path).iter().map(|row| row.sequence).collect();
    assert_eq!(sequence, (0..12).collect::<Vec<u32>>());
    assert_eq!(loads(&run.path).len(), 12);
}

#[test]
fn a_failing_arm_has_rows_with_its_error_and_stops_nothing() {
    let run = Run::new(2);
    let mut mock = Mock {
        failing_arm: Some("kio-uring"),
        ..Mock::default()
    };
    assert_eq!(run.start(&mut mock), Ended::Complete);
    let rows = rows(&run.path);
    assert_eq!(rows.len(), 8);
    for row in rows {
        let failed = row.arm == "kio-uring";
        assert_eq!(row.error == "it did not start:; no ring", failed, "{row:?}");
    }
    assert_eq!((loads(&run.path).len(), series(&run.path).len()), (4, 4));
}

/// A machine that is lost in its third cell.
struct Lost(u32);

impl Executor for Lost {
    fn measure(&mut self, cell: &Cell) -> anyhow::Result<Measured> {
        self.0 += 1;
        anyhow::ensure!(self.0 < 3, "it cannot be reached any more");
        Ok(measured(cell))
    }
}

#[test]
fn a_machine_that_is_lost_ends_the_run_with_its_rows_kept() {
    let run = Run::new(1);
    let mut folder = Folder::create(Some(&run.path), "", &run.plan, &environment()).unwrap();
    let (cells, interrupt) = (schedule(&run.plan), Interrupt::default());
    let ended = runner::run(
        &cells,
        &mut Lost(0),
        &mut folder.recorder,
        &mut Silent,
        &interrupt,
    );
    let message = ended.unwrap_err().to_string();
    assert_eq!(message, "it cannot be reached any more");
    drop(folder);
    assert_eq!(rows(&run.path).len(), 2);
    let mut second = Mock::default();
    assert_eq!(run.resume(&mut second), Ended::Complete);
    assert_eq!(second.calls, cells[2..]);
}

#[test]
fn a_run_interrupted_anywhere_and_resumed_has_the_cells_of_an_unbroken_one() {
    let unbroken = Run::new(2);
    unbroken.start(&mut Mock::default());
    for cell in 0..8 {
        let run = Run::new(2);
        let mut first = Mock {
            interrupted_in: Some(cell),
            ..Mock::default()
        };
        assert_eq!(run.start(&mut first), Ended::Interrupted);
        assert_eq!(rows(&run.path).len(), cell, "the cell under way has no row");
        let mut second = Mock::default();
        assert_eq!(run.resume(&mut second), Ended::Complete);
        assert_eq!(second.calls, schedule(&run.plan)[cell..]);
        assert_eq!(cells(&run.path), cells(&unbroken.path));
        assert_eq!(rows(&run.path), rows(&unbroken.path));
    }
}

#[test]
fn what_a_kill_tore_is_removed_aloud_and_measured_again() {
    let unbroken = Run::new(1);
    unbroken.start(&mut Mock::default());
    let row = fs::read_to_string(unbroken.file(MEASUREMENTS_FILE)).unwrap();
    let row = row.lines().last().unwrap().as_bytes();
    let line = fs::read_to_string(unbroken.file(LOAD_FILE)).unwrap();
    let line = line.lines().last().unwrap().as_bytes();
    let whole_line = [line, b"\n"].concat();
    let readings = fs::read_to_string(unbroken.file(SERIES_FILE)).unwrap();
    let readings = readings.lines().last().unwrap().as_bytes();
    let whole_readings = [readings, b"\n"].concat();
    let half = line.len() / 2;
    // In the order of the three writes: within each of them, and between them.
    let kills: [([&[u8]; 3], usize); 6] = [
        ([&readings[..half], b"", b""], 1),
        ([&whole_readings, b"", b""], 1),
        ([&whole_readings, &line[..half], b""], 2),
        ([&whole_readings, &whole_line, b""], 2),
        ([&whole_readings, &whole_line, &row[..1]], 3),
        ([&whole_readings, &whole_line, row], 3),
    ];
    for ([series_tail, load_tail, row_tail], removals) in kills {
        let run = Run::new(1);
        let mut first = Mock {
            interrupted_in: Some(3),
            ..Mock::default()
        };
        run.start(&mut first);
        append(&run.file(SERIES_FILE), series_tail);
        append(&run.file(LOAD_FILE), load_tail);
        append(&run.file(MEASUREMENTS_FILE), row_tail);
        let folder = Folder::resume(&run.path, &run.plan, &environment()).unwrap();
        assert_eq!(folder.removed.len(), removals, "{:?}", folder.removed);
        let mut second = Mock::default();
        assert_eq!(run.go_on(folder, &mut second), Ended::Complete);
        assert_eq!(second.calls, schedule(&run.plan)[3..]);
        assert_eq!(cells(&run.path), cells(&unbroken.path));
        assert_eq!((loads(&run.path).len(), series(&run.path).len()), (4, 4));
    }
}

#[test]
fn a_torn_header_is_written_again() {
    let run = Run::new(1);
    run.start(&mut Mock {
        interrupted_in: Some(0),
        ..Mock::default()
    });
    fs::write(run.file(MEASUREMENTS_FILE), "block,sequ").unwrap();
    assert_eq!(run.resume(&mut Mock::default()), Ended::Complete);
    assert_eq!(rows(&run.path).len(), 4);
}

#[test]
fn another_plan_binary_or_machine_is_refused_by_its_difference() {
    let run = Run::new(1);
    run.start(&mut Mock::default());
    let refused = |plan: &Plan, environment: &records::Environment, part: &str| {
        let error = Folder::resume(&run.path, plan, environment).unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains(part), "{message}");
    };
    refused(&plan(1, 12), &environment(), "`seed` was 11 and is now 12");
    refused(&plan(2, 11), &environment(), "`blocks`");
    let mut other = environment();
    other.server.kernel_release = "1.0".to_owned();
    refused(&run.plan, &other, "server.kernel_release was ");

    let subject = |sha256: &str| records::SubjectFile {
        sha256: sha256.to_owned(),
        bytes: 1,
        compilers: Vec::new(),
    };
    let mut measured = environment();
    measured.subjects.insert("kio-rs".to_owned(), subject("aa"));
    let text = serde_json::to_string(&measured).unwrap();
    fs::write(run.file(records::ENVIRONMENT_FILE), text).unwrap();
    let mut rebuilt = environment();
    rebuilt.subjects.insert("kio-rs".to_owned(), subject("bb"));
    refused(&run.plan, &rebuilt, "subject `kio-rs` is another binary");
}

#[test]
fn damage_that_no_kill_explains_is_refused() {
    let refused = |damage: fn(&Run), part: &str| {
        let run = Run::new(1);
        run.start(&mut Mock::default());
        damage(&run);
        let error = Folder::resume(&run.path, &run.plan, &environment()).unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains(part), "{message}");
    };
    let twice = |run: &Run| {
        let text = fs::read_to_string(run.file(MEASUREMENTS_FILE)).unwrap();
        let last = text.lines().last().unwrap();
        append(&run.file(MEASUREMENTS_FILE), format!("{last}\n").as_bytes());
    };
    refused(twice, "two entries of block 0");
    refused(
        |run| append(&run.file(MEASUREMENTS_FILE), b"0,x\n"),
        "line: 6",
    );
    refused(|run| append(&run.file(LOAD_FILE), b"{}\n"), "load.jsonl:5");
    let lines = |run: &Run| append(&run.file(SERIES_FILE), b"{}\n");
    refused(lines, "series.jsonl:5");
    refused(
        |run| fs::write(run.file(MEASUREMENTS_FILE), "block,arm\n").unwrap(),
        "another version",
    );
    refused(
        |run| fs::remove_file(run.file(records::EXPERIMENT_FILE)).unwrap(),
        "experiment.toml",
    );
}

#[test]
fn a_folder_with_anything_in_it_is_not_taken() {
    let run = Run::new(1);
    run.start(&mut Mock::default());
    let again = Folder::create(Some(&run.path), "", &run.plan, &environment());
    let message = again.unwrap_err().to_string();
    assert!(
        message.contains("not empty") && message.contains("--resume"),
        "{message}"
    );
}

#[test]
fn a_folder_has_one_writer_at_a_time() {
    let run = Run::new(1);
    let refused = || {
        let error = Folder::resume(&run.path, &run.plan, &environment()).unwrap_err();
        let message = error.to_string();
        let expected = format!(
            "another `bench run` is writing to {}; wait for it or end it",
            run.path.display()
        );
        assert_eq!(message, expected);
    };
    let new = Folder::create(Some(&run.path), "", &run.plan, &environment()).unwrap();
    refused();
    drop(new);
    let resumed = Folder::resume(&run.path, &run.plan, &environment()).unwrap();
    refused();
    drop(resumed);
    assert_eq!(run.resume(&mut Mock::default()), Ended::Complete);
}

#[test]
fn a_full_disk_stops_the_run_with_whole_rows_that_resume() {
    let directory = tempfile::tempdir().unwrap();
    let size = |kib: u32| format!("size={kib}k");
    let disk = directory.path();
    let tmpfs = |flags, size: String| {
        mount(
            Some("tmpfs"),
            disk,
            Some("tmpfs"),
            flags,
            Some(size.as_str()),
        )
    };
    if let Err(error) = tmpfs(MsFlags::empty(), size(32)) {
        eprintln!("SKIPPED: a small disk cannot be mounted ({error}); this test needs root");
        return;
    }
    let path = disk.join("run");
    let plan = plan(100, 1);
    let mut folder = Folder::create(Some(&path), "", &plan, &environment()).unwrap();
    let all = schedule(&plan);
    let (mut mock, interrupt) = (Mock::default(), Interrupt::default());
    let ended = runner::run(
        &all,
        &mut mock,
        &mut folder.recorder,
        &mut Silent,
        &interrupt,
    );
    let message = format!("{:#}", ended.unwrap_err());
    let kept = cells(&path).len();
    drop(folder);

    tmpfs(MsFlags::MS_REMOUNT, size(4096)).unwrap();
    let mut folder = Folder::resume(&path, &plan, &environment()).unwrap();
    let removed = folder.removed.clone();
    let left = runner::remaining(schedule(&plan), &folder.done);
    let ended = runner::run(
        &left,
        &mut mock,
        &mut folder.recorder,
        &mut Silent,
        &interrupt,
    );
    let complete = (ended.unwrap(), cells(&path).len(), loads(&path).len());
    // At once, although the folder still has files open.
    umount2(disk, MntFlags::MNT_DETACH).unwrap();

    assert!(message.contains("the disk is full"), "{message}");
    assert!(kept > 0 && kept < all.len(), "{kept} rows fitted");
    assert!(removed.is_empty(), "a row was torn: {removed:?}");
    assert_eq!(complete, (Ended::Complete, 400, 400));
}
