//! Whether every measurement of the plan is there.

use std::collections::BTreeSet;
use std::path::Path;

use records::{MEASUREMENTS_FILE, Plan};

use super::{Completeness, Fault, Key, LoadError, NumberedRow};
use crate::text::load_name;

/// Missing measurements named in an error; the rest is counted.
const NAMED: usize = 6;

/// The measurements of the plan that have no row: an error unless a partial run is allowed.
pub(super) fn check(
    dir: &Path,
    rows: &[NumberedRow],
    plan: &Plan,
    completeness: Completeness,
) -> Result<Vec<Key>, LoadError> {
    let there: BTreeSet<Key> = rows.iter().map(|numbered| numbered.row.key).collect();
    let mut planned = 0;
    let mut missing = Vec::new();
    for arm in 0..plan.arms.len() {
        for point in 0..plan.load_points.len() {
            for block in 0..plan.blocks {
                planned += 1;
                let key = Key { arm, point, block };
                if !there.contains(&key) {
                    missing.push(key);
                }
            }
        }
    }
    if missing.is_empty() || completeness == Completeness::PartialAllowed {
        return Ok(missing);
    }
    let fault = Fault::Missing {
        count: missing.len(),
        planned,
        list: list(plan, &missing),
    };
    Err(LoadError::of(&dir.join(MEASUREMENTS_FILE), fault))
}

fn list(plan: &Plan, missing: &[Key]) -> String {
    let mut in_time_order = missing.to_vec();
    in_time_order.sort_by_key(|key| (key.block, key.arm, key.point));
    let mut names: Vec<String> = in_time_order
        .iter()
        .take(NAMED)
        .map(|key| name(plan, *key))
        .collect();
    if missing.len() > NAMED {
        names.push(format!("and {} more", missing.len() - NAMED));
    }
    names.join("; ")
}

/// `block 3, kio-uring at 500 connections`.
pub(super) fn name(plan: &Plan, key: Key) -> String {
    format!(
        "block {}, {} at {}",
        key.block,
        plan.arms[key.arm].name,
        load_name(&plan.load_points[key.point])
    )
}
