//! Synthetic runs: written through the types of `records`, from a seed, with known properties.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use records::{
    ArmEntry, ENVIRONMENT_FILE, EXPERIMENT_FILE, Environment, LOAD_FILE, LoadPoint, LoadRecord,
    MEASUREMENTS_FILE, Measurement, Plan, SCHEMA_VERSION, SubjectFile,
};

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
    blocks: 8,
};

impl Scenario {
    /// All arms at 50, 500 and 2000 connections.
    pub fn new(truth: Truth) -> Self {
        let plan = plan(truth.blocks);
        let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
        let mut scenario = Self {
            environment: environment(),
            rows: Vec::new(),
            loads: Vec::new(),
            plan,
        };
        for block in 0..truth.blocks {
            // What drifts between blocks hits all arms alike.
            let drift = random.random_range(0.85..1.15);
            for point in scenario.plan.load_points.clone() {
                for arm in scenario.plan.arms.clone() {
                    let noise = 1.0 + random.random_range(-truth.noise..=truth.noise);
                    let factor = if arm.subject == "kio-rs" {
                        truth.kio_cpu
                    } else {
                        1.0
                    };
                    let cpu_us = 15.0 * drift * noise * factor;
                    scenario.measure(block, &arm, &point, cpu_us, truth.client_bound);
                }
            }
        }
        scenario
    }

    fn measure(
        &mut self,
        block: u32,
        arm: &ArmEntry,
        point: &LoadPoint,
        cpu_us: f64,
        client_bound: bool,
    ) {
        let window_us = 3_000_000_u64;
        let slowest_us = if client_bound { 20.0 } else { cpu_us };
        let requests = (window_us as f64 * 0.97 / slowest_us) as u64;
        let client_us = if client_bound { 20.0 } else { 10.0 };
        let server_us = (requests as f64 * cpu_us) as u64;
        let client_total = (requests as f64 * client_us) as u64;
        let latency_us = f64::from(point.connections) * slowest_us;
        let at = |share: f64| Some((latency_us * share) as u64);
        self.rows.push(Measurement {
            block,
            sequence: self.rows.len() as u32,
            arm: arm.name.clone(),
            connections: point.connections,
            pipeline: point.pipeline,
            started_unix_ms: 1_780_000_000_000 + self.rows.len() as u64 * 4000,
            window_us: Some(window_us),
            requests: Some(requests),
            response_bytes: Some(requests * 52),
            latency_mean_us: at(1.0),
            latency_p50_us: at(0.9),
            latency_p90_us: at(1.4),
            latency_p99_us: at(2.5),
            latency_p999_us: at(4.0),
            latency_max_us: at(9.0),
            socket_errors: Some(0),
            socket_errors_connect: Some(0),
            socket_errors_read: Some(0),
            socket_errors_write: Some(0),
            socket_errors_timeout: Some(0),
            status_errors: Some(0),
            connections_open: Some(u64::from(point.connections)),
            server_cpu_user_us: Some(server_us / 5),
            server_cpu_system_us: Some(server_us - server_us / 5),
            client_cpu_us: Some(client_total),
            host_cpu_busy_us: Some(server_us + client_total + 60_000),
            host_cpu_softirq_us: Some(20_000),
            host_cpu_steal_us: Some(3_000),
            server_rss_bytes: Some(6 << 20),
            server_switches_voluntary: Some(1000),
            server_switches_involuntary: Some(10),
            tcp_retransmits: Some(0),
            listen_drops: Some(0),
            accepts_by_worker: format!("{}", point.connections),
            requests_by_worker: requests.to_string(),
            kernel_entries: Some(if arm.subject == "kio-rs" {
                requests / 10
            } else {
                requests * 2
            }),
            configuration: format!("synthetic {}", arm.name),
            subject_sha256: self.environment.subjects[&arm.subject].sha256.clone(),
            ..Measurement::default()
        });
        self.loads.push(LoadRecord {
            block,
            arm: arm.name.clone(),
            connections: point.connections,
            pipeline: point.pipeline,
            offered_rate_per_s: None,
            server_command: vec![arm.subject.clone()],
            client_command: vec!["wrk".into()],
            start_line: String::new(),
            latency_histogram: histogram(latency_us),
            latency_corrected_by: "wrk".into(),
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
        self.loads.retain(|load| load.connections == connections);
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

    /// Writes the four files.
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
    }
}

fn plan(blocks: u32) -> Plan {
    let arm = |name: &str| ArmEntry {
        name: name.to_owned(),
        subject: if name.starts_with("kio") {
            "kio-rs"
        } else {
            "tokio-baseline"
        }
        .to_owned(),
        args: vec!["--workers".into(), "{workers}".into()],
        env: Default::default(),
        differs_from: (name == "kio-uring").then(|| "tokio-published".to_owned()),
        differs_by: (name == "kio-uring").then(|| "everything".to_owned()),
        control_of: (name == "kio-uring-again").then(|| "kio-uring".to_owned()),
        parses: !name.contains("no-parse"),
    };
    Plan {
        schema_version: SCHEMA_VERSION,
        experiment: "synthetic".into(),
        host: "local".into(),
        seed: 20_260_101,
        blocks,
        window_s: 3,
        warm_up_ms: 500,
        workers: 1,
        client_threads: 1,
        server_cpus: vec![0],
        client_cpus: vec![1],
        load_points: [50, 500, 2000]
            .map(|connections| LoadPoint {
                connections,
                pipeline: 1,
                offered_rate_per_s: None,
            })
            .to_vec(),
        arms: ARMS.map(arm).to_vec(),
    }
}

fn environment() -> Environment {
    let subject = |digit: &str| SubjectFile {
        sha256: digit.repeat(64),
        bytes: 1_234_567,
    };
    Environment {
        schema_version: SCHEMA_VERSION,
        hardware: "synthetic-2c".into(),
        cpu_model: "Synthetic CPU".into(),
        cpus: 2,
        threads_per_core: 1,
        memory_bytes: 8 << 30,
        architecture: "x86_64".into(),
        virtualization: "none".into(),
        kernel_release: "6.18.0".into(),
        kernel_version: "#1 SMP".into(),
        distribution: "Synthetic Linux".into(),
        clocksource: "tsc".into(),
        cpu_governor: String::new(),
        mitigations: [("spectre_v2".to_owned(), "none".to_owned())].into(),
        sysctls: [("net.core.somaxconn".to_owned(), "4096".to_owned())].into(),
        nofile_soft: 65_536,
        nofile_hard: 65_536,
        memlock_soft_bytes: None,
        load_generator: "wrk 4.2.0".into(),
        rustc: "rustc 1.95.0".into(),
        git_revision: "0123456789abcdef".into(),
        git_dirty: false,
        subjects: [
            ("kio-rs".to_owned(), subject("a")),
            ("tokio-baseline".to_owned(), subject("b")),
        ]
        .into(),
    }
}

/// A right-skewed histogram around a mean.
fn histogram(mean_us: f64) -> String {
    let mut histogram = Histogram::<u64>::new(3).unwrap();
    for step in 0..64_u32 {
        let value = (mean_us * (0.4 + f64::from(step) / 50.0)) as u64;
        let count = 40_000_u32 >> (step / 4);
        histogram
            .record_n(value.max(1), u64::from(count) + 1)
            .unwrap();
    }
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(&histogram, &mut bytes)
        .unwrap();
    STANDARD.encode(bytes)
}
