//! When a run ends, on rows of known noise.

use records::{ArmEntry, LoadPoint, Role, SCHEMA_VERSION, Scheduling, StopRule};

use super::*;
use crate::Seed;
use crate::simulate::normal;

fn arm(name: &str, role: Role, differs_from: Option<&str>, control_of: Option<&str>) -> ArmEntry {
    ArmEntry {
        name: name.to_owned(),
        subject: String::new(),
        role,
        args: Vec::new(),
        env: BTreeMap::new(),
        differs_from: differs_from.map(str::to_owned),
        differs_by: None,
        changes: None,
        control_of: control_of.map(str::to_owned),
        parses: true,
    }
}

fn plan() -> Plan {
    Plan {
        left_out: Vec::new(),
        expected: Vec::new(),
        schema_version: SCHEMA_VERSION,
        experiment: String::new(),
        host: String::new(),
        seed: 0,
        blocks: 40,
        stop: Some(StopRule {
            half_width_permille: 30,
            budget_s: 600,
            least_blocks: 8,
        }),
        window_s: 1,
        warm_up_ms: 500,
        workers: 1,
        client_threads: 1,
        placement: Placement::Apart,
        scheduling: Scheduling::Other,
        server_cpus: vec![0],
        client_cpus: vec![1],
        load_points: vec![LoadPoint::default()],
        arms: vec![
            arm("tokio-published", Role::Ladder, None, None),
            arm("kio-epoll", Role::Ladder, Some("tokio-published"), None),
            arm("kio-uring", Role::Ladder, Some("kio-epoll"), None),
            arm("kio-uring-again", Role::Side, None, Some("kio-uring")),
            arm("kio-uring-heap", Role::Side, Some("kio-uring"), None),
            arm("nginx", Role::Peer, None, None),
        ],
    }
}

/// Rows of so many blocks, two seconds apart, whose speeds have this noise.
fn rows(plan: &Plan, blocks: u32, noise: f64) -> Vec<Measurement> {
    let mut stream = Seed::new(5).stream("rows");
    let mut rows = Vec::new();
    for block in 0..blocks {
        for arm in &plan.arms {
            let speed = (noise * normal(&mut stream)).exp();
            rows.push(Measurement {
                block,
                arm: arm.name.clone(),
                started_unix_ms: 1_000_000 + rows.len() as u64 * 2000,
                window_us: Some(1_000_000),
                requests: Some((100_000.0 * speed) as u64),
                steady_server_cpu_us: Some(900_000),
                steady_requests: Some((100_000.0 * speed) as u64),
                client_cpu_us: Some(500_000),
                ..Measurement::at(&plan.load_points[0])
            });
        }
    }
    rows
}

fn named(plan: &Plan, pair: Pair) -> [&str; 2] {
    [pair.ours, pair.base].map(|arm| plan.arms[arm].name.as_str())
}

#[test]
fn headlines_are_the_answer_the_rungs_the_peers_and_the_control() {
    let plan = plan();
    let pairs: Vec<_> = headline::pairs(&plan)
        .into_iter()
        .map(|pair| named(&plan, pair))
        .collect();
    assert_eq!(
        pairs,
        [
            ["kio-uring", "tokio-published"],
            ["kio-epoll", "tokio-published"],
            ["kio-uring", "kio-epoll"],
            ["kio-uring-again", "kio-uring"],
            ["kio-uring", "nginx"],
        ]
    );
}

#[test]
fn a_sharp_run_ends_after_its_least_blocks_and_a_noisy_one_goes_on() {
    let plan = plan();
    assert_eq!(ended(&plan, &rows(&plan, 7, 0.001)), None);
    assert_eq!(ended(&plan, &rows(&plan, 8, 0.001)), Some(EndReason::Sharp));
    assert_eq!(ended(&plan, &rows(&plan, 8, 0.1)), None);
    assert_eq!(ended(&plan, &[]), None);
}

#[test]
fn the_rule_is_blind_to_the_effect() {
    let plan = plan();
    let mut shifted = rows(&plan, 8, 0.001);
    for row in shifted.iter_mut().filter(|row| row.arm == "kio-uring") {
        row.steady_server_cpu_us = Some(300_000);
    }
    assert_eq!(ended(&plan, &shifted), Some(EndReason::Sharp));
}

#[test]
fn a_run_ends_with_its_time_or_its_blocks() {
    let mut plan = plan();
    // Six cells a block of two seconds each: fifty blocks are ten minutes.
    plan.blocks = 100;
    assert_eq!(ended(&plan, &rows(&plan, 49, 0.2)), None);
    assert_eq!(ended(&plan, &rows(&plan, 51, 0.2)), Some(EndReason::Budget));
    plan.blocks = 49;
    assert_eq!(ended(&plan, &rows(&plan, 49, 0.2)), Some(EndReason::Blocks));
    plan.stop = None;
    plan.blocks = 50;
    assert_eq!(ended(&plan, &rows(&plan, 49, 0.001)), None);
}

#[test]
fn a_pause_is_not_time_spent() {
    let plan = plan();
    let mut paused = rows(&plan, 8, 0.1);
    let before = elapsed_s(&plan, &paused);
    for row in &mut paused[20..] {
        row.started_unix_ms += 86_400_000;
    }
    assert!(before.abs_diff(elapsed_s(&plan, &paused)) <= 1);
}

#[test]
fn a_block_is_whole_when_every_cell_has_a_row() {
    let plan = plan();
    let mut rows = rows(&plan, 3, 0.1);
    assert_eq!(whole_blocks(&plan, &rows), 3);
    rows.pop();
    assert_eq!(whole_blocks(&plan, &rows), 2);
}

#[test]
fn rates_count_only_where_the_servers_set_them() {
    let plan = plan();
    let mut rows = rows(&plan, 8, 0.001);
    let rates = |rows: &[Measurement]| {
        let ratios = sharpness(&plan, rows);
        ratios
            .iter()
            .filter(|ratio| ratio.quantity == Quantity::Rate)
            .count()
    };
    assert_eq!(rates(&rows), 5);
    rows.iter_mut()
        .for_each(|row| row.client_cpu_us = Some(990_000));
    assert_eq!(rates(&rows), 0);
}

#[test]
fn an_arm_that_fails_does_not_keep_the_run_going() {
    let plan = plan();
    let mut rows = rows(&plan, 8, 0.001);
    for row in rows.iter_mut().filter(|row| row.arm == "nginx") {
        row.error = "it did not start".to_owned();
    }
    assert_eq!(ended(&plan, &rows), Some(EndReason::Sharp));
}
