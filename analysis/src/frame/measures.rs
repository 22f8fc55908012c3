//! From raw rows to derived quantities.

use polars::prelude::*;
use records::Measurement;

use crate::load::{Run, listed};
use crate::metric::{Derived, Metric};

/// Column of the arm's place in the plan.
pub(super) const ARM: &str = "arm";
/// Column of the load point's place in the plan.
pub(super) const POINT: &str = "point";
/// Column of the cores that the server could use.
const SERVER_CORES: &str = "server_cores";

type Counter = fn(&Measurement) -> Option<u64>;

/// The raw columns the derivation reads. A window or a number of requests of 0 is no divisor.
const RAW: [(&str, Counter); 23] = [
    ("window_us", |row| row.window_us.filter(|us| *us > 0)),
    ("requests", |row| row.requests.filter(|count| *count > 0)),
    ("latency_mean_raw", |row| row.latency_mean_us),
    ("latency_p50_raw", |row| row.latency_p50_us),
    ("latency_p90_raw", |row| row.latency_p90_us),
    ("latency_p99_raw", |row| row.latency_p99_us),
    ("latency_p999_raw", |row| row.latency_p999_us),
    ("latency_max_raw", |row| row.latency_max_us),
    ("server_user_us", |row| row.server_cpu_user_us),
    ("server_system_us", |row| row.server_cpu_system_us),
    ("steady_server_us", |row| row.steady_server_cpu_us),
    ("steady_requests", |row| {
        row.steady_requests.filter(|count| *count > 0)
    }),
    ("client_us", |row| row.client_cpu_us),
    ("client_here_us", |row| {
        // A load generator on a machine of its own uses nothing of the server's.
        (row.client_host_cpu_busy_us).map_or(row.client_cpu_us, |_| Some(0))
    }),
    ("host_busy_us", |row| row.host_cpu_busy_us),
    ("host_user_us", |row| row.host_cpu_user_us),
    ("host_system_us", |row| row.host_cpu_system_us),
    ("host_softirq_us", |row| row.host_cpu_softirq_us),
    ("host_steal_us", |row| row.host_cpu_steal_us),
    ("rss_raw", |row| row.server_rss_bytes),
    ("entries", |row| row.kernel_entries),
    ("sqes", |row| row.sqes),
    ("cqes", |row| row.cqes),
];

type List = fn(&Measurement) -> &str;

/// The lists by worker that become an imbalance.
const BY_WORKER: [(&str, List); 2] = [
    ("requests_imbalance", |row| &row.requests_by_worker),
    ("accepts_imbalance", |row| &row.accepts_by_worker),
];

pub(super) fn derive(run: &Run) -> PolarsResult<DataFrame> {
    let keys = [
        (ARM, run.rows.iter().map(|r| r.key.arm as u32).collect()),
        (POINT, run.rows.iter().map(|r| r.key.point as u32).collect()),
    ];
    let mut columns: Vec<Column> = keys
        .into_iter()
        .map(|(name, values): (&str, Vec<u32>)| Column::new(name.into(), values))
        .collect();
    for (name, counter) in RAW {
        let values: Vec<Option<u64>> = run.rows.iter().map(|r| counter(&r.measurement)).collect();
        columns.push(Column::new(name.into(), values));
    }
    for (name, list) in BY_WORKER {
        let values: Vec<Option<f64>> = (run.rows.iter())
            .map(|row| imbalance(list(&row.measurement)))
            .collect();
        columns.push(Column::new(name.into(), values));
    }
    let cores: Vec<f64> = (run.rows.iter())
        .map(|row| server_cores(run, row.measurement.workers))
        .collect();
    columns.push(Column::new(SERVER_CORES.into(), cores));
    DataFrame::new_infer_height(columns)?
        .lazy()
        .with_columns(expressions(run))
        .collect()
}

/// The quantities as expressions of the raw columns. What was not measured stays empty.
fn expressions(run: &Run) -> Vec<Expr> {
    let number = |name: &str| col(name).cast(DataType::Float64);
    let window = || number("window_us");
    let requests = || number("requests");
    let server = || number("server_user_us") + number("server_system_us");
    let machine = || window() * lit(f64::from(run.environment.server.cpus));
    let per_second = || requests() / window() * lit(1e6);
    let foreign = || number("host_busy_us") - server() - number("client_here_us");
    let steady = || number("steady_server_us") / number("steady_requests");
    let whole = || server() / requests();

    Metric::ALL
        .into_iter()
        .map(|metric| {
            let derived = match metric {
                Metric::RequestsPerSecond => per_second(),
                // Without accepting where the server reports its requests; over the whole window
                // where it does not.
                Metric::CpuUsPerRequest => when(steady().is_not_null())
                    .then(steady())
                    .otherwise(whole()),
                Metric::SteadyCpuUsPerRequest => steady(),
                Metric::WindowCpuUsPerRequest => whole(),
                Metric::LatencyMeanUs => number("latency_mean_raw"),
                Metric::LatencyP50Us => number("latency_p50_raw"),
                Metric::LatencyP90Us => number("latency_p90_raw"),
                Metric::LatencyP99Us => number("latency_p99_raw"),
                Metric::LatencyP999Us => number("latency_p999_raw"),
                Metric::LatencyMaxUs => number("latency_max_raw"),
                Metric::KernelEntriesPerRequest => number("entries") / requests(),
                Metric::ServerCoresBusy => server() / (window() * col(SERVER_CORES)),
                Metric::ClientCoresBusy => {
                    number("client_us") / (window() * lit(client_cores(run)))
                }
                // Two clocks: the difference may be a little below zero.
                Metric::ForeignShare => when(foreign().lt(lit(0.0)))
                    .then(lit(0.0))
                    .otherwise(foreign() / machine()),
                Metric::StealShare => number("host_steal_us") / machine(),
                Metric::InFlight => per_second() * number("latency_mean_raw") / lit(1e6),
                Metric::ServerRssBytes => number("rss_raw"),
                Metric::WorkerImbalance => col("requests_imbalance"),
                Metric::AcceptImbalance => col("accepts_imbalance"),
                Metric::SqesPerRequest => number("sqes") / requests(),
                Metric::CqesPerRequest => number("cqes") / requests(),
                Metric::MachineBusy => number("host_busy_us") / machine(),
                Metric::UserShare => number("host_user_us") / machine(),
                Metric::SystemShare => number("host_system_us") / machine(),
                Metric::SoftirqShare => number("host_softirq_us") / machine(),
            };
            derived.alias(metric.column())
        })
        .collect()
}

/// Cores the server could use: one a worker, no more than it was pinned to or there are.
fn server_cores(run: &Run, workers: Option<u32>) -> f64 {
    cores(
        run,
        workers.unwrap_or(run.plan.workers),
        run.plan.server_cpus.len(),
    )
}

/// Cores the load generator could use: one a thread, no more than it was pinned to or there are.
fn client_cores(run: &Run) -> f64 {
    cores(run, run.plan.client_threads, run.plan.client_cpus.len())
}

fn cores(run: &Run, threads: u32, pinned: usize) -> f64 {
    let there = if pinned == 0 {
        run.environment.server.cpus as usize
    } else {
        pinned
    };
    (threads as usize).min(there) as f64
}

/// The busiest worker's count as a multiple of an even share: 1 is even, the number of workers is
/// all on one. None where nothing was counted.
fn imbalance(list: &str) -> Option<f64> {
    let counts = listed(list)?;
    let total: f64 = counts.iter().map(|count| *count as f64).sum();
    let largest = *counts.iter().max()? as f64;
    (total > 0.0).then(|| largest * counts.len() as f64 / total)
}

pub(super) fn extract(frame: &DataFrame) -> PolarsResult<Vec<Derived>> {
    let mut rows = vec![Derived::default(); frame.height()];
    for metric in Metric::ALL {
        let values = frame.column(metric.column())?.f64()?;
        for (row, value) in rows.iter_mut().zip(values.iter()) {
            row.set(metric, value);
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imbalance_is_a_multiple_of_an_even_share() {
        assert_eq!(imbalance("5;5"), Some(1.0));
        assert_eq!(imbalance("10;0"), Some(2.0));
        assert_eq!(imbalance("0;0"), None);
        assert_eq!(imbalance(""), None);
    }
}
