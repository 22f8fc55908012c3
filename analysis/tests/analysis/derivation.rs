//! Derived quantities against arithmetic done by hand.

use analysis::assess::{Assessment, assess};
use analysis::bottleneck::Bottleneck;
use analysis::load::Completeness;
use analysis::metric::Metric;
use analysis::report::{Bundle, report};

use super::support::{NO_DIFFERENCE, Scenario, Truth};

/// One block at 50 connections in which every row has these numbers.
fn scenario() -> Scenario {
    let mut scenario = Scenario::new(Truth {
        blocks: 1,
        ..NO_DIFFERENCE
    })
    .only(50);
    for row in &mut scenario.rows {
        row.window_us = Some(2_000_000);
        row.requests = Some(100_000);
        row.latency_mean_us = Some(1000);
        row.server_cpu_user_us = Some(300_000);
        row.server_cpu_system_us = Some(900_000);
        row.client_cpu_us = Some(1_900_000);
        row.host_cpu_busy_us = Some(3_300_000);
        row.host_cpu_steal_us = Some(40_000);
        row.kernel_entries = Some(250_000);
        row.requests_by_worker = "75000;25000".into();
        row.accepts_by_worker = String::new();
        row.response_bytes = row.requests.map(|requests| requests * 52);
    }
    scenario
}

fn assessed(scenario: &Scenario) -> Assessment {
    let root = tempfile::tempdir().unwrap();
    scenario.write(root.path());
    assess(root.path(), Completeness::Whole).unwrap()
}

fn found(assessment: &Assessment, metric: Metric) -> Option<f64> {
    assessment.study.cell(0, 0).medians.get(metric)
}

#[test]
fn every_quantity_is_what_its_name_says() {
    let assessment = assessed(&scenario());
    let cases = [
        (Metric::RequestsPerSecond, 50_000.0),
        (Metric::CpuUsPerRequest, 12.0),
        (Metric::KernelEntriesPerRequest, 2.5),
        (Metric::ServerCoresBusy, 0.6),
        (Metric::ClientCoresBusy, 0.95),
        (Metric::ForeignShare, 0.05),
        (Metric::StealShare, 0.01),
        (Metric::MachineBusy, 0.825),
        (Metric::SoftirqShare, 0.005),
        (Metric::InFlight, 50.0),
        (Metric::WorkerImbalance, 1.5),
    ];
    for (metric, wanted) in cases {
        let value = found(&assessment, metric).unwrap();
        assert!((value - wanted).abs() < 1e-9, "{metric:?}: {value}");
    }
    assert_eq!(found(&assessment, Metric::AcceptImbalance), None);
    let cell = assessment.study.cell(0, 0);
    assert_eq!(cell.bottleneck, Some(Bottleneck::Client));
    assert!(cell.valid());
}

#[test]
fn the_machines_time_is_told_by_class_where_the_rows_have_it() {
    let without = assessed(&scenario());
    assert_eq!(found(&without, Metric::UserShare), None);
    assert_eq!(found(&without, Metric::SystemShare), None);
    let bundle = report(&[without]).unwrap();
    let (header, line) = first_cell(&bundle);
    for (column, wanted) in [
        ("user_share", ""),
        ("system_share", ""),
        ("softirq_share", "0.005"),
        ("steal_share", "0.01"),
    ] {
        let place = header.iter().position(|name| name == column);
        assert_eq!(&line[place.unwrap()], wanted, "{column}");
    }
    assert!(!bundle.files()["report.html"].contains(Metric::UserShare.title()));

    let mut scenario = scenario();
    for row in &mut scenario.rows {
        row.host_cpu_user_us = Some(880_000);
        row.host_cpu_system_us = Some(2_400_000);
        row.host_cpu_softirq_us = Some(20_000);
    }
    let with = assessed(&scenario);
    assert_eq!(found(&with, Metric::UserShare), Some(0.22));
    assert_eq!(found(&with, Metric::SystemShare), Some(0.6));
    let bundle = report(&[with]).unwrap();
    let (header, line) = first_cell(&bundle);
    let user = header.iter().position(|name| name == "user_share");
    assert_eq!(&line[user.unwrap()], "0.22");
    assert!(bundle.files()["report.html"].contains(Metric::UserShare.title()));
}

/// The header and the first line of the table of cells.
fn first_cell(bundle: &Bundle) -> (csv::StringRecord, csv::StringRecord) {
    let table = &bundle.files()["tables/cells.csv"];
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().unwrap().clone();
    let line = reader.records().next().unwrap().unwrap();
    (header, line)
}

#[test]
fn cpu_a_request_is_that_of_the_steady_part_where_it_is_known() {
    let mut scenario = scenario();
    for row in &mut scenario.rows {
        row.steady_server_cpu_us = Some(300_000);
        row.steady_requests = Some(100_000);
    }
    let assessment = assessed(&scenario);
    assert_eq!(found(&assessment, Metric::CpuUsPerRequest), Some(3.0));
    for row in &mut scenario.rows {
        row.steady_requests = Some(0);
    }
    let whole = found(&assessed(&scenario), Metric::CpuUsPerRequest).unwrap();
    assert!((whole - 3.0).abs() > 0.1, "nothing to divide by: {whole}");
}

#[test]
fn unpinned_a_thread_has_a_core_while_there_are_any() {
    let mut scenario = scenario();
    scenario.plan.server_cpus.clear();
    scenario.plan.client_cpus.clear();
    scenario.plan.workers = 2;
    scenario.plan.client_threads = 4;
    let assessment = assessed(&scenario);
    assert_eq!(found(&assessment, Metric::ServerCoresBusy), Some(0.3));
    let client = found(&assessment, Metric::ClientCoresBusy).unwrap();
    assert!((client - 0.475).abs() < 1e-9);
}

#[test]
fn what_was_not_measured_stays_empty_and_fails_its_gate() {
    let mut scenario = scenario();
    for row in &mut scenario.rows {
        row.host_cpu_busy_us = None;
        row.kernel_entries = None;
    }
    let assessment = assessed(&scenario);
    assert_eq!(found(&assessment, Metric::ForeignShare), None);
    assert_eq!(found(&assessment, Metric::KernelEntriesPerRequest), None);
    let cell = assessment.study.cell(0, 0);
    assert_eq!(
        cell.invalid_because(),
        "block 0: foreign CPU was not measured"
    );
}

#[test]
fn a_window_without_responses_gives_no_rate() {
    let mut scenario = scenario();
    for row in &mut scenario.rows {
        row.requests = Some(0);
    }
    let assessment = assessed(&scenario);
    assert_eq!(found(&assessment, Metric::RequestsPerSecond), None);
    let cell = assessment.study.cell(0, 0);
    assert_eq!(cell.invalid_because(), "block 0: no response in the window");
}

/// Twelve blocks without a difference, in the first of which the hypervisor took half the machine from
/// one arm, whose server then seemed ten times as dear.
fn disturbed(blocks: u32) -> Assessment {
    let mut scenario = Scenario::new(NO_DIFFERENCE).only(50);
    for block in 0..blocks {
        let row = scenario.row(block, "kio-uring", 50);
        row.host_cpu_steal_us = row.window_us;
        row.server_cpu_system_us = row.server_cpu_system_us.map(|us| us * 10);
    }
    assessed(&scenario)
}

#[test]
fn disturbed_windows_are_left_out_as_long_as_they_are_few() {
    let cell = |assessment: &Assessment| {
        let arm = assessment.study.arm("kio-uring").unwrap();
        assessment.study.cell(arm, 0).clone()
    };
    let few = cell(&disturbed(2));
    assert!(few.valid(), "{}", few.invalid_because());
    assert_eq!((few.measured, few.left_out_blocks()), (12, 2));
    let cost = few.quotable(Metric::CpuUsPerRequest).unwrap();
    let undisturbed = cell(&disturbed(0))
        .quotable(Metric::CpuUsPerRequest)
        .unwrap();
    assert!(cost.high <= undisturbed.high, "{cost:?} {undisturbed:?}");
    let many = cell(&disturbed(4));
    assert!(!many.valid());
    assert_eq!(many.left_out_blocks(), 0);
    assert!(
        many.invalid_because().contains("steal"),
        "{}",
        many.invalid_because()
    );
}
