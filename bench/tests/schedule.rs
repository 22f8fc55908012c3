//! The order of a run's cells, and what interrupts it, with a stand-in for the measuring.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use bench::interrupt::Interrupt;
use bench::results::Folder;
use bench::runner::{self, Ended, Executor, Measured};
use bench::schedule::{Cell, schedule};
use support::mock::{Mock, Run, Silent, measured};
use support::{cells, environment, loads, rows, series};

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
