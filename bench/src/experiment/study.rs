//! The study's own experiments.

use anyhow::{Context, Result};

macro_rules! experiments {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../experiments/", $name, ".toml")))),*]
    };
}

/// Name and text of each.
const STUDY: &[(&str, &str)] = &experiments![
    "smoke" "quick" "card" "card-forensics" "ladder" "options" "peers" "latency" "scale-connections"
    "scale-workers" "pipeline" "churn" "payload" "saturated" "single" "idle" "shared"
];

/// The text of the experiment of that name.
///
/// # Errors
/// When there is none; the message lists those there are.
pub(super) fn text(name: &str) -> Result<&'static str> {
    let found = STUDY.iter().find(|(known, _)| *known == name);
    let (_, text) = found.with_context(|| {
        let names: Vec<&str> = STUDY.iter().map(|(name, _)| *name).collect();
        format!(
            "no experiment is called `{name}`; there are {}, or give the path of a TOML file",
            names.join(", ")
        )
    })?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use records::{ArmEntry, Role};

    use super::*;
    use crate::arms::Arms;
    use crate::experiment::Experiment;
    use crate::plan::estimate_ms;

    #[test]
    fn every_experiment_fits_a_machine_and_its_name() {
        let arms = Arms::load(None, &[]).unwrap();
        let cpus: Vec<u32> = (0..16).collect();
        for (name, _) in STUDY {
            let experiment = Experiment::load(name).unwrap();
            assert_eq!(experiment.name, *name);
            experiment.plan(&arms, &cpus, false, 1).unwrap();
        }
    }

    /// A p-value of `n` blocks is never below 2^(1-n), and Holm's adjustment multiplies it by as many claims as are
    /// judged together: the pairs of arms of one kind, at every load.
    #[test]
    fn the_blocks_can_decide_what_is_judged_together_with_a_quarter_of_them_lost() {
        let arms = Arms::load(None, &[]).unwrap();
        let cpus: Vec<u32> = (0..16).collect();
        // `smoke` shows that all works, and decides nothing.
        for (name, _) in STUDY.iter().filter(|(name, _)| *name != "smoke") {
            let plan = Experiment::load(name).unwrap();
            let plan = plan.plan(&arms, &cpus, false, 1).unwrap();
            let with = |role: Role| {
                let of_role = |arm: &&ArmEntry| arm.role == role && arm.control_of.is_none();
                plan.arms.iter().filter(of_role).count()
            };
            let pairs = with(Role::Ladder)
                .max(with(Role::Side))
                .max(with(Role::Peer));
            let judged = pairs * plan.load_points.len();
            let left = plan.blocks / 4 * 3;
            let smallest = judged as f64 * 0.5_f64.powi(left.cast_signed() - 1);
            assert!(
                smallest <= 0.05,
                "{name}: {judged} claims take more than {} blocks",
                plan.blocks
            );
        }
    }

    #[test]
    fn every_file_is_in_the_table() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/experiments");
        let files = std::fs::read_dir(directory).unwrap().map(|file| {
            let path = file.unwrap().path();
            path.file_stem().unwrap().to_string_lossy().into_owned()
        });
        let files: BTreeSet<String> = files.collect();
        let table: BTreeSet<String> = STUDY.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(files, table);
    }

    #[test]
    fn quick_fits_its_five_minutes_on_two_processors() {
        let arms = Arms::load(None, &[]).unwrap();
        let plan = Experiment::load("quick")
            .unwrap()
            .plan(&arms, &[0, 1], false, 1)
            .unwrap();
        let cells = plan.arms.len() * plan.load_points.len() * plan.blocks as usize;
        assert_eq!(cells, 180);
        assert!(estimate_ms(&plan, cells) <= 270_000);
    }
}
