//! The data frames: derivation and aggregation with polars, and pairing. Nothing outside this module
//! knows of polars.

mod cells;
mod measures;
mod pairs;
mod parquet;

use polars::prelude::{DataFrame, PolarsError};

use crate::load::{Key, Run};
use crate::metric::Derived;

pub use cells::CellMedians;
pub use pairs::Paired;
pub use parquet::Values;

/// A fault inside the frames; the input was checked before, so it is a fault of the program.
#[derive(Debug, thiserror::Error)]
#[error("the data frame could not be computed: {0}; this is a fault of analysis, please report it")]
pub struct FrameError(#[from] PolarsError);

/// What is derived from the measurements of a run.
#[derive(Clone, Debug)]
pub struct Measures {
    /// A row a measurement, with the derived quantities as columns.
    frame: DataFrame,
    /// Which measurements, in their order.
    keys: Vec<Key>,
    /// The same quantities.
    derived: Vec<Derived>,
}

impl Measures {
    /// Derives all quantities of all measurements of a run.
    pub fn derive(run: &Run) -> Result<Self, FrameError> {
        let frame = measures::derive(run)?;
        Ok(Self {
            derived: measures::extract(&frame)?,
            keys: run.rows.iter().map(|row| row.key).collect(),
            frame,
        })
    }

    /// The derived quantities, in the order of the run's rows.
    pub fn rows(&self) -> &[Derived] {
        &self.derived
    }

    /// The derived quantities alone.
    pub fn into_rows(self) -> Vec<Derived> {
        self.derived
    }

    /// Medians over the measurements that count, a cell each, in the order of arms and load points. Which
    /// count is in the order of the run's rows.
    pub fn cell_medians(&self, counted: &[bool]) -> Result<Vec<CellMedians>, FrameError> {
        Ok(cells::medians(&self.frame, counted)?)
    }

    /// The blocks in which both arms have a valid measurement, by load point and block. Which are
    /// valid is in the order of the run's rows.
    pub fn pairs(&self, valid: &[bool], ours: usize, base: usize) -> Vec<Paired> {
        let of = |arm: usize| {
            let from = self.keys.partition_point(|key| key.arm < arm);
            let to = self.keys.partition_point(|key| key.arm <= arm);
            (from..to)
                .filter(|row| valid[*row])
                .map(|row| (self.keys[row], &self.derived[row]))
        };
        pairs::pairs(of(ours), of(base))
    }
}

/// Columns as the bytes of a Parquet file.
pub fn parquet(columns: Vec<(String, Values)>) -> Result<Vec<u8>, FrameError> {
    Ok(parquet::parquet(columns)?)
}
