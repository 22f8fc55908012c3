//! When a run ends, with a stand-in for the measuring.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use bench::interrupt::Interrupt;
use bench::results::Folder;
use bench::runner::{self, Ended, Executor, Measured, Observer};
use bench::schedule::{Cell, schedule};
use bench::stop;
use records::{END_FILE, End, EndReason, Measurement, Plan, Role, StopRule};
use support::{environment, rows};

/// Rows of a known speed; it is interrupted in one cell.
struct Mock {
    /// Per mille by which blocks differ, in turns.
    noise: u64,
    seconds_a_cell: u64,
    measured: usize,
    interrupted_in: Option<usize>,
    interrupt: Interrupt,
}

impl Executor for Mock {
    fn measure(&mut self, cell: &Cell) -> Measured {
        if self.interrupted_in == Some(self.measured) {
            self.interrupt.set();
        }
        self.measured += 1;
        let odd = u64::from(cell.block % 2) * u64::from(cell.arm.name == "kio-uring");
        Measured {
            row: Measurement {
                block: cell.block,
                sequence: cell.sequence,
                arm: cell.arm.name.clone(),
                started_unix_ms: 1_000_000 + u64::from(cell.sequence) * self.seconds_a_cell * 1000,
                window_us: Some(1_000_000),
                requests: Some(100_000),
                steady_requests: Some(100_000),
                steady_server_cpu_us: Some(500_000 + 500 * self.noise * odd),
                client_cpu_us: Some(990_000),
                ..Measurement::at(&cell.load)
            },
            load: None,
        }
    }
}

struct Silent;

impl Observer for Silent {
    fn begins(&mut self, _: &Cell) {}
    fn recorded(&mut self, _: &Cell, _: &Measurement) {}
}

struct Run {
    _directory: tempfile::TempDir,
    path: PathBuf,
    plan: Plan,
}

impl Run {
    fn new(rule: Option<StopRule>) -> Self {
        let mut plan = support::plan(20, 11);
        plan.stop = rule;
        for arm in &mut plan.arms {
            arm.role = Role::Side;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run");
        Self {
            path,
            plan,
            _directory: directory,
        }
    }

    fn go(&self, mock: &mut Mock) -> Ended {
        let environment = environment();
        let mut folder = if self.path.exists() {
            Folder::resume(&self.path, &self.plan, &environment).unwrap()
        } else {
            Folder::create(Some(&self.path), "", &self.plan, &environment).unwrap()
        };
        let cells = runner::remaining(schedule(&self.plan), &folder.done);
        let interrupt = mock.interrupt.clone();
        let path = folder.path.clone();
        stop::run(
            &self.plan,
            &path,
            &cells,
            mock,
            &mut folder.recorder,
            &mut Silent,
            &interrupt,
        )
        .unwrap()
    }
}

fn rule() -> Option<StopRule> {
    Some(StopRule {
        half_width_permille: 30,
        budget_s: 600,
        least_blocks: 12,
    })
}

fn mock(noise: u64, seconds_a_cell: u64) -> Mock {
    Mock {
        noise,
        seconds_a_cell,
        measured: 0,
        interrupted_in: None,
        interrupt: Interrupt::default(),
    }
}

fn end(path: &Path) -> End {
    serde_json::from_str(&fs::read_to_string(path.join(END_FILE)).unwrap()).unwrap()
}

#[test]
fn a_sharp_run_ends_after_its_least_blocks_and_says_so() {
    let run = Run::new(rule());
    assert_eq!(run.go(&mut mock(1, 2)), Ended::Complete);
    let end = end(&run.path);
    assert_eq!((end.reason, end.blocks), (EndReason::Sharp, 12));
    assert_eq!(
        rows(&run.path).len(),
        12 * run.plan.arms.len() * run.plan.load_points.len()
    );
    let told = stop::told(&run.path).unwrap();
    assert!(
        told.contains("after 12 blocks") && told.contains("as sharp as asked"),
        "{told}"
    );
}

#[test]
fn a_noisy_run_goes_on_to_its_last_block() {
    let run = Run::new(rule());
    run.go(&mut mock(400, 2));
    assert_eq!(
        (end(&run.path).reason, end(&run.path).blocks),
        (EndReason::Blocks, 20)
    );
}

#[test]
fn a_run_whose_time_is_spent_begins_no_further_block() {
    let run = Run::new(rule());
    run.go(&mut mock(400, 30));
    let end = end(&run.path);
    let cells = (run.plan.arms.len() * run.plan.load_points.len()) as u64;
    assert_eq!(end.reason, EndReason::Budget);
    assert_eq!(u64::from(end.blocks), 600_u64.div_ceil(cells * 30));
    assert!(
        end.elapsed_s >= 600 && end.elapsed_s < 600 + cells * 30,
        "{end:?}"
    );
}

#[test]
fn without_a_rule_every_block_is_measured() {
    let run = Run::new(None);
    run.go(&mut mock(0, 2));
    assert_eq!(
        (end(&run.path).reason, end(&run.path).blocks),
        (EndReason::Blocks, 20)
    );
}

#[test]
fn interrupted_anywhere_and_resumed_it_ends_as_an_unbroken_one() {
    let unbroken = Run::new(rule());
    unbroken.go(&mut mock(1, 2));
    let last = rows(&unbroken.path).len();
    for cell in [0, 1, last / 2, last / 2 + 1, last - 1] {
        let run = Run::new(rule());
        let mut first = mock(1, 2);
        first.interrupted_in = Some(cell);
        assert_eq!(run.go(&mut first), Ended::Interrupted);
        assert!(
            !run.path.join(END_FILE).exists(),
            "an interrupted run has not ended"
        );
        assert_eq!(run.go(&mut mock(1, 2)), Ended::Complete);
        assert_eq!(end(&run.path), end(&unbroken.path));
        assert_eq!(rows(&run.path), rows(&unbroken.path));
    }
}

#[test]
fn a_run_killed_before_its_end_was_written_measures_nothing_more() {
    let run = Run::new(rule());
    run.go(&mut mock(1, 2));
    let before = end(&run.path);
    fs::remove_file(run.path.join(END_FILE)).unwrap();
    let mut again = mock(1, 2);
    assert_eq!(run.go(&mut again), Ended::Complete);
    assert_eq!((again.measured, end(&run.path)), (0, before));
}
