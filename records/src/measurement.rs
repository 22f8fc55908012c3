//! `measurements.csv`: a row a measurement.

use serde::{Deserialize, Serialize};

use crate::plan::{Generator, LoadPoint};

/// One measurement: a cell in a block. An empty field was not measured.
///
/// A failed measurement is a row too: `error` says why, and what was not measured is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Block, from 0.
    pub block: u32,
    /// Position in the run's order of execution, from 0.
    pub sequence: u32,
    /// The arm's name.
    pub arm: String,
    /// Connections asked for.
    pub connections: u32,
    /// Requests a connection has in flight.
    pub pipeline: u32,
    /// Requests offered a second; empty in a closed loop.
    pub offered_rate_per_s: Option<u64>,
    /// What made the load.
    pub generator: Generator,
    /// Connections held open beside the others, on which nothing was sent.
    pub idle_connections: u32,
    /// Requests after which a connection was closed and another opened; empty when it stayed.
    pub requests_per_connection: Option<u32>,
    /// Bytes of the response's body asked for; empty for `Hello, World!`.
    pub body_bytes: Option<u32>,
    /// Worker threads of the server where the load point names them; empty for the plan's number.
    pub workers: Option<u32>,
    /// Files the load generator might have open; empty for as many as the machine allows.
    pub client_nofile: Option<u32>,
    /// Start of the window, milliseconds since 1970 in UTC.
    pub started_unix_ms: u64,
    /// Length of the window as the load generator measured it.
    pub window_us: Option<u64>,
    /// Complete responses the load generator received in the window.
    pub requests: Option<u64>,
    /// Bytes of those responses.
    pub response_bytes: Option<u64>,
    /// Mean latency as the load generator reports it.
    pub latency_mean_us: Option<u64>,
    /// 50th percentile.
    pub latency_p50_us: Option<u64>,
    /// 90th percentile.
    pub latency_p90_us: Option<u64>,
    /// 99th percentile.
    pub latency_p99_us: Option<u64>,
    /// 99.9th percentile.
    pub latency_p999_us: Option<u64>,
    /// Largest latency seen.
    pub latency_max_us: Option<u64>,
    /// All socket errors: the sum of the next four.
    pub socket_errors: Option<u64>,
    /// Connections that could not be opened.
    pub socket_errors_connect: Option<u64>,
    /// Failed reads.
    pub socket_errors_read: Option<u64>,
    /// Failed writes.
    pub socket_errors_write: Option<u64>,
    /// Requests that took longer than the load generator's limit (wrk: 2 s).
    pub socket_errors_timeout: Option<u64>,
    /// Responses with a status over 399.
    pub status_errors: Option<u64>,
    /// Sockets the load generator really held open, counted in the middle of the window. Where
    /// connections do not stay, those that it had, or was opening, at the window's end without an error.
    pub connections_open: Option<u64>,
    /// Server's CPU time in user mode over the window, all its threads and child processes.
    pub server_cpu_user_us: Option<u64>,
    /// Server's CPU time in the kernel.
    pub server_cpu_system_us: Option<u64>,
    /// Server's CPU time by thread, `;` between threads, in the order in which they were made.
    pub server_cpu_by_thread_us: String,
    /// The part of it in user mode, of the same threads in the same order.
    #[serde(default)]
    pub server_cpu_user_by_thread_us: String,
    /// Length of the steady part of the window: from when the connections were open to its end.
    /// Empty, with the next two, for a server that does not report its requests.
    pub steady_us: Option<u64>,
    /// Server's CPU time in the steady part, user and kernel: without accepting.
    pub steady_server_cpu_us: Option<u64>,
    /// Requests the server answered in the steady part, as it counts them.
    pub steady_requests: Option<u64>,
    /// Load generator's CPU time, user and kernel.
    pub client_cpu_us: Option<u64>,
    /// Load generator's CPU time by thread, `;` between threads.
    pub client_cpu_by_thread_us: String,
    /// CPU time of the whole machine that was not idle, steal not included: the sum of the next three.
    pub host_cpu_busy_us: Option<u64>,
    /// Part of it in user mode, at whatever priority.
    pub host_cpu_user_us: Option<u64>,
    /// Part of it in the kernel, hard interrupts with it.
    pub host_cpu_system_us: Option<u64>,
    /// Part of it spent in soft interrupts.
    pub host_cpu_softirq_us: Option<u64>,
    /// CPU time the hypervisor gave to others.
    pub host_cpu_steal_us: Option<u64>,
    /// `host_cpu_busy_us` by processor, `;` between processors, in their order.
    pub host_cpu_busy_by_cpu_us: String,
    /// `host_cpu_softirq_us` by processor.
    pub host_cpu_softirq_by_cpu_us: String,
    /// `host_cpu_steal_us` by processor.
    pub host_cpu_steal_by_cpu_us: String,
    /// As `host_cpu_busy_us`, of the load generator's machine; empty, as all `client_host_` columns,
    /// when that is the server's.
    pub client_host_cpu_busy_us: Option<u64>,
    /// Part of it in user mode.
    pub client_host_cpu_user_us: Option<u64>,
    /// Part of it in the kernel, hard interrupts with it.
    pub client_host_cpu_system_us: Option<u64>,
    /// Part of it spent in soft interrupts.
    pub client_host_cpu_softirq_us: Option<u64>,
    /// CPU time the hypervisor of the load generator's machine gave to others.
    pub client_host_cpu_steal_us: Option<u64>,
    /// `client_host_cpu_busy_us` by processor.
    pub client_host_cpu_busy_by_cpu_us: String,
    /// A cache line's way from the server's first processor to the load generator's first and back,
    /// before the window: the distance that a virtual machine's processors have changes. Empty when they
    /// are not two processors of one machine.
    pub core_round_trip_before_ns: Option<u64>,
    /// The same after the window.
    pub core_round_trip_after_ns: Option<u64>,
    /// Server's resident memory at the end of the window.
    pub server_rss_bytes: Option<u64>,
    /// Server's voluntary context switches in the window.
    pub server_switches_voluntary: Option<u64>,
    /// Server's involuntary context switches in the window.
    pub server_switches_involuntary: Option<u64>,
    /// TCP segments the machine retransmitted in the window.
    pub tcp_retransmits: Option<u64>,
    /// The same on the load generator's side where it has a network stack of its own; else empty.
    pub client_tcp_retransmits: Option<u64>,
    /// Bytes the server's network device sent in the window; empty on loopback.
    pub server_link_sent_bytes: Option<u64>,
    /// Connections the machine's listen queues dropped in the window.
    pub listen_drops: Option<u64>,
    /// Connections each worker accepted in the window, `;` between workers.
    pub accepts_by_worker: String,
    /// Requests each worker answered in the window, `;` between workers.
    pub requests_by_worker: String,
    /// Times the server entered the kernel in the window, as it counts itself.
    pub kernel_entries: Option<u64>,
    /// Submission queue entries in the window (`io_uring` arms).
    pub sqes: Option<u64>,
    /// Completion queue entries in the window (`io_uring` arms).
    pub cqes: Option<u64>,
    /// Receives that found no provided buffer in the window (`io_uring` arms).
    pub buffers_exhausted: Option<u64>,
    /// The effective configuration the server named on its start line.
    pub configuration: String,
    /// SHA-256 of the server's binary, hexadecimal.
    pub subject_sha256: String,
    /// Why the measurement failed; empty when it did not.
    pub error: String,
}

impl Measurement {
    /// The load point that it was made at.
    pub fn load_point(&self) -> LoadPoint {
        LoadPoint {
            connections: self.connections,
            pipeline: self.pipeline,
            offered_rate_per_s: self.offered_rate_per_s,
            generator: self.generator,
            idle_connections: self.idle_connections,
            requests_per_connection: self.requests_per_connection,
            body_bytes: self.body_bytes,
            workers: self.workers,
            client_nofile: self.client_nofile,
        }
    }

    /// A row of that load point in which nothing was measured yet.
    pub fn at(load: &LoadPoint) -> Self {
        Self {
            connections: load.connections,
            pipeline: load.pipeline,
            offered_rate_per_s: load.offered_rate_per_s,
            generator: load.generator,
            idle_connections: load.idle_connections,
            requests_per_connection: load.requests_per_connection,
            body_bytes: load.body_bytes,
            workers: load.workers,
            client_nofile: load.client_nofile,
            ..Self::default()
        }
    }
}

/// The header of `measurements.csv`, in order. A test holds it equal to [`Measurement`]'s fields.
pub const COLUMNS: [&str; 70] = [
    "block",
    "sequence",
    "arm",
    "connections",
    "pipeline",
    "offered_rate_per_s",
    "generator",
    "idle_connections",
    "requests_per_connection",
    "body_bytes",
    "workers",
    "client_nofile",
    "started_unix_ms",
    "window_us",
    "requests",
    "response_bytes",
    "latency_mean_us",
    "latency_p50_us",
    "latency_p90_us",
    "latency_p99_us",
    "latency_p999_us",
    "latency_max_us",
    "socket_errors",
    "socket_errors_connect",
    "socket_errors_read",
    "socket_errors_write",
    "socket_errors_timeout",
    "status_errors",
    "connections_open",
    "server_cpu_user_us",
    "server_cpu_system_us",
    "server_cpu_by_thread_us",
    "server_cpu_user_by_thread_us",
    "steady_us",
    "steady_server_cpu_us",
    "steady_requests",
    "client_cpu_us",
    "client_cpu_by_thread_us",
    "host_cpu_busy_us",
    "host_cpu_user_us",
    "host_cpu_system_us",
    "host_cpu_softirq_us",
    "host_cpu_steal_us",
    "host_cpu_busy_by_cpu_us",
    "host_cpu_softirq_by_cpu_us",
    "host_cpu_steal_by_cpu_us",
    "client_host_cpu_busy_us",
    "client_host_cpu_user_us",
    "client_host_cpu_system_us",
    "client_host_cpu_softirq_us",
    "client_host_cpu_steal_us",
    "client_host_cpu_busy_by_cpu_us",
    "core_round_trip_before_ns",
    "core_round_trip_after_ns",
    "server_rss_bytes",
    "server_switches_voluntary",
    "server_switches_involuntary",
    "tcp_retransmits",
    "client_tcp_retransmits",
    "server_link_sent_bytes",
    "listen_drops",
    "accepts_by_worker",
    "requests_by_worker",
    "kernel_entries",
    "sqes",
    "cqes",
    "buffers_exhausted",
    "configuration",
    "subject_sha256",
    "error",
];

/// Those of [`COLUMNS`] that schema version 3 does not have.
pub const ADDED_IN_4: [&str; 5] = [
    "server_cpu_user_by_thread_us",
    "host_cpu_user_us",
    "host_cpu_system_us",
    "client_host_cpu_user_us",
    "client_host_cpu_system_us",
];

/// The header of `measurements.csv` in files of one of [`crate::READ_VERSIONS`].
pub fn columns_of(version: u32) -> Vec<&'static str> {
    let there = |column: &&str| version >= 4 || !ADDED_IN_4.contains(column);
    COLUMNS.into_iter().filter(there).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_the_fields_in_order() {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(Measurement::default()).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        assert_eq!(header, COLUMNS);
    }

    #[test]
    fn a_row_of_version_3_lacks_what_was_added_and_nothing_else() {
        let row = Measurement {
            arm: "kio-uring".into(),
            ..Measurement::default()
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(&row).unwrap();
        let bytes = writer.into_inner().unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let whole = reader.records().next().unwrap().unwrap();
        let columns = columns_of(3);
        assert_eq!(columns.len() + ADDED_IN_4.len(), COLUMNS.len());
        let fields = COLUMNS.iter().zip(&whole);
        let fields = fields.filter(|(column, _)| columns.contains(column));
        let fields: csv::StringRecord = fields.map(|(_, field)| field).collect();
        let header = csv::StringRecord::from(columns);
        assert_eq!(
            fields.deserialize::<Measurement>(Some(&header)).unwrap(),
            row
        );
    }

    #[test]
    fn a_load_point_survives_its_row() {
        let load = LoadPoint {
            connections: 2,
            pipeline: 3,
            offered_rate_per_s: Some(4),
            generator: Generator::Flood,
            idle_connections: 5,
            requests_per_connection: Some(6),
            body_bytes: Some(7),
            workers: Some(8),
            client_nofile: Some(9),
        };
        assert_eq!(Measurement::at(&load).load_point(), load);
    }

    #[test]
    fn a_row_survives_a_round_trip() {
        let row = Measurement {
            arm: "kio-uring".into(),
            requests: Some(3),
            accepts_by_worker: "1;2".into(),
            error: "the server said \"no\", twice".into(),
            ..Measurement::default()
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(&row).unwrap();
        let bytes = writer.into_inner().unwrap();
        let read: Vec<Measurement> = csv::Reader::from_reader(bytes.as_slice())
            .deserialize()
            .map(Result::unwrap)
            .collect();
        assert_eq!(read, [row]);
    }
}
