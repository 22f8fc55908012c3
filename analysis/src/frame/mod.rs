//! The data frames: derivation, aggregation and pairing with polars. Nothing outside this module
//! knows of polars.

mod cells;
mod measures;
mod pairs;
mod parquet;

use polars::prelude::{DataFrame, PolarsError};

use crate::load::Run;
use crate::metric::Derived;

pub use cells::CellMedians;
pub use pairs::Paired;
pub use parquet::Values;

/// A fault inside the frames; the input was checked before, so it is a fault of the program.
#[derive(Debug, thiserror::Error)]
#[error("the data frame could not be computed: {0}; this is a fault of analysis, please report it")]
pub struct FrameError(#[from] PolarsError);

/// The measurements as a frame: a row each, with the derived quantities as columns.
#[derive(Clone, Debug)]
pub struct Measures(DataFrame);

impl Measures {
    /// Derives all quantities of all measurements of a run.
    pub fn derive(run: &Run) -> Result<Self, FrameError> {
        Ok(Self(measures::derive(run)?))
    }

    /// The derived quantities, in the order of the run's rows.
    pub fn rows(&self) -> Result<Vec<Derived>, FrameError> {
        Ok(measures::extract(&self.0)?)
    }

    /// Notes which measurements passed all gates; in the order of the run's rows.
    pub fn with_validity(self, valid: &[bool]) -> Result<Self, FrameError> {
        Ok(Self(measures::with_validity(self.0, valid)?))
    }

    /// Medians over blocks, a cell each, in the order of arms and load points.
    pub fn cell_medians(&self) -> Result<Vec<CellMedians>, FrameError> {
        Ok(cells::medians(&self.0)?)
    }

    /// The blocks in which both arms have a valid measurement, by load point and block.
    pub fn pairs(&self, ours: usize, base: usize) -> Result<Vec<Paired>, FrameError> {
        Ok(pairs::pairs(&self.0, ours, base)?)
    }
}

/// Columns as the bytes of a Parquet file.
pub fn parquet(columns: Vec<(String, Values)>) -> Result<Vec<u8>, FrameError> {
    Ok(parquet::parquet(columns)?)
}
