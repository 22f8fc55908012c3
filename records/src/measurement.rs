//! `measurements.csv`: a row a measurement.

use serde::{Deserialize, Serialize};

use crate::plan::Generator;

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
    /// Sockets the load generator really held open, counted in the middle of the window.
    pub connections_open: Option<u64>,
    /// Server's CPU time in user mode over the window, all its threads and child processes.
    pub server_cpu_user_us: Option<u64>,
    /// Server's CPU time in the kernel.
    pub server_cpu_system_us: Option<u64>,
    /// Length of the steady part of the window: from when the connections were open to its end.
    /// Empty, with the next two, for a server that does not report its requests.
    pub steady_us: Option<u64>,
    /// Server's CPU time in the steady part, user and kernel: without accepting.
    pub steady_server_cpu_us: Option<u64>,
    /// Requests the server answered in the steady part, as it counts them.
    pub steady_requests: Option<u64>,
    /// Load generator's CPU time, user and kernel.
    pub client_cpu_us: Option<u64>,
    /// CPU time of the whole machine that was not idle, steal not included.
    pub host_cpu_busy_us: Option<u64>,
    /// Part of it spent in soft interrupts.
    pub host_cpu_softirq_us: Option<u64>,
    /// CPU time the hypervisor gave to others.
    pub host_cpu_steal_us: Option<u64>,
    /// Server's resident memory at the end of the window.
    pub server_rss_bytes: Option<u64>,
    /// Server's voluntary context switches in the window.
    pub server_switches_voluntary: Option<u64>,
    /// Server's involuntary context switches in the window.
    pub server_switches_involuntary: Option<u64>,
    /// TCP segments the machine retransmitted in the window.
    pub tcp_retransmits: Option<u64>,
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

/// The header of `measurements.csv`, in order. A test holds it equal to [`Measurement`]'s fields.
pub const COLUMNS: [&str; 48] = [
    "block",
    "sequence",
    "arm",
    "connections",
    "pipeline",
    "offered_rate_per_s",
    "generator",
    "idle_connections",
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
    "steady_us",
    "steady_server_cpu_us",
    "steady_requests",
    "client_cpu_us",
    "host_cpu_busy_us",
    "host_cpu_softirq_us",
    "host_cpu_steal_us",
    "server_rss_bytes",
    "server_switches_voluntary",
    "server_switches_involuntary",
    "tcp_retransmits",
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
