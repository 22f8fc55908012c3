//! Each gate of a measurement, tripped; those of pairs and cells are tripped in the tests of whole runs.

use records::{ArmEntry, Placement, Scheduling};

use super::*;

pub(super) fn plan(client_threads: u32) -> Plan {
    Plan {
        schema_version: records::SCHEMA_VERSION,
        experiment: String::new(),
        host: String::new(),
        seed: 0,
        blocks: 1,
        stop: None,
        left_out: Vec::new(),
        expected: Vec::new(),
        window_s: 1,
        warm_up_ms: 0,
        workers: 1,
        client_threads,
        placement: Placement::Apart,
        scheduling: Scheduling::Other,
        server_cpus: vec![1],
        client_cpus: vec![2],
        load_points: Vec::new(),
        arms: Vec::<ArmEntry>::new(),
    }
}

fn failed(row: &Measurement, derived: &Derived, client_threads: u32) -> Vec<Failure> {
    let setting = Setting {
        plan: &plan(client_threads),
        link_bits_per_s: Some(1_000_000_000),
    };
    failures(row, derived, &setting)
}

fn good() -> (Measurement, Derived) {
    let row = Measurement {
        connections: 50,
        pipeline: 1,
        window_us: Some(1_000_000),
        requests: Some(100_000),
        response_bytes: Some(5_200_000),
        socket_errors: Some(0),
        status_errors: Some(0),
        connections_open: Some(50),
        server_cpu_user_us: Some(100_000),
        server_cpu_system_us: Some(800_000),
        client_cpu_us: Some(950_000),
        host_cpu_busy_by_cpu_us: "999999;980000;960000".into(),
        host_cpu_steal_by_cpu_us: "500000;1000;1000".into(),
        core_round_trip_before_ns: Some(110),
        core_round_trip_after_ns: Some(100),
        ..Measurement::default()
    };
    let mut derived = Derived::default();
    derived.set(Metric::ForeignShare, Some(FOREIGN_CPU_LIMIT));
    derived.set(Metric::StealShare, Some(STEAL_LIMIT));
    (row, derived)
}

#[test]
fn the_threads_of_the_load_generator_share_the_connections_evenly() {
    let opened = [50, 500, 2000].map(|asked| opened_by(Generator::Wrk, 12, asked));
    assert_eq!(opened, [48, 492, 1992]);
    assert_eq!(opened_by(Generator::Flood, 12, 50), 50);
    let (mut row, derived) = good();
    row.connections_open = Some(48);
    assert_eq!(failed(&row, &derived, 12), []);
    assert_eq!(failed(&row, &derived, 1).len(), 1);
}

#[test]
fn idle_connections_must_be_open_too() {
    let (mut row, derived) = good();
    row.idle_connections = 1000;
    let missing = Failure::Connections {
        open: 50,
        asked: 1050,
    };
    assert_eq!(failed(&row, &derived, 1), [missing]);
    row.connections_open = Some(1050);
    row.accepts_by_worker = "50".into();
    assert_eq!(failed(&row, &derived, 1), []);
}

#[test]
fn a_good_measurement_passes_up_to_the_limits_whatever_other_processors_do() {
    let (row, derived) = good();
    assert_eq!(failed(&row, &derived, 1), []);
    assert_eq!(failed(&row, &derived, 5), []);
}

#[test]
fn closed_connections_and_cut_off_responses_are_no_other_lengths() {
    let (mut row, derived) = good();
    row.response_bytes = Some(5_200_000 + 50 * 51);
    assert_eq!(failed(&row, &derived, 1), []);
    row.response_bytes = Some(5_200_000 + 19 * 33_333);
    assert_eq!(failed(&row, &derived, 1).len(), 1);
    row.requests_per_connection = Some(3);
    assert_eq!(failed(&row, &derived, 1), []);
}

type Spoil = fn(&mut Measurement, &mut Derived);

/// What spoils a measurement, the gate it trips, and a part of what is said.
const CASES: [(Spoil, Gate, &str); 22] = [
    (
        |r, _| r.error = "the server died".into(),
        Gate::Completed,
        "the server died",
    ),
    (|r, _| r.requests = Some(0), Gate::Responses, "no response"),
    (
        |r, _| r.requests = None,
        Gate::Responses,
        "requests was not measured",
    ),
    (
        |r, _| r.socket_errors = Some(3),
        Gate::SocketErrors,
        "3 socket errors",
    ),
    (
        |r, _| r.socket_errors = None,
        Gate::SocketErrors,
        "not measured",
    ),
    (
        |r, _| r.status_errors = Some(2),
        Gate::StatusErrors,
        "2 error responses",
    ),
    (
        |r, _| r.connections_open = Some(49),
        Gate::Connections,
        "49 of 50 connections",
    ),
    (
        |r, _| r.connections_open = None,
        Gate::Connections,
        "open connections was not measured",
    ),
    (
        |r, _| r.accepts_by_worker = "20;29".into(),
        Gate::Accepted,
        "accepted 49 of 50",
    ),
    (
        |r, _| r.response_bytes = Some(5_230_000),
        Gate::Bytes,
        "5230000 bytes are not those of 100000",
    ),
    (
        |r, _| r.response_bytes = Some(1_300_000),
        Gate::Bytes,
        "1300000 bytes",
    ),
    (
        |r, _| r.body_bytes = Some(100),
        Gate::Bytes,
        "5200000 bytes",
    ),
    (|r, _| r.response_bytes = None, Gate::Bytes, "not measured"),
    (
        |r, _| r.server_link_sent_bytes = Some(126_000_000),
        Gate::Link,
        "bits a second",
    ),
    (
        |r, d| {
            r.offered_rate_per_s = Some(1000);
            d.set(Metric::RequestsPerSecond, Some(989.0));
        },
        Gate::Rate,
        "989 of 1000 requests a second",
    ),
    (
        |r, d| {
            r.generator = Generator::Flood;
            r.latency_mean_us = Some(500);
            r.latency_max_us = Some(900);
            d.set(Metric::InFlight, Some(25.0));
        },
        Gate::InFlight,
        "25.0 requests were in flight by Little's law, of 50 asked",
    ),
    (
        |r, _| r.generator = Generator::Flood,
        Gate::InFlight,
        "not measured",
    ),
    (
        |_, d| d.set(Metric::ForeignShare, Some(0.101)),
        Gate::ForeignCpu,
        "10.1\u{a0}% of the machine",
    ),
    (
        |r, _| r.host_cpu_busy_by_cpu_us = "0;1010000;950000".into(),
        Gate::ForeignCpu,
        "11.0\u{a0}% of the machine",
    ),
    (
        |_, d| d.set(Metric::StealShare, Some(0.03)),
        Gate::Steal,
        "hypervisor took 3.0\u{a0}%",
    ),
    (
        |r, _| r.host_cpu_steal_by_cpu_us = "0;0;40000".into(),
        Gate::Steal,
        "hypervisor took 4.0\u{a0}%",
    ),
    (
        |r, _| r.core_round_trip_after_ns = Some(500),
        Gate::Distance,
        "110 ns before the window and 500 ns",
    ),
];

#[test]
fn each_gate_fails_on_its_own() {
    for (spoil, gate, expected) in CASES {
        let (mut row, mut derived) = good();
        spoil(&mut row, &mut derived);
        let failed = failed(&row, &derived, 1);
        assert_eq!(failed.len(), 1, "{expected}: {failed:?}");
        assert!(failed[0].to_string().contains(expected), "{failed:?}");
        assert_eq!(failed[0].gate(), gate);
        let left_out = gate.consequence() == Consequence::LeftOut;
        assert_eq!(failed[0].is_disturbance(), left_out, "{gate:?}");
    }
    let of_measurements = Gate::ALL.iter().filter(|gate| {
        matches!(
            gate.consequence(),
            Consequence::Invalid | Consequence::LeftOut
        )
    });
    for gate in of_measurements {
        assert!(
            CASES.iter().any(|(_, tripped, _)| tripped == gate),
            "{gate:?}"
        );
    }
}

#[test]
fn what_no_reading_shows_is_not_passed() {
    let (mut row, _) = good();
    row.host_cpu_busy_by_cpu_us.clear();
    row.host_cpu_steal_by_cpu_us.clear();
    let gates: Vec<Gate> = (failed(&row, &Derived::default(), 1).iter())
        .map(Failure::gate)
        .collect();
    assert_eq!(gates, [Gate::ForeignCpu, Gate::Steal]);
}
