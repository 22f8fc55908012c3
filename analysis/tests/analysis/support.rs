//! Synthetic runs: written through the types of `records`, from a seed, with known properties.

mod histogram;
mod plans;

use std::fs;
use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use records::{
    ArmEntry, CALIBRATION_FILE, CalibrationRecord, END_FILE, ENVIRONMENT_FILE, EXPERIMENT_FILE,
    End, EndReason, Environment, Generator, LOAD_FILE, LoadPoint, LoadRecord, MEASUREMENTS_FILE,
    Measurement, Plan, SCHEMA_VERSION, SERIES_FILE, SeriesRecord,
};

pub use plans::{arm, load, plan_of};
use plans::{environment, plan};

/// The arms a claim of the report needs, and the A/A control.
pub const ARMS: [&str; 5] = [
    "tokio-published",
    "kio-uring",
    "kio-uring-again",
    "tokio-published-no-parse",
    "kio-uring-published-no-parse-heap",
];

/// A synthetic run.
pub struct Scenario {
    pub plan: Plan,
    pub environment: Environment,
    pub rows: Vec<Measurement>,
    pub loads: Vec<LoadRecord>,
    pub series: Vec<SeriesRecord>,
    pub calibrations: Vec<CalibrationRecord>,
    pub end: End,
}

/// What is true in it.
#[derive(Clone, Copy)]
pub struct Truth {
    /// CPU a request of both kio arms as a multiple of Tokio's.
    pub kio_cpu: f64,
    /// Whether the load generator limits the rate, not the server.
    pub client_bound: bool,
    /// Largest random deviation of a measurement, as a share.
    pub noise: f64,
    pub blocks: u32,
}

pub const NO_DIFFERENCE: Truth = Truth {
    kio_cpu: 1.0,
    client_bound: false,
    noise: 0.01,
    blocks: 12,
};

/// What is true of an arm at a load.
#[derive(Clone, Copy)]
pub struct Facts {
    /// Server CPU a request, microseconds.
    pub cpu_us: f64,
    /// Load generator's CPU a request, microseconds. The dearer of the two sets the rate.
    pub client_us: f64,
    /// Kernel entries a request.
    pub entries: f64,
    /// p99 as a multiple of the mean latency.
    pub p99: f64,
    pub rss_bytes: u64,
    /// Whether the server reports its requests, so that there is a steady part: its CPU a request
    /// as a share of the whole window's.
    pub steady: Option<f64>,
}

pub const USUAL: Facts = Facts {
    cpu_us: 15.0,
    client_us: 10.0,
    entries: 2.0,
    p99: 2.5,
    rss_bytes: 6 << 20,
    steady: None,
};

impl Scenario {
    /// All arms at 50, 500 and 2000 connections.
    pub fn new(truth: Truth) -> Self {
        Self::of(plan(truth.blocks), truth.noise, |arm, _| Facts {
            cpu_us: if arm.subject == "kio-rs" {
                15.0 * truth.kio_cpu
            } else {
                15.0
            },
            client_us: if truth.client_bound { 20.0 } else { 10.0 },
            entries: if arm.subject == "kio-rs" { 0.1 } else { 2.0 },
            ..USUAL
        })
    }

    /// A run of a plan in which these facts are true, but for noise and drift.
    pub fn of(plan: Plan, noise: f64, facts: impl Fn(&ArmEntry, &LoadPoint) -> Facts) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
        let mut scenario = Self {
            environment: environment(&plan),
            rows: Vec::new(),
            loads: Vec::new(),
            series: Vec::new(),
            calibrations: Vec::new(),
            end: End {
                schema_version: SCHEMA_VERSION,
                reason: EndReason::Blocks,
                blocks: plan.blocks,
                elapsed_s: 0,
            },
            plan,
        };
        for block in 0..scenario.plan.blocks {
            // What drifts between blocks hits all arms alike, the load generator too.
            let drift = random.random_range(0.85..1.15);
            for point in scenario.plan.load_points.clone() {
                for arm in scenario.plan.arms.clone() {
                    let noise = 1.0 + random.random_range(-noise..=noise);
                    let truth = facts(&arm, &point);
                    let cpu_us = truth.cpu_us * drift * noise;
                    scenario.measure(block, &arm, &point, &Facts { cpu_us, ..truth });
                }
            }
        }
        scenario
    }

    fn measure(&mut self, block: u32, arm: &ArmEntry, point: &LoadPoint, facts: &Facts) {
        let window_us = 3_000_000_u64;
        let slowest_us = facts.cpu_us.max(facts.client_us);
        let requests = (window_us as f64 * 0.97 / slowest_us) as u64;
        let server_us = (requests as f64 * facts.cpu_us) as u64;
        let client_total = (requests as f64 * facts.client_us) as u64;
        let in_flight = f64::from(point.connections) * f64::from(point.pipeline);
        // With `flood` nothing waits between an answer and the next request: Little's law.
        let latency_us = match point.generator {
            Generator::Flood => in_flight * window_us as f64 / requests as f64,
            _ => in_flight * slowest_us,
        };
        let at = |share: f64| Some((latency_us * share) as u64);
        let workers = u64::from(point.workers.unwrap_or(self.plan.workers));
        let by_worker = |total| evenly(total, workers);
        self.rows.push(Measurement {
            block,
            sequence: self.rows.len() as u32,
            arm: arm.name.clone(),
            connections: point.connections,
            pipeline: point.pipeline,
            generator: point.generator,
            idle_connections: point.idle_connections,
            requests_per_connection: point.requests_per_connection,
            body_bytes: point.body_bytes,
            workers: point.workers,
            offered_rate_per_s: point.offered_rate_per_s,
            client_nofile: point.client_nofile,
            started_unix_ms: 1_780_000_000_000 + self.rows.len() as u64 * 4000,
            window_us: Some(window_us),
            requests: Some(requests),
            response_bytes: Some(requests * (39 + u64::from(point.body_bytes.unwrap_or(13)))),
            latency_mean_us: at(1.0),
            latency_p50_us: at(0.9),
            latency_p90_us: at(1.4),
            latency_p99_us: at(facts.p99),
            latency_p999_us: at(facts.p99 * 1.6),
            latency_max_us: at(facts.p99 * 3.6),
            socket_errors: Some(0),
            socket_errors_connect: Some(0),
            socket_errors_read: Some(0),
            socket_errors_write: Some(0),
            socket_errors_timeout: Some(0),
            status_errors: Some(0),
            connections_open: Some(u64::from(point.connections + point.idle_connections)),
            server_cpu_user_us: Some(server_us / 5),
            server_cpu_system_us: Some(server_us - server_us / 5),
            steady_us: facts.steady.map(|_| window_us / 2),
            steady_server_cpu_us: facts
                .steady
                .map(|share| (server_us as f64 * share / 2.0) as u64),
            steady_requests: facts.steady.map(|_| requests / 2),
            client_cpu_us: Some(client_total),
            host_cpu_busy_us: Some(server_us + client_total + 60_000),
            host_cpu_softirq_us: Some(20_000),
            host_cpu_steal_us: Some(3_000),
            server_rss_bytes: Some(facts.rss_bytes),
            server_switches_voluntary: Some(1000),
            server_switches_involuntary: Some(10),
            tcp_retransmits: Some(0),
            listen_drops: Some(0),
            accepts_by_worker: by_worker(u64::from(point.connections)),
            requests_by_worker: by_worker(requests),
            kernel_entries: Some((requests as f64 * facts.entries) as u64),
            configuration: format!("synthetic {}", arm.name),
            subject_sha256: self.environment.subjects[&arm.subject].sha256.clone(),
            ..Measurement::default()
        });
        self.record(block, arm, point, latency_us);
    }

    fn record(&mut self, block: u32, arm: &ArmEntry, point: &LoadPoint, latency_us: f64) {
        let by = match point.generator {
            Generator::Wrk => "wrk",
            Generator::Flood => "none",
            Generator::Oha => "generator",
        };
        self.loads.push(LoadRecord {
            block,
            arm: arm.name.clone(),
            load: point.clone(),
            server_command: vec![arm.subject.clone()],
            client_command: vec!["wrk".into()],
            start_line: String::new(),
            latency_histogram: histogram::around(latency_us),
            latency_corrected_by: by.into(),
        });
    }

    /// The row of an arm in a block at a number of connections.
    pub fn row(&mut self, block: u32, arm: &str, connections: u32) -> &mut Measurement {
        self.rows
            .iter_mut()
            .find(|row| row.block == block && row.arm == arm && row.connections == connections)
            .unwrap()
    }

    /// Keeps one load point: a smaller run for what does not depend on loads.
    pub fn only(mut self, connections: u32) -> Self {
        let points = &mut self.plan.load_points;
        points.retain(|point| point.connections == connections);
        self.rows.retain(|row| row.connections == connections);
        self.loads
            .retain(|load| load.load.connections == connections);
        self
    }

    /// Renames an arm everywhere.
    pub fn rename(&mut self, from: &str, to: &str) {
        let rename = |name: &mut String| {
            if name == from {
                *name = to.to_owned();
            }
        };
        self.plan
            .arms
            .iter_mut()
            .for_each(|arm| rename(&mut arm.name));
        self.rows.iter_mut().for_each(|row| rename(&mut row.arm));
        self.loads.iter_mut().for_each(|load| rename(&mut load.arm));
    }

    /// Writes its files.
    pub fn write(&self, dir: &Path) {
        fs::create_dir_all(dir).unwrap();
        let put = |name: &str, text: String| fs::write(dir.join(name), text).unwrap();
        put(EXPERIMENT_FILE, toml::to_string(&self.plan).unwrap());
        put(
            ENVIRONMENT_FILE,
            serde_json::to_string_pretty(&self.environment).unwrap() + "\n",
        );
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &self.rows {
            writer.serialize(row).unwrap();
        }
        put(
            MEASUREMENTS_FILE,
            String::from_utf8(writer.into_inner().unwrap()).unwrap(),
        );
        let lines: String = self
            .loads
            .iter()
            .map(|load| serde_json::to_string(load).unwrap() + "\n")
            .collect();
        put(LOAD_FILE, lines);
        put(SERIES_FILE, json_lines(&self.series));
        if !self.calibrations.is_empty() {
            put(CALIBRATION_FILE, json_lines(&self.calibrations));
        }
        put(END_FILE, serde_json::to_string_pretty(&self.end).unwrap());
    }
}

fn json_lines(records: &[impl serde::Serialize]) -> String {
    let lines = records
        .iter()
        .map(|record| serde_json::to_string(record).unwrap() + "\n");
    lines.collect()
}

/// A list by worker, as even as can be.
fn evenly(total: u64, workers: u64) -> String {
    let counts = (0..workers).map(|w| total / workers + u64::from(w < total % workers));
    let counts: Vec<String> = counts.map(|count| count.to_string()).collect();
    counts.join(";")
}
