//! The latencies of a cell over its blocks.

use std::collections::BTreeSet;

use hdrhistogram::Histogram;

use super::encoded::{Counts, Sum};
use super::{Curve, curve};

/// Blocks whose curves are kept: more cannot be seen in one figure.
pub const MOST_CURVES: u32 = 4;
const POINTS_A_DECADE: u32 = 8;

/// The latencies of the blocks of a cell that count, microseconds.
#[derive(Clone, Debug, Default)]
pub struct CellLatencies {
    /// In one histogram.
    pub all: Option<Histogram<u64>>,
    /// Block by block as curves, of some blocks where there are many.
    pub curves: Vec<(u32, Curve)>,
    /// Who corrected them for coordinated omission.
    pub corrected_by: BTreeSet<String>,
}

/// The same while they are read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    sum: Sum,
    curves: Vec<(u32, Curve)>,
    corrected_by: BTreeSet<String>,
}

impl Reading {
    /// Adds a block's, of so many blocks.
    pub(super) fn add(
        &mut self,
        block: u32,
        blocks: u32,
        counts: &Counts,
        corrected_by: &str,
    ) -> Result<(), String> {
        if block.is_multiple_of(blocks.div_ceil(MOST_CURVES).max(1)) {
            let mut alone = Sum::default();
            alone.add(counts)?;
            if let Some(histogram) = alone.histogram()? {
                self.curves
                    .push((block, curve(&histogram, POINTS_A_DECADE)));
            }
        }
        if !self.corrected_by.contains(corrected_by) {
            self.corrected_by.insert(corrected_by.to_owned());
        }
        self.sum.add(counts)
    }

    pub(super) fn done(mut self) -> Result<CellLatencies, String> {
        self.curves.sort_by_key(|(block, _)| *block);
        Ok(CellLatencies {
            all: self.sum.histogram()?,
            curves: self.curves,
            corrected_by: self.corrected_by,
        })
    }
}
