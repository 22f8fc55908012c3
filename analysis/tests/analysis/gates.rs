//! The gates that look at pairs and cells, the bottleneck's readings, and the end of a run: each tripped.

use analysis::assess::{Assessment, assess};
use analysis::bottleneck::Bottleneck;
use analysis::claims::{Reason, Verdict};
use analysis::gates::Gate;
use analysis::load::{Completeness, load_run};
use analysis::metric::Metric;
use analysis::model::{Drift, Study};
use analysis::tables;
use records::{CalibrationRecord, EndReason, Measurement, Purpose, SeriesRecord, StopRule};

use super::support::{NO_DIFFERENCE, Scenario, Truth, load};

fn scenario() -> Scenario {
    Scenario::new(Truth {
        kio_cpu: 0.8,
        blocks: 12,
        ..NO_DIFFERENCE
    })
    .only(50)
}

fn assessed(scenario: &Scenario) -> Assessment {
    let root = tempfile::tempdir().unwrap();
    scenario.write(root.path());
    assess(root.path(), Completeness::Whole).unwrap()
}

/// How often the report says that a gate was tripped.
fn tripped(study: &Study, gate: Gate) -> String {
    let csv = tables::gates(study).to_csv().unwrap();
    let line = csv
        .lines()
        .find(|line| line.contains(gate.quantity()))
        .unwrap()
        .to_owned();
    line.rsplit(',').next().unwrap().to_owned()
}

fn bottleneck(study: &Study) -> Option<Bottleneck> {
    study.cell(study.arm("kio-uring").unwrap(), 0).bottleneck
}

#[test]
fn nothing_is_tripped_by_a_good_run() {
    let assessment = assessed(&scenario());
    for gate in Gate::ALL {
        assert_eq!(tripped(&assessment.study, gate), "0", "{gate:?}");
    }
}

#[test]
fn windows_at_other_distances_have_no_ratio() {
    let mut run = scenario();
    for row in &mut run.rows {
        let far = row.block == 3 && row.arm == "kio-uring";
        row.core_round_trip_before_ns = Some(if far { 500 } else { 110 });
        row.core_round_trip_after_ns = row.core_round_trip_before_ns;
    }
    let study = assessed(&run).study;
    let (ours, base) = (
        study.arm("kio-uring").unwrap(),
        study.arm("tokio-published").unwrap(),
    );
    let pair = analysis::model::Pair { ours, base };
    let ratio = study.ratio(pair, 0, Metric::CpuUsPerRequest).unwrap();
    assert_eq!(
        (ratio.unlike, ratio.outcome.estimate().unwrap().blocks),
        (1, 11)
    );
    assert_ne!(tripped(&study, Gate::PairDistance), "0");
}

#[test]
fn a_window_in_which_the_distance_changed_is_left_out() {
    let mut run = scenario();
    let row = run.row(3, "kio-uring", 50);
    row.core_round_trip_before_ns = Some(40);
    row.core_round_trip_after_ns = Some(110);
    let study = assessed(&run).study;
    let cell = study.cell(study.arm("kio-uring").unwrap(), 0);
    assert!(cell.valid());
    assert_eq!(cell.left_out_blocks(), 1);
    assert_eq!(tripped(&study, Gate::Distance), "1");
}

#[test]
fn a_cell_that_drifts_over_the_blocks_says_so() {
    let mut run = scenario();
    for row in run.rows.iter_mut().filter(|row| row.arm == "kio-uring") {
        let slower = 1000 + 20 * u64::from(row.block);
        row.server_cpu_user_us = Some(row.requests.unwrap() * slower / 1000);
        row.server_cpu_system_us = Some(row.requests.unwrap() * slower / 100);
    }
    let study = assessed(&run).study;
    let drifts = &study.cell(study.arm("kio-uring").unwrap(), 0).drifts;
    assert!(
        matches!(drifts.as_slice(), [Drift::Blocks(Metric::CpuUsPerRequest, trend)] if trend.change > 0.1)
    );
    assert_eq!(tripped(&study, Gate::BlockTrend), "1");
    assert!(
        tables::cells(&study)
            .to_csv()
            .unwrap()
            .contains("CPU a request over the blocks: +")
    );
}

#[test]
fn a_cell_whose_windows_drift_says_so() {
    let mut run = scenario();
    for block in 0..12 {
        run.series.push(SeriesRecord {
            block,
            arm: "kio-uring".into(),
            load: load(50),
            at_ms: (0..=10).map(|step| step * 100).collect(),
            requests: (0..=10)
                .map(|step| 1000 * step + 20 * step * step)
                .collect(),
            server_cpu_us: Vec::new(),
            client_cpu_us: Vec::new(),
        });
    }
    let study = assessed(&run).study;
    let drifts = &study.cell(study.arm("kio-uring").unwrap(), 0).drifts;
    assert!(
        matches!(
            drifts.as_slice(),
            [Drift::Windows {
                drifting: 12,
                of: 12,
                ..
            }]
        ),
        "{drifts:?}"
    );
    assert_eq!(tripped(&study, Gate::WindowTrend), "1");
}

#[test]
fn one_hot_thread_of_the_load_generator_is_a_client_bound_cell() {
    let mut run = scenario();
    for row in &mut run.rows {
        row.server_cpu_by_thread_us = "100000".into();
        row.server_cpu_user_us = row.server_cpu_user_us.map(|us| us / 4);
        row.server_cpu_system_us = row.server_cpu_system_us.map(|us| us / 4);
    }
    assert_eq!(bottleneck(&assessed(&run).study), Some(Bottleneck::Latency));
    for row in &mut run.rows {
        row.client_cpu_by_thread_us = "2900000;100000".into();
    }
    let study = assessed(&run).study;
    assert_eq!(bottleneck(&study), Some(Bottleneck::Client));
    assert_ne!(tripped(&study, Gate::HotThread), "0");
    for row in &mut run.rows {
        row.client_cpu_by_thread_us.clear();
        row.server_cpu_by_thread_us = "2900000;100000".into();
    }
    assert_eq!(bottleneck(&assessed(&run).study), Some(Bottleneck::Server));
}

#[test]
fn a_cell_near_the_load_generators_ceiling_is_client_bound() {
    let mut run = scenario();
    for row in &mut run.rows {
        row.server_cpu_user_us = row.server_cpu_user_us.map(|us| us / 4);
        row.server_cpu_system_us = row.server_cpu_system_us.map(|us| us / 4);
    }
    let rate = run.row(0, "kio-uring", 50).requests.unwrap() / 3;
    let calibration = |client_cpu_us, requests| CalibrationRecord {
        purpose: Purpose::ClientCeiling,
        client_threads: 1,
        server_cpus: vec![0],
        client_cpus: vec![1],
        measurement: Measurement {
            window_us: Some(1_000_000),
            requests: Some(requests),
            client_cpu_us: Some(client_cpu_us),
            ..Measurement::at(&load(50))
        },
    };
    // With time to spare it is no ceiling.
    run.calibrations = vec![calibration(500_000, rate)];
    assert_eq!(bottleneck(&assessed(&run).study), Some(Bottleneck::Latency));
    run.calibrations = vec![calibration(990_000, rate)];
    let study = assessed(&run).study;
    assert_eq!(bottleneck(&study), Some(Bottleneck::Client));
    assert_ne!(tripped(&study, Gate::Ceiling), "0");
}

#[test]
fn the_blocks_of_a_run_are_those_of_its_end() {
    let mut run = scenario();
    run.plan.blocks = 40;
    run.plan.stop = Some(StopRule {
        half_width_permille: 30,
        budget_s: 600,
        least_blocks: 12,
    });
    run.end.reason = EndReason::Sharp;
    let assessment = assessed(&run);
    assert_eq!(assessment.study.plan.blocks, 12);
    assert!(assessment.study.missing.is_empty());
    let files = analysis::report::report(&[assessment]).unwrap();
    assert!(files.files()["report.md"].contains("because every headline ratio was sharp"));
}

#[test]
fn an_end_that_contradicts_the_plan_is_refused() {
    let refused = |spoil: fn(&mut Scenario), part: &str| {
        let root = tempfile::tempdir().unwrap();
        let mut run = scenario();
        spoil(&mut run);
        run.write(root.path());
        let error = load_run(root.path(), Completeness::Whole)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("end.json") && error.contains(part),
            "{error}"
        );
    };
    refused(|run| run.end.blocks = 13, "13 of 12 blocks");
    refused(|run| run.end.blocks = 11, "all were measured");
    refused(
        |run| run.end.reason = EndReason::Sharp,
        "experiment.toml has none",
    );
}

#[test]
fn an_effect_that_is_no_larger_than_the_controls_is_not_called() {
    let mut run = Scenario::new(Truth {
        kio_cpu: 0.97,
        blocks: 12,
        noise: 0.002,
        ..NO_DIFFERENCE
    })
    .only(50);
    let judged = |run: &Scenario| {
        let claims = assessed(run).claims;
        let found = claims
            .judged
            .iter()
            .find(|judged| judged.claim.id == "ours-cpu-50")
            .unwrap();
        (found.verdict, found.points[0].decision.reason)
    };
    assert_eq!(judged(&run).0, Verdict::Supported);
    for row in run
        .rows
        .iter_mut()
        .filter(|row| row.arm == "kio-uring-again")
    {
        row.server_cpu_user_us = row.server_cpu_user_us.map(|us| us * 6 / 5);
    }
    assert_eq!(judged(&run), (Verdict::Inconclusive, Reason::WithinNoise));
}
