//! Medians over the blocks of a cell.

use polars::prelude::*;

use super::measures::{ARM, POINT};
use crate::metric::{Derived, Metric};

/// The medians of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellMedians {
    /// Place of the arm in the plan.
    pub arm: usize,
    /// Place of the load point in the plan.
    pub point: usize,
    /// Median of each quantity over the blocks that have it.
    pub medians: Derived,
}

pub(super) fn medians(frame: &DataFrame, counted: &[bool]) -> PolarsResult<Vec<CellMedians>> {
    let counted = BooleanChunked::from_slice("counted".into(), counted);
    let aggregated = frame
        .filter(&counted)?
        .lazy()
        .group_by_stable([col(ARM), col(POINT)])
        .agg(Metric::ALL.map(|metric| col(metric.column()).median()))
        .sort([ARM, POINT], SortMultipleOptions::default())
        .collect()?;
    let medians = super::measures::extract(&aggregated)?;
    let arms = aggregated.column(ARM)?.u32()?;
    let points = aggregated.column(POINT)?.u32()?;
    Ok(arms
        .into_no_null_iter()
        .zip(points.into_no_null_iter())
        .zip(medians)
        .map(|((arm, point), medians)| CellMedians {
            arm: arm as usize,
            point: point as usize,
            medians,
        })
        .collect())
}
