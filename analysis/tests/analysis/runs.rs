//! Small runs of the study's experiments with known properties.

use records::{ArmEntry, Generator, LoadPoint, Placement, Plan, Role};

use super::support::{Facts, Scenario, USUAL, arm, load, plan_of};

const BLOCKS: u32 = 12;
const NOISE: f64 = 0.004;

fn flood(connections: u32) -> LoadPoint {
    LoadPoint {
        generator: Generator::Flood,
        ..load(connections)
    }
}

fn run(plan: Plan, facts: impl Fn(&ArmEntry, &LoadPoint) -> Facts) -> Scenario {
    Scenario::of(plan, NOISE, facts)
}

/// A ladder in another order than its rungs': `tokio-per-core` changes nothing, `kio-epoll` helps,
/// `kio-uring-oneshot` costs, `kio-uring` helps at 50 connections only. With floors and a side arm.
pub fn ladder() -> Scenario {
    let arms = vec![
        arm("kio-uring", Role::Ladder, Some("kio-uring-oneshot")),
        arm("tokio-published", Role::Ladder, None),
        arm("kio-epoll", Role::Ladder, Some("tokio-per-core")),
        arm("tokio-per-core", Role::Ladder, Some("tokio-published")),
        arm("kio-uring-oneshot", Role::Ladder, Some("kio-epoll")),
        arm("kio-uring-heap", Role::Side, Some("kio-uring")),
        arm("uring-floor", Role::Floor, None),
        arm("epoll-floor", Role::Floor, None),
    ];
    let plan = plan_of("ladder", BLOCKS, vec![load(50), load(500)], arms);
    run(plan, |arm, point| {
        let cpu = match (arm.name.as_str(), point.connections) {
            ("kio-epoll", _) => 0.90,
            ("kio-uring-oneshot", _) => 1.08,
            ("kio-uring", 50) => 0.85,
            ("kio-uring", _) => 1.08,
            ("kio-uring-heap", 50) => 0.90,
            ("kio-uring-heap", _) => 1.08,
            ("uring-floor", _) => 0.84,
            ("epoll-floor", _) => 0.80,
            _ => 1.0,
        };
        Facts {
            cpu_us: 15.0 * cpu,
            entries: 0.3,
            ..USUAL
        }
    })
}

/// `dear` costs more than ours, `cheap` less. `cheap` does not report its requests, and accepting
/// is a fifth of what ours spends: by the steady part ours would look cheaper than it.
pub fn peers() -> Scenario {
    let arms = vec![
        arm("kio-uring", Role::Ladder, None),
        arm("dear", Role::Peer, None),
        arm("cheap", Role::Peer, None),
    ];
    run(
        plan_of("peers", BLOCKS, vec![load(50), load(500)], arms),
        |arm, _| {
            let (cpu_us, steady) = match arm.name.as_str() {
                "dear" => (20.0, Some(0.8)),
                "cheap" => (13.5, None),
                _ => (15.0, Some(0.8)),
            };
            Facts {
                cpu_us,
                steady,
                ..USUAL
            }
        },
    )
}

/// Saturated servers under `flood`; at 50 connections the load generator gives out instead.
pub fn saturated(kio_p99: f64) -> Scenario {
    let arms = vec![
        arm("tokio-published", Role::Ladder, None),
        arm("kio-uring", Role::Ladder, Some("tokio-published")),
    ];
    let loads = [50, 500, 2000].map(flood).to_vec();
    run(
        plan_of("saturated", BLOCKS, loads, arms),
        move |arm, point| {
            let ours = arm.name == "kio-uring";
            Facts {
                client_us: if point.connections == 50 { 20.0 } else { 8.0 },
                entries: if ours { 0.07 } else { 2.1 },
                p99: if ours { kio_p99 } else { 20.0 },
                ..USUAL
            }
        },
    )
}

/// 1000 connections with and without 10 000 idle ones, of so many bytes each and so dear a load.
pub fn idle(bytes_each: u64, cpu: f64) -> Scenario {
    let with = LoadPoint {
        idle_connections: 10_000,
        ..flood(1000)
    };
    let arms = vec![arm("kio-uring", Role::Ladder, None)];
    run(
        plan_of("idle", BLOCKS, vec![flood(1000), with], arms),
        move |_, point| {
            let idle = point.idle_connections > 0;
            Facts {
                rss_bytes: (6 << 20) + bytes_each * u64::from(point.idle_connections),
                cpu_us: if idle { 15.0 * cpu } else { 15.0 },
                ..USUAL
            }
        },
    )
}

/// One connection; the arm that spins has half the latency.
pub fn single(faster: f64) -> Scenario {
    let arms = vec![
        arm("tokio-published", Role::Ladder, None),
        arm("kio-uring-spin", Role::Side, None),
    ];
    run(
        plan_of("single", BLOCKS, vec![flood(1)], arms),
        move |arm, _| Facts {
            cpu_us: if arm.name == "kio-uring-spin" {
                30.0 / faster
            } else {
                30.0
            },
            ..USUAL
        },
    )
}

/// Two workers and two threads of load on the same two processors.
pub fn shared() -> Scenario {
    let arms = vec![
        arm("tokio-published", Role::Ladder, None),
        arm("kio-uring", Role::Ladder, Some("tokio-published")),
    ];
    let plan = Plan {
        placement: Placement::Shared,
        workers: 2,
        client_threads: 2,
        server_cpus: Vec::new(),
        client_cpus: Vec::new(),
        ..plan_of("shared", BLOCKS, vec![load(50)], arms)
    };
    run(plan, |arm, _| Facts {
        cpu_us: if arm.name == "kio-uring" { 16.0 } else { 15.0 },
        client_us: 14.0,
        ..USUAL
    })
}

/// Two workers, an A/A control, and of the card's explanations one true, one without effect, one
/// reversed, one that holds at 500 connections only, and some without their arms. At 50 connections the load
/// generator gives out.
pub fn causes() -> Scenario {
    let again = ArmEntry {
        control_of: Some("kio-uring".to_owned()),
        ..arm("kio-uring-again", Role::Side, None)
    };
    let arms = vec![
        arm("tokio-multi-accept", Role::Ladder, None),
        arm("tokio-per-core", Role::Ladder, Some("tokio-multi-accept")),
        arm(
            "kio-epoll-own-buffers",
            Role::Ladder,
            Some("tokio-per-core"),
        ),
        arm(
            "kio-uring-oneshot",
            Role::Ladder,
            Some("kio-epoll-own-buffers"),
        ),
        arm("kio-uring", Role::Ladder, Some("kio-uring-oneshot")),
        again,
        arm("kio-uring-heap", Role::Side, Some("kio-uring")),
        arm("kio-uring-unpinned", Role::Side, Some("kio-uring")),
        arm(
            "kio-uring-oneshot-shared-issuer",
            Role::Side,
            Some("kio-uring-oneshot"),
        ),
    ];
    let plan = Plan {
        workers: 2,
        server_cpus: vec![0, 1],
        client_cpus: vec![2],
        ..plan_of("causes", BLOCKS, [50, 500, 2000].map(load).to_vec(), arms)
    };
    run(plan, |arm, point| {
        let cpu = match (arm.name.as_str(), point.connections) {
            ("kio-uring-oneshot", _) => 1.2,
            ("kio-uring-heap", _) => 1.1,
            ("kio-uring-oneshot-shared-issuer", 500) => 1.32,
            ("kio-uring-oneshot-shared-issuer", _) => 1.2,
            ("tokio-multi-accept", _) => 1.3,
            _ => 1.0,
        };
        Facts {
            cpu_us: 15.0 * cpu,
            client_us: if point.connections == 50 { 20.0 } else { 10.0 },
            entries: if arm.name.starts_with("kio-uring") && !arm.name.contains("oneshot") {
                0.1
            } else {
                0.3
            },
            ..USUAL
        }
    })
}
