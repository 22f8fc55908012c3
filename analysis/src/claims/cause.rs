//! The card's explanations of its difference, each with the pair of arms that isolates it.
//!
//! An explanation is about CPU a request: where the server is the limit that is the inverse of its
//! rate, and where it is not it still belongs to the server alone. Each load is a claim of its own, and all
//! of them are one family.

use records::{LoadPoint, Placement, Plan};

use super::{Claim, Family, Shape, Test};
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, OUR_ARM};
use crate::text::{load_id, load_name};

/// An explanation of the card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cause {
    /// The first part of its claims' identifiers, after `cause`.
    pub id: &'static str,
    /// The card's words.
    pub quote: &'static str,
    /// The arm that has what the other lacks, or lacks it.
    pub arm: &'static str,
    /// The arm it is compared with.
    pub to_arm: &'static str,
    /// Where the explanation is true, how the first arm's CPU a request stands to the second's.
    pub shape: Shape,
    /// The loads, by connections, that the explanation is about.
    pub connections: &'static [u32],
    /// With fewer workers the two arms are equal by construction.
    pub least_workers: u32,
    /// Whether it is about saturated servers only.
    pub needs_saturation: bool,
}

/// The card's loads.
pub(super) const CARD: &[u32] = &[50, 500, 2000];

/// Where the card says that kio is faster: "low-medium concurrency".
const LOW_TO_MEDIUM: &[u32] = &[50, 500];

const fn cause(
    id: &'static str,
    quote: &'static str,
    arms: [&'static str; 2],
    shape: Shape,
) -> Cause {
    Cause {
        id,
        quote,
        arm: arms[0],
        to_arm: arms[1],
        shape,
        connections: LOW_TO_MEDIUM,
        least_workers: 1,
        needs_saturation: false,
    }
}

/// The five explanations under "Why kio is faster at low-medium concurrency", then what the card says
/// elsewhere.
pub const CAUSES: [Cause; 7] = [
    cause(
        "io-uring",
        "Direct io_uring usage: No abstraction layer, direct SQE submission",
        ["kio-uring-oneshot", "kio-epoll-own-buffers"],
        Shape::Less,
    ),
    Cause {
        least_workers: 2,
        ..cause(
            "affinity",
            "Thread affinity: Workers pinned to cores, better cache locality",
            ["kio-uring-unpinned", OUR_ARM],
            Shape::More,
        )
    },
    cause(
        "allocations",
        "Zero allocations: Stack buffers vs heap-allocated Vec",
        ["kio-uring-heap", OUR_ARM],
        Shape::More,
    ),
    Cause {
        least_workers: 2,
        ..cause(
            "work-stealing",
            "Simpler scheduling: No work-stealing overhead",
            ["tokio-per-core", "tokio-multi-accept"],
            Shape::Less,
        )
    },
    cause(
        "single-issuer",
        "SINGLE_ISSUER optimization: Only one thread submits per ring",
        ["kio-uring-oneshot-shared-issuer", "kio-uring-oneshot"],
        Shape::More,
    ),
    Cause {
        connections: CARD,
        ..cause(
            "sqpoll",
            "SQPOLL for kernel polling",
            ["kio-uring-sqpoll", OUR_ARM],
            Shape::Less,
        )
    },
    Cause {
        connections: CARD,
        needs_saturation: true,
        ..cause(
            "efficient-saturation",
            "Consistent 40% across all tests (efficient saturation)",
            ["kio-uring-published", BASELINE_ARM],
            Shape::Less,
        )
    },
];

impl Cause {
    /// What is claimed of which arms.
    pub fn tested_by(&self) -> String {
        let side = match self.shape {
            Shape::More => "more",
            _ => "less",
        };
        let saturated = if self.needs_saturation {
            ", both saturated"
        } else {
            ""
        };
        format!(
            "{} spends {side} {} than {}{saturated}",
            self.arm,
            Metric::CpuUsPerRequest.noun(),
            self.to_arm
        )
    }

    /// The identifier of the claim at a load.
    pub(super) fn claim_id(&self, load: &LoadPoint) -> String {
        format!("cause-{}-{}", self.id, load_id(load))
    }

    /// Whether the plan can tell the two arms apart at a load of the card.
    fn shows_at(&self, plan: &Plan, load: &LoadPoint) -> bool {
        let like_the_card = LoadPoint {
            connections: load.connections,
            generator: load.generator,
            workers: load.workers,
            ..LoadPoint::default()
        };
        *load == like_the_card
            && CARD.contains(&load.connections)
            && load.workers.unwrap_or(plan.workers) >= self.least_workers
    }

    /// The arms of it that a plan lacks.
    pub(super) fn lacks(&self, plan: &Plan) -> Vec<&'static str> {
        let there = |name: &str| plan.arms.iter().any(|arm| arm.name == name);
        let mut arms = vec![self.arm, self.to_arm];
        arms.retain(|name| !there(name));
        arms
    }
}

/// The explanations' claims about a run: those whose arms and loads it has. Where server and load
/// generator share their processors there is none.
pub(super) fn claims(plan: &Plan) -> Vec<Claim> {
    if plan.placement == Placement::Shared {
        return Vec::new();
    }
    let tested = CAUSES.iter().filter(|cause| cause.lacks(plan).is_empty());
    tested
        .flat_map(|cause| {
            (plan.load_points.iter())
                .filter(|load| cause.shows_at(plan, load))
                .map(|load| claim(cause, load))
        })
        .collect()
}

fn claim(cause: &Cause, load: &LoadPoint) -> Claim {
    Claim {
        id: cause.claim_id(load),
        family: Family::Cause,
        quote: format!(
            "{}: {} at {}",
            cause.quote,
            cause.tested_by(),
            load_name(load)
        ),
        test: Test::Ratio {
            ours: cause.arm.to_owned(),
            base: cause.to_arm.to_owned(),
            metric: Metric::CpuUsPerRequest,
            loads: vec![load.clone()],
            shape: cause.shape,
        },
        needs_saturation: cause.needs_saturation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_explanation_has_an_id_and_a_pair_of_its_own() {
        for (place, cause) in CAUSES.iter().enumerate() {
            let alike = |other: &Cause| {
                other.id == cause.id || (other.arm, other.to_arm) == (cause.arm, cause.to_arm)
            };
            assert!(!CAUSES[..place].iter().any(alike), "{}", cause.id);
            assert!(matches!(cause.shape, Shape::Less | Shape::More));
        }
    }
}
