//! A known effect is found with the blocks that the plan says, at the noise that was measured.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use statistics::power::{self, WANTED};
use statistics::{Seed, ratio};

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The effect: five percent less.
const RATIO: f64 = 0.95;

/// The A/A residuals of CPU a request in a committed run, by the column names that every version has.
fn noise_of(folder: &Path) -> Vec<f64> {
    let mut reader = csv::Reader::from_path(folder.join("measurements.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let mut cells: BTreeMap<(String, String), BTreeMap<String, f64>> = BTreeMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        let field = |name: &str| {
            let place = header.iter().position(|column| column == name).unwrap();
            row[place].to_owned()
        };
        let number = |name: &str| field(name).parse::<f64>().ok();
        if let (Some(cpu), Some(requests)) =
            (number("steady_server_cpu_us"), number("steady_requests"))
            && field("error").is_empty()
        {
            let load = field("connections") + "/" + &field("pipeline");
            cells
                .entry((field("arm"), load))
                .or_default()
                .insert(field("block"), cpu / requests);
        }
    }
    let controls = cells
        .iter()
        .filter(|((arm, _), _)| arm == "kio-uring-again");
    let of_cell = controls.flat_map(|((_, load), again)| {
        let first = cells.get(&("kio-uring".to_owned(), load.clone()));
        let pairs: Vec<(f64, f64)> = (again.iter())
            .filter_map(|(block, again)| Some((*again, *first?.get(block)?)))
            .collect();
        power::residuals(&ratio::log_ratios(&pairs))
    });
    of_cell.collect()
}

/// The number that a line of an experiment's file gives.
fn number(text: &str, key: &str) -> Option<usize> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{key} = ")))?;
    line.parse().ok()
}

#[test]
fn the_plans_with_a_rule_have_the_blocks_that_a_five_percent_effect_needs() {
    let mut checked = 0;
    for folder in fs::read_dir(format!("{REPOSITORY}/results")).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let experiment = name.rsplit('-').next().unwrap();
        let plan = fs::read_to_string(format!("{REPOSITORY}/bench/experiments/{experiment}.toml"));
        let Some(blocks) = plan
            .ok()
            .filter(|plan| plan.contains("budget_s"))
            .and_then(|plan| number(&plan, "blocks"))
        else {
            continue;
        };
        let noise = noise_of(&folder);
        let seed = Seed::new(20_251_108);
        let found = power::power(&noise, RATIO, blocks, power::FAMILY, seed);
        assert!(
            found >= WANTED,
            "{name}: of 5 % effects {found} are found with {blocks} blocks; give the experiment {:?}",
            power::blocks_needed(&noise, RATIO, seed)
        );
        checked += 1;
    }
    if checked == 0 {
        eprintln!(
            "skipped: no committed run is of an experiment with a rule, so its noise is not known"
        );
    }
}
