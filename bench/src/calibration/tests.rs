use std::collections::BTreeMap;

use records::{Generator, Measurement};

use super::*;
use crate::arms::Arms;
use crate::experiment::Experiment;
use crate::plan::estimate_ms;
use crate::preflight::Limits;
use crate::processors::{Wanted, lay_out};

fn draft(name: &str, cpus: u32) -> Draft {
    let arms = Arms::load(None, &[]).unwrap();
    let cpus: Vec<u32> = (0..cpus).collect();
    let experiment = Experiment::load(name).unwrap();
    (experiment.draft(
        &arms,
        &cpus,
        |wanted: &Wanted| lay_out(&cpus, wanted, true),
        1,
        &Limits::default(),
    ))
    .unwrap()
}

fn floor() -> ArmEntry {
    let arms = Arms::load(None, &[]).unwrap();
    arms.get(CHEAPEST[0]).unwrap().entry.clone()
}

/// About how long the steps take.
fn takes_ms(steps: &[Step]) -> u64 {
    steps.iter().map(|step| estimate_ms(&step.plan, 1)).sum()
}

/// Answers each arm's windows with its rates in turn.
struct Rates(BTreeMap<String, Vec<u64>>);

impl Calibrator for Rates {
    fn measure(&mut self, plan: &Plan, cell: &Cell) -> Result<Measured> {
        assert_eq!(plan.window_s, 1);
        let rates = self.0.get_mut(&cell.arm.name);
        let rate = rates.and_then(Vec::pop);
        let row = Measurement {
            arm: cell.arm.name.clone(),
            window_us: rate.map(|_| 1_000_000),
            requests: rate,
            socket_errors: rate.map(|_| 0),
            error: rate.map_or("it does not serve".to_owned(), |_| String::new()),
            ..Measurement::at(&cell.load)
        };
        Ok(Measured {
            row,
            load: None,
            series: None,
        })
    }
}

#[test]
fn calibration_adds_seconds_to_quick_and_hardly_any_to_smoke() {
    let steps_of = |name| steps(&draft(name, 2), Some(&floor()));
    let quick = steps_of("quick");
    let connections: Vec<u32> = quick.iter().map(|step| step.load.connections).collect();
    assert_eq!(connections, [50, 500, 2000]);
    assert!(takes_ms(&quick) <= 5000, "{}", takes_ms(&quick));
    let smoke = steps_of("smoke");
    assert_eq!(smoke.len(), 1);
    assert!(takes_ms(&smoke) <= 2000);
    // The whole of `quick` stays within its five minutes.
    let run = draft("quick", 2).plan;
    assert!(estimate_ms(&run, 180) + takes_ms(&quick) <= 280_000);
}

#[test]
fn spare_processors_make_more_ceilings() {
    let steps = steps(&draft("quick", 8), Some(&floor()));
    let layouts: Vec<_> = steps
        .iter()
        .filter(|step| step.load.connections == 50)
        .map(|step| {
            let plan = &step.plan;
            (plan.client_threads, plan.client_cpus.len(), plan.workers)
        })
        .collect();
    // As in the run, whose two threads divide the connections; four threads; two on two processors.
    assert_eq!(layouts, [(2, 4, 4), (4, 4, 4), (2, 2, 6)]);
    assert!(
        steps
            .iter()
            .all(|step| step.purpose == Purpose::ClientCeiling)
    );
}

#[test]
fn without_processors_of_its_own_a_generator_has_no_ceiling() {
    assert_eq!(steps(&draft("shared", 2), Some(&floor())), []);
    assert_eq!(steps(&draft("quick", 2), None), []);
}

#[test]
fn rates_are_shares_of_what_the_slowest_arm_does() {
    let draft = draft("latency", 2);
    let arms: Vec<String> = draft.plan.arms.iter().map(|arm| arm.name.clone()).collect();
    let mut rates: BTreeMap<String, Vec<u64>> = arms
        .iter()
        .map(|name| (name.clone(), vec![90_000, 80_000, 70_000]))
        .collect();
    // Its median is what counts, not the one bad window; an arm without windows is not the slowest.
    rates.insert(arms[1].clone(), vec![60_000, 1000, 40_000]);
    rates.insert(arms[2].clone(), Vec::new());
    let steps = steps(&draft, None);
    assert_eq!(steps.len(), 3 * arms.len());
    let records = run(&steps, &mut Rates(rates), || false).unwrap();
    let slowest = slowest_per_s(&draft, &records).unwrap();
    assert_eq!(slowest.values().collect::<Vec<_>>(), [&40_000]);
    let percents = draft.percents.clone();
    let plan = draft.resolve(&slowest).unwrap();
    for (load, percent) in plan.load_points.iter().zip(percents.values()) {
        assert_eq!(load.offered_rate_per_s, Some(400 * u64::from(*percent)));
        assert_ne!(load.generator, Generator::Wrk);
    }
}

#[test]
fn without_any_capacity_the_reason_is_told() {
    let draft = draft("latency", 2);
    let steps = steps(&draft, None);
    let records = run(&steps, &mut Rates(BTreeMap::new()), || false).unwrap();
    let message = slowest_per_s(&draft, &records).unwrap_err().to_string();
    assert!(message.contains("it does not serve"), "{message}");
}

#[test]
fn the_stored_rates_are_taken_on() {
    let first = draft("latency", 2);
    let capacity: BTreeMap<_, _> = (first.closed_loops().into_iter())
        .map(|load| (load, 10_000))
        .collect();
    let stored = first.clone().resolve(&capacity).unwrap();
    assert_eq!(first.resolve_as(&stored), stored);
}

#[test]
fn records_are_a_line_each_and_are_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let steps = steps(&draft("quick", 2), Some(&floor()));
    let rates = [(floor().name, vec![3, 2, 1])];
    let records = run(&steps, &mut Rates(rates.into()), || false).unwrap();
    write(folder.path(), &records).unwrap();
    let text = std::fs::read_to_string(folder.path().join(records::CALIBRATION_FILE)).unwrap();
    let read: Vec<CalibrationRecord> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read, records);
    assert!(write(folder.path(), &records).is_err());
    let empty = tempfile::tempdir().unwrap();
    write(empty.path(), &[]).unwrap();
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
}
