//! The latencies of a cell over its blocks.

use hdrhistogram::Histogram;
use hdrhistogram::errors::AdditionError;

use super::{Curve, curve};

/// Blocks whose curves are kept: more cannot be seen in one figure.
pub const MOST_CURVES: u32 = 4;
const POINTS_A_DECADE: u32 = 8;

/// The latencies of all blocks of a cell, microseconds.
#[derive(Clone, Debug, Default)]
pub struct CellLatencies {
    /// In one histogram.
    pub all: Option<Histogram<u64>>,
    /// Block by block as curves, of some blocks where there are many.
    pub curves: Vec<(u32, Curve)>,
}

impl CellLatencies {
    /// Adds a block's, of so many blocks.
    pub(super) fn add(
        &mut self,
        block: u32,
        blocks: u32,
        histogram: Histogram<u64>,
    ) -> Result<(), AdditionError> {
        if block.is_multiple_of(blocks.div_ceil(MOST_CURVES).max(1)) {
            self.curves
                .push((block, curve(&histogram, POINTS_A_DECADE)));
            self.curves.sort_by_key(|(block, _)| *block);
        }
        self.add_histogram(histogram)
    }

    /// Adds to the one histogram alone.
    pub(crate) fn add_histogram(&mut self, histogram: Histogram<u64>) -> Result<(), AdditionError> {
        match &mut self.all {
            Some(all) => all.add(&histogram),
            None => {
                let mut first = histogram;
                first.auto(true);
                self.all = Some(first);
                Ok(())
            }
        }
    }
}
