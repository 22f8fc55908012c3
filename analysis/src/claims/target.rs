//! The targets: what this study set out to reach, declared with thresholds before it was measured.

use records::{Generator, LoadPoint, Placement, Plan, Role};

use super::{Claim, Family, Level, Shape, Test};
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, OUR_ARM};
use crate::text::{load_id, load_name, slug};

/// What a target is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A quantity of the first arm as a ratio to the second.
    Arms(&'static str, &'static str, Metric),
    /// A quantity of an arm as a ratio to each arm that is another runtime or server.
    EachPeer(&'static str, Metric),
    /// A quantity of an arm.
    Level(&'static str, Metric),
    /// Memory an idle connection of an arm, against the same load without idle connections.
    MemoryAnIdleConnection(&'static str),
    /// A quantity of an arm as a ratio to the same load without idle connections.
    BesideIdle(&'static str, Metric),
}

/// The loads a target is about; what is `None` may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loads {
    connections: &'static [u32],
    pipeline: Option<u32>,
    generator: Option<Generator>,
    idle_connections: u32,
    /// Whether connections must stay; otherwise they may be opened anew as well.
    connections_stay: bool,
}

impl Loads {
    fn has(&self, load: &LoadPoint) -> bool {
        let unless = |wanted: Option<u32>, found| wanted.is_none_or(|wanted| wanted == found);
        self.connections.contains(&load.connections)
            && unless(self.pipeline, load.pipeline)
            && self.generator.is_none_or(|wanted| wanted == load.generator)
            && self.idle_connections == load.idle_connections
            && !(self.connections_stay && load.requests_per_connection.is_some())
            && load.offered_rate_per_s.is_none()
            // No target is about larger bodies, or about a load generator that runs out of files.
            && load.body_bytes.is_none()
            && load.client_nofile.is_none()
    }
}

/// A target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The first part of its claims' identifiers.
    pub id: &'static str,
    /// What it is about.
    pub about: About,
    /// At which loads.
    pub loads: Loads,
    /// Its threshold.
    pub shape: Shape,
    /// Whether it is about saturated servers only.
    pub needs_saturation: bool,
    /// Why this much.
    pub reason: &'static str,
}

const CARD_LOADS: Loads = Loads {
    connections: &[50, 500, 2000],
    pipeline: Some(1),
    generator: None,
    idle_connections: 0,
    connections_stay: false,
};

/// All targets. A run is judged by those whose arms and loads it has.
pub const TARGETS: [Target; 11] = [
    Target {
        id: "cpu",
        about: About::Arms(OUR_ARM, BASELINE_ARM, Metric::CpuUsPerRequest),
        loads: Loads {
            generator: Some(Generator::Wrk),
            ..CARD_LOADS
        },
        shape: Shape::AtMost(0.95),
        needs_saturation: false,
        reason: "most of a request is the kernel's TCP, which no runtime saves",
    },
    Target {
        id: "uring-floor",
        about: About::Arms(OUR_ARM, "uring-floor", Metric::CpuUsPerRequest),
        loads: Loads {
            pipeline: None,
            ..CARD_LOADS
        },
        shape: Shape::AtMost(1.03),
        needs_saturation: false,
        reason: "a runtime may cost little more than a loop written for this one job",
    },
    Target {
        id: "epoll-floor",
        about: About::Arms("kio-epoll", "epoll-floor", Metric::CpuUsPerRequest),
        loads: Loads {
            pipeline: None,
            ..CARD_LOADS
        },
        shape: Shape::AtMost(1.05),
        needs_saturation: false,
        reason: "a runtime may cost little more than a loop written for this one job",
    },
    Target {
        id: "pipelined",
        about: About::Arms(OUR_ARM, "tokio-per-core", Metric::CpuUsPerRequest),
        loads: Loads {
            connections: &[50, 500],
            pipeline: Some(16),
            ..CARD_LOADS
        },
        shape: Shape::AtMost(0.92),
        needs_saturation: false,
        reason: "pipelined requests share the kernel's work, so the runtime's own shows",
    },
    Target {
        id: "peer",
        about: About::EachPeer(OUR_ARM, Metric::CpuUsPerRequest),
        loads: Loads {
            connections: &[50, 500],
            ..CARD_LOADS
        },
        shape: Shape::AtMost(1.0),
        needs_saturation: false,
        reason: "no other runtime or server shall be cheaper",
    },
    Target {
        id: "entries-saturated",
        about: About::Level(OUR_ARM, Metric::KernelEntriesPerRequest),
        loads: Loads {
            connections: &[500],
            generator: Some(Generator::Flood),
            // One that is opened for a request has entries of its own: to be accepted and closed.
            connections_stay: true,
            ..CARD_LOADS
        },
        shape: Shape::AtMost(0.10),
        needs_saturation: true,
        reason: "a busy ring hands over many completions an entry",
    },
    Target {
        id: "entries",
        about: About::Level(OUR_ARM, Metric::KernelEntriesPerRequest),
        loads: Loads {
            connections: &[500],
            generator: Some(Generator::Wrk),
            ..CARD_LOADS
        },
        shape: Shape::AtMost(0.35),
        needs_saturation: false,
        reason: "a ring that waits hands over fewer",
    },
    Target {
        id: "idle-memory",
        about: About::MemoryAnIdleConnection(OUR_ARM),
        loads: Loads {
            connections: &[1000],
            idle_connections: 10_000,
            ..CARD_LOADS
        },
        shape: Shape::AtMost(1024.0),
        needs_saturation: false,
        reason: "buffers are shared, so an idle connection has none",
    },
    Target {
        id: "idle-cpu",
        about: About::BesideIdle(OUR_ARM, Metric::CpuUsPerRequest),
        loads: Loads {
            connections: &[1000],
            idle_connections: 10_000,
            ..CARD_LOADS
        },
        shape: Shape::AtMost(1.10),
        needs_saturation: false,
        reason: "silent connections must cost the others next to nothing",
    },
    Target {
        id: "tail",
        about: About::Arms(OUR_ARM, BASELINE_ARM, Metric::LatencyP99Us),
        loads: Loads {
            connections: &[2000],
            ..CARD_LOADS
        },
        shape: Shape::AtMost(0.125),
        needs_saturation: true,
        reason: "a server that is full should keep all connections waiting alike",
    },
    Target {
        id: "single",
        about: About::Arms("kio-uring-spin", BASELINE_ARM, Metric::RequestsPerSecond),
        loads: Loads {
            connections: &[1],
            ..CARD_LOADS
        },
        shape: Shape::AtLeast(2.0),
        needs_saturation: false,
        reason: "spinning saves the sleep and the wake-up, most of a lone request",
    },
];

/// The targets' claims about a run: those whose arms and loads the plan has. Where server and load
/// generator share their processors there is none.
pub(super) fn claims(plan: &Plan) -> Vec<Claim> {
    if plan.placement == Placement::Shared {
        return Vec::new();
    }
    let mut claims = Vec::new();
    for target in &TARGETS {
        for load in plan
            .load_points
            .iter()
            .filter(|load| target.loads.has(load))
        {
            for (name, what, test) in tests(plan, target, load) {
                claims.push(Claim {
                    id: format!("target-{name}-{}", load_id(load)),
                    family: Family::Target,
                    quote: quote(target, &what, load),
                    test,
                    needs_saturation: target.needs_saturation,
                });
            }
        }
    }
    claims
}

/// What is to be tested at a load: the part of the identifier that tells it from others, what is
/// compared in words, and the test.
fn tests(plan: &Plan, target: &Target, load: &LoadPoint) -> Vec<(String, String, Test)> {
    let there = |name: &str| plan.arms.iter().any(|arm| arm.name == name);
    let id = || target.id.to_owned();
    let ratio = |id: String, ours: &str, base: &str, metric: Metric| {
        let what = format!("{ours} to {base}, {}", metric.noun());
        let test = Test::Ratio {
            ours: ours.to_owned(),
            base: base.to_owned(),
            metric,
            loads: vec![load.clone()],
            shape: target.shape,
        };
        (id, what, test)
    };
    let level = |arm: &str, what: String, level| {
        let test = Test::Level {
            arm: arm.to_owned(),
            load: load.clone(),
            level,
            shape: target.shape,
        };
        vec![(id(), format!("{arm}, {what}"), test)]
    };
    let without = LoadPoint {
        idle_connections: 0,
        ..load.clone()
    };
    let has_without = plan.load_points.contains(&without);
    match target.about {
        About::Arms(ours, base, metric) if there(ours) && there(base) => {
            vec![ratio(id(), ours, base, metric)]
        }
        About::EachPeer(ours, metric) if there(ours) => (plan.arms.iter())
            .filter(|arm| arm.role == Role::Peer)
            .map(|arm| {
                let id = format!("{}-{}", target.id, slug(&arm.name));
                ratio(id, ours, &arm.name, metric)
            })
            .collect(),
        About::Level(arm, metric) if there(arm) => {
            level(arm, metric.noun().to_owned(), Level::Quantity(metric))
        }
        About::MemoryAnIdleConnection(arm) if there(arm) && has_without => level(
            arm,
            "bytes of memory an idle connection".to_owned(),
            Level::BytesAnIdleConnection { without },
        ),
        About::BesideIdle(arm, metric) if there(arm) && has_without => level(
            arm,
            format!("{} to that without the idle connections", metric.noun()),
            Level::AgainstWithoutIdle { metric, without },
        ),
        _ => Vec::new(),
    }
}

/// The claim in words, with its reason.
fn quote(target: &Target, what: &str, load: &LoadPoint) -> String {
    let saturated = if target.needs_saturation {
        " with a saturated server"
    } else {
        ""
    };
    format!(
        "{what}: {} at {}{saturated} ({})",
        target.shape.limit(),
        load_name(load),
        target.reason
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_saturated_server_are_judged_where_connections_stay() {
        let target = TARGETS.iter().find(|t| t.id == "entries-saturated");
        let loads = target.unwrap().loads;
        let staying = LoadPoint {
            connections: 500,
            generator: Generator::Flood,
            ..LoadPoint::default()
        };
        assert!(loads.has(&staying));
        for requests in [1, 10] {
            assert!(!loads.has(&LoadPoint {
                requests_per_connection: Some(requests),
                ..staying.clone()
            }));
        }
    }

    #[test]
    fn no_target_is_judged_at_larger_bodies_or_where_the_load_generator_lacks_files() {
        for target in &TARGETS {
            let usual = LoadPoint {
                connections: target.loads.connections[0],
                pipeline: target.loads.pipeline.unwrap_or(1),
                generator: target.loads.generator.unwrap_or_default(),
                idle_connections: target.loads.idle_connections,
                ..LoadPoint::default()
            };
            assert!(target.loads.has(&usual), "{}", target.id);
            for other in [
                LoadPoint {
                    body_bytes: Some(65_536),
                    ..usual.clone()
                },
                LoadPoint {
                    client_nofile: Some(1024),
                    ..usual.clone()
                },
            ] {
                assert!(!target.loads.has(&other), "{}", target.id);
            }
        }
    }

    #[test]
    fn every_target_has_an_id_and_a_reason_of_its_own_without_a_digit() {
        for (place, target) in TARGETS.iter().enumerate() {
            assert!(TARGETS[..place].iter().all(|other| other.id != target.id));
            assert!(!target.reason.is_empty());
            assert!(
                !target.reason.contains(|c: char| c.is_ascii_digit()),
                "{}",
                target.reason
            );
        }
    }
}
