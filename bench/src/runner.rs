//! Goes through the schedule: measures a cell, records it, goes on, whatever the cell came to.

use std::collections::BTreeSet;

use anyhow::Result;
use records::{LoadRecord, Measurement, SeriesRecord};

use crate::interrupt::Interrupt;
use crate::results::{Medium, Recorder};
use crate::schedule::{Cell, Key};

/// What came of a cell. A failure is a row as well, with its `error`.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The row.
    pub row: Measurement,
    /// What the load generator saw, when it had finished.
    pub load: Option<LoadRecord>,
    /// How the window went, when it did.
    pub series: Option<SeriesRecord>,
}

/// Measures cells.
pub trait Executor {
    /// Measures one.
    ///
    /// # Errors
    /// When no cell can be measured any more; this one is left for a run that goes on.
    fn measure(&mut self, cell: &Cell) -> Result<Measured>;
}

/// Hears of every cell.
pub trait Observer {
    /// A cell begins.
    fn begins(&mut self, cell: &Cell);
    /// A cell is recorded.
    fn recorded(&mut self, cell: &Cell, row: &Measurement);
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every cell has a row.
    Complete,
    /// The user ended it; the cell under way has no row.
    Interrupted,
}

/// The cells that have no row yet, in order.
pub fn remaining(cells: Vec<Cell>, done: &BTreeSet<Key>) -> Vec<Cell> {
    let missing = |cell: &Cell| !done.contains(&cell.key());
    cells.into_iter().filter(missing).collect()
}

/// Measures and records `cells` in order.
///
/// # Errors
/// When nothing can be measured any more, or a row cannot be recorded. Those before it are.
pub fn run<M: Medium>(
    cells: &[Cell],
    executor: &mut impl Executor,
    recorder: &mut Recorder<M>,
    observer: &mut impl Observer,
    interrupt: &Interrupt,
) -> Result<Ended> {
    for cell in cells {
        if interrupt.is_set() {
            return Ok(Ended::Interrupted);
        }
        observer.begins(cell);
        let measured = executor.measure(cell);
        if interrupt.is_set() {
            return Ok(Ended::Interrupted);
        }
        let measured = measured?;
        let Measured { row, load, series } = &measured;
        recorder.record(row, load.as_ref(), series.as_ref())?;
        observer.recorded(cell, &measured.row);
    }
    Ok(Ended::Complete)
}
