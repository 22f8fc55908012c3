//! A window that something else disturbed enters no number of its cell, whatever it shows.

use analysis::assess::{Assessment, assess};
use analysis::bottleneck::Bottleneck;
use analysis::load::Completeness;
use analysis::metric::Metric;
use analysis::model::{against_without_idle, bytes_an_idle_connection, worker_shares};
use analysis::report::report;
use records::{LoadPoint, Role};

use super::runs;
use super::support::{Facts, Scenario, USUAL, arm, load, plan_of};

/// In block 3 the hypervisor took a tenth of the machine, and the window shows `share` of what it would have.
fn disturbed(mut scenario: Scenario, share: f64) -> Scenario {
    let cpus = u64::from(scenario.environment.server.cpus);
    for row in scenario.rows.iter_mut().filter(|row| row.block == 3) {
        row.host_cpu_steal_us = row.window_us.map(|us| us * cpus / 10);
        let scaled = |count: Option<u64>| count.map(|count| (count as f64 * share) as u64);
        let length = row.response_bytes.unwrap() / row.requests.unwrap();
        row.requests = scaled(row.requests);
        row.response_bytes = row.requests.map(|requests| requests * length);
        // As many are in flight.
        row.latency_mean_us = (row.latency_mean_us).map(|us| (us as f64 / share) as u64);
        row.server_cpu_user_us = scaled(row.server_cpu_user_us);
        row.server_cpu_system_us = scaled(row.server_cpu_system_us);
        row.client_cpu_us = scaled(row.client_cpu_us);
        row.host_cpu_busy_us = scaled(row.host_cpu_busy_us);
        row.server_rss_bytes = scaled(row.server_rss_bytes);
        row.requests_by_worker = if share < 1.0 {
            "1;0".into()
        } else {
            row.requests_by_worker.clone()
        };
    }
    scenario
}

fn assessed(scenario: &Scenario) -> Assessment {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("disturbed");
    scenario.write(&dir);
    assess(&dir, Completeness::Whole).unwrap()
}

/// One, two and four workers; with four the load generator may be the limit.
fn workers(client_us_at_four: f64) -> Scenario {
    let loads = [1, 2, 4].map(|workers| LoadPoint {
        workers: Some(workers),
        ..load(64)
    });
    let mut plan = plan_of(
        "scale-workers",
        8,
        loads.to_vec(),
        vec![arm("kio-uring", Role::Ladder, None)],
    );
    plan.workers = 4;
    plan.client_threads = 4;
    plan.server_cpus = vec![0, 1, 2, 3];
    plan.client_cpus = vec![4, 5, 6, 7];
    let mut scenario = Scenario::of(plan, 0.004, move |_, point| {
        let workers = f64::from(point.workers.unwrap());
        let share = 1.0 + 0.05 * (workers - 1.0);
        Facts {
            cpu_us: 15.0 * share / workers,
            client_us: if workers > 3.0 {
                client_us_at_four
            } else {
                1.0
            },
            ..USUAL
        }
    });
    // Each worker's processor is as busy as one's.
    for row in &mut scenario.rows {
        let workers = u64::from(row.workers.unwrap());
        let times = |us: Option<u64>| us.map(|us| us * workers);
        row.server_cpu_user_us = times(row.server_cpu_user_us);
        row.server_cpu_system_us = times(row.server_cpu_system_us);
        row.client_cpu_us = times(row.client_cpu_us);
        let server = row.server_cpu_user_us.unwrap() + row.server_cpu_system_us.unwrap();
        row.host_cpu_busy_us = Some(server + row.client_cpu_us.unwrap() + 60_000);
    }
    scenario.environment.server.cpus = 8;
    scenario
}

/// What the report says of Gunther's law.
fn law(assessment: Assessment) -> Vec<String> {
    let bundle = report(&[assessment]).unwrap();
    (bundle.files()["report.md"].lines())
        .filter(|line| line.contains("Gunther"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_scalability_law_is_fitted_without_it() {
    let plain = law(assessed(&disturbed(workers(1.0), 1.0)));
    assert!(
        plain.len() == 1 && plain[0].contains("contention"),
        "{plain:?}"
    );
    assert_eq!(law(assessed(&disturbed(workers(1.0), 0.5))), plain);
}

#[test]
fn the_scalability_law_is_fitted_to_no_rate_of_the_load_generators() {
    let assessment = assessed(&workers(15.0));
    let full = assessment.study.cells[2].bottleneck;
    assert!(full.is_some_and(Bottleneck::client_full), "{full:?}");
    let said = law(assessment);
    assert!(
        said.len() == 1 && said[0].contains("in 1 of 3 valid cells"),
        "{said:?}"
    );
}

#[test]
fn idle_connections_are_priced_without_it() {
    let priced = |share| {
        let study = assessed(&disturbed(runs::idle(800, 1.05), share)).study;
        assert!(study.cells.iter().all(|cell| cell.left_out_blocks() == 1));
        let cpu = against_without_idle(&study, 0, 1, 0, Metric::CpuUsPerRequest);
        (bytes_an_idle_connection(&study, 0, 1, 0), cpu)
    };
    let (bytes, cpu) = priced(1.0);
    assert_eq!(bytes.map(|bytes| bytes.blocks), Some(11));
    assert_eq!(cpu.map(|cpu| cpu.blocks), Some(11));
    assert_eq!(priced(0.5), (bytes, cpu));
}

#[test]
fn medians_bottleneck_and_balance_are_read_without_it() {
    let read = |share| {
        let study = assessed(&disturbed(workers(1.0), share)).study;
        let cell = &study.cells[1];
        assert_eq!(cell.left_out_blocks(), 1);
        let shares = worker_shares(&study, cell.arm, cell.point);
        (cell.medians, cell.busy, cell.bottleneck, shares)
    };
    let plain = read(1.0);
    assert!(plain.0.get(Metric::ServerCoresBusy).is_some() && plain.1.client.is_some());
    assert_eq!(read(0.5), plain);
}
