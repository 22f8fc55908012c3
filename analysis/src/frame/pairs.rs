//! Two arms, joined inside blocks.

use polars::prelude::*;

use super::measures::{ARM, BLOCK, POINT, VALID, extract};
use crate::metric::Derived;

/// Both arms' quantities in one block at one load point.
#[derive(Clone, Debug, PartialEq)]
pub struct Paired {
    /// Place of the load point in the plan.
    pub point: usize,
    /// The block.
    pub block: u32,
    /// The first arm's quantities.
    pub ours: Derived,
    /// The quantities of the arm it is compared with.
    pub base: Derived,
}

pub(super) fn pairs(frame: &DataFrame, ours: usize, base: usize) -> PolarsResult<Vec<Paired>> {
    let keys = [col(POINT), col(BLOCK)];
    let side = |arm: usize| {
        frame
            .clone()
            .lazy()
            .filter(col(ARM).eq(lit(arm as u32)).and(col(VALID)))
    };
    let both = |left: usize, right: usize| {
        side(left)
            .join(
                side(right).select(keys.clone()),
                keys.clone(),
                keys.clone(),
                JoinArgs::new(JoinType::Inner),
            )
            .sort([POINT, BLOCK], SortMultipleOptions::default())
            .collect()
    };
    let (ours, base) = (both(ours, base)?, both(base, ours)?);
    let points = ours.column(POINT)?.u32()?;
    let blocks = ours.column(BLOCK)?.u32()?;
    let values = extract(&ours)?.into_iter().zip(extract(&base)?);
    Ok(points
        .into_no_null_iter()
        .zip(blocks.into_no_null_iter())
        .zip(values)
        .map(|((point, block), (ours, base))| Paired {
            point: point as usize,
            block,
            ours,
            base,
        })
        .collect())
}
