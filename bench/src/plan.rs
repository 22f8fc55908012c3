//! What can be told of a plan: how long it takes, and whether it is the one that a folder holds.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use records::Plan;

/// What a cell takes beside its warm-up and its window: the server's start and stop, the look for
/// foreign load, verification, and wrk, whose threads notice the end of a window every 100 ms.
const OVERHEAD_MS: u64 = 250;
/// Connections that are opened within the overhead.
const FEW: u32 = 2000;
/// Connections that are opened in a millisecond.
const OPENED_A_MS: u64 = 20;

/// About how long so many cells of a plan take, in milliseconds.
pub fn estimate_ms(plan: &Plan, cells: usize) -> u64 {
    let idle = plan
        .load_points
        .iter()
        .map(|load| u64::from(load.idle_connections + load.connections.saturating_sub(FEW)));
    let opening = idle.sum::<u64>() / OPENED_A_MS / plan.load_points.len().max(1) as u64;
    let fixed = u64::from(plan.window_s) * 1000 + u64::from(plan.warm_up_ms) + OVERHEAD_MS;
    (fixed + opening) * cells as u64
}

/// Refuses a plan that differs from the one a results folder holds, and names the difference.
///
/// # Errors
/// When they differ.
pub fn ensure_same(stored: &Plan, now: &Plan) -> Result<()> {
    let (stored, now) = (toml::Table::try_from(stored)?, toml::Table::try_from(now)?);
    let keys: BTreeSet<&String> = stored.keys().chain(now.keys()).collect();
    for key in keys {
        let (was, is) = (stored.get(key), now.get(key));
        if was != is {
            let text = |value: Option<&toml::Value>| {
                value.map_or_else(|| "nothing".to_owned(), ToString::to_string)
            };
            bail!(
                "the folder was measured by another plan: `{key}` was {} and is now {}; measure into a \
                 new folder, or give the options that the run was started with",
                text(was),
                text(is)
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arms::Arms;
    use crate::experiment::Experiment;

    #[test]
    fn opening_idle_connections_takes_time() {
        let arms = Arms::load(None, &[]).unwrap();
        let smoke = Experiment::load("smoke").unwrap();
        let mut plan = smoke.plan(&arms, &[0, 1], false, 1).unwrap();
        let without = estimate_ms(&plan, 10);
        plan.load_points[1].idle_connections = 10_000;
        // Half of the ten cells open them.
        assert_eq!(estimate_ms(&plan, 10) - without, 2500);
    }

    #[test]
    fn a_different_plan_is_refused_by_its_difference() {
        let arms = Arms::load(None, &[]).unwrap();
        let plan = Experiment::load("smoke")
            .unwrap()
            .plan(&arms, &[0, 1], false, 1)
            .unwrap();
        assert!(ensure_same(&plan, &plan.clone()).is_ok());
        let mut other = plan.clone();
        other.blocks = 9;
        let message = ensure_same(&plan, &other).unwrap_err().to_string();
        assert!(message.contains("`blocks` was 2 and is now 9"), "{message}");
    }
}
