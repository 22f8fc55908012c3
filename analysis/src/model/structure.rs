//! Which arms of a plan are compared with which, and which loads.

use records::{LoadPoint, Plan, Role};

use super::{BASELINE_ARM, OUR_ARM, Pair};

/// Arms and what a sceptic would hold against them: the hand-written floors below them, the two
/// drivers of our runtime, Tokio at its best, and spinning against spinning.
const FLOORS: [(&str, &str); 7] = [
    (OUR_ARM, "uring-floor"),
    ("kio-epoll", "epoll-floor"),
    (OUR_ARM, "kio-epoll"),
    (OUR_ARM, "tokio-per-core"),
    (OUR_ARM, "tokio-per-core-worker-buffer"),
    ("kio-uring-spin", "kio-epoll-spin"),
    ("kio-uring-spin", "tokio-per-core-spin"),
];

fn place(plan: &Plan, name: &str) -> Option<usize> {
    plan.arms.iter().position(|arm| arm.name == name)
}

/// The arm that an arm names as the one it differs from, where the plan has it.
fn below(plan: &Plan, arm: usize) -> Option<usize> {
    let name = plan.arms[arm].differs_from.as_deref()?;
    place(plan, name).filter(|base| *base != arm)
}

/// Each rung of the ladder with the rung below it, from the lowest up. A rung whose lower one the
/// plan lacks has no pair.
pub fn rungs(plan: &Plan) -> Vec<Pair> {
    let rung =
        |arm: usize| plan.arms[arm].role == Role::Ladder && plan.arms[arm].control_of.is_none();
    let mut waiting: Vec<usize> = (0..plan.arms.len()).filter(|arm| rung(*arm)).collect();
    let mut placed: Vec<usize> = Vec::new();
    // The lower rung first, whatever the plan's order. What stands on itself is left out.
    while let Some(next) = (waiting.iter())
        .position(|arm| below(plan, *arm).is_none_or(|base| !waiting.contains(&base)))
    {
        placed.push(waiting.remove(next));
    }
    (placed.into_iter())
        .filter_map(|ours| {
            let base = below(plan, ours).filter(|base| rung(*base))?;
            Some(Pair { ours, base })
        })
        .collect()
}

/// Each side arm with the arm it differs from by one thing.
pub fn sides(plan: &Plan) -> Vec<Pair> {
    (0..plan.arms.len())
        .filter(|arm| plan.arms[*arm].role == Role::Side && plan.arms[*arm].control_of.is_none())
        .filter_map(|ours| {
            let base = below(plan, ours)?;
            Some(Pair { ours, base })
        })
        .collect()
}

/// The runtime above its floors, its drivers against each other, and Tokio at its best.
pub fn floors(plan: &Plan) -> Vec<Pair> {
    (FLOORS.into_iter())
        .filter_map(|(ours, base)| {
            Some(Pair {
                ours: place(plan, ours)?,
                base: place(plan, base)?,
            })
        })
        .collect()
}

/// Our server against each other runtime or server.
pub fn peers(plan: &Plan) -> Vec<Pair> {
    let Some(ours) = place(plan, OUR_ARM) else {
        return Vec::new();
    };
    (0..plan.arms.len())
        .filter(|arm| plan.arms[*arm].role == Role::Peer)
        .map(|base| Pair { ours, base })
        .collect()
}

/// The loads that differ by idle connections alone: with them, and without.
pub fn idle_loads(plan: &Plan) -> Vec<(usize, usize)> {
    let points = &plan.load_points;
    (0..points.len())
        .filter(|with| points[*with].idle_connections > 0)
        .filter_map(|with| {
            let without = LoadPoint {
                idle_connections: 0,
                ..points[with].clone()
            };
            let without = points.iter().position(|point| *point == without)?;
            Some((with, without))
        })
        .collect()
}

/// The pairs of a report: each arm and the baseline, each arm and the one it differs from by one
/// thing, each control and what it repeats, floors, peers, and those the claims need. Each pair
/// once.
pub(super) fn pairs(plan: &Plan, claimed: &[Pair]) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut add = |ours: usize, base: Option<usize>| {
        let Some(base) = base.filter(|base| *base != ours) else {
            return;
        };
        let pair = Pair { ours, base };
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    };
    let baseline = place(plan, BASELINE_ARM);
    for ours in 0..plan.arms.len() {
        add(ours, baseline);
    }
    for (ours, arm) in plan.arms.iter().enumerate() {
        add(ours, below(plan, ours));
        add(
            ours,
            arm.control_of.as_deref().and_then(|name| place(plan, name)),
        );
    }
    for pair in floors(plan)
        .into_iter()
        .chain(peers(plan))
        .chain(claimed.iter().copied())
    {
        add(pair.ours, Some(pair.base));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use records::{ArmEntry, Placement, Scheduling};

    use super::*;

    fn plan(arms: &[(&str, Role, Option<&str>)]) -> Plan {
        let arm = |(name, role, from): &(&str, Role, Option<&str>)| ArmEntry {
            name: (*name).to_owned(),
            subject: String::new(),
            role: *role,
            args: Vec::new(),
            env: Default::default(),
            differs_from: from.map(str::to_owned),
            differs_by: None,
            changes: None,
            control_of: None,
            parses: true,
        };
        Plan {
            schema_version: records::SCHEMA_VERSION,
            stop: None,
            left_out: Vec::new(),
            expected: Vec::new(),
            experiment: String::new(),
            host: String::new(),
            seed: 0,
            blocks: 1,
            window_s: 1,
            warm_up_ms: 0,
            workers: 1,
            client_threads: 1,
            placement: Placement::Apart,
            scheduling: Scheduling::Other,
            server_cpus: Vec::new(),
            client_cpus: Vec::new(),
            load_points: Vec::new(),
            arms: arms.iter().map(arm).collect(),
        }
    }

    fn names(plan: &Plan, pairs: &[Pair]) -> Vec<[String; 2]> {
        (pairs.iter())
            .map(|pair| [pair.ours, pair.base].map(|arm| plan.arms[arm].name.clone()))
            .collect()
    }

    #[test]
    fn the_ladder_is_read_from_the_lowest_rung_up() {
        let plan = plan(&[
            ("c", Role::Ladder, Some("b")),
            ("side", Role::Side, Some("a")),
            ("a", Role::Ladder, None),
            ("b", Role::Ladder, Some("a")),
            ("lost", Role::Ladder, Some("absent")),
        ]);
        assert_eq!(names(&plan, &rungs(&plan)), [["b", "a"], ["c", "b"]]);
        assert_eq!(names(&plan, &sides(&plan)), [["side", "a"]]);
    }

    proptest! {
        #[test]
        fn every_rung_once_and_its_lower_one_before(
            order in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(),
            froms in prop::collection::vec(0..8_usize, 6),
        ) {
            const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "absent", "gone"];
            let arms: Vec<_> = (order.iter())
                .map(|arm| (NAMES[*arm], Role::Ladder, Some(NAMES[froms[*arm]])))
                .collect();
            let plan = plan(&arms);
            let rungs = rungs(&plan);
            for (at, rung) in rungs.iter().enumerate() {
                prop_assert!(rungs[..at].iter().all(|earlier| earlier.ours != rung.ours));
                prop_assert!(rungs[at..].iter().all(|later| later.ours != rung.base));
            }
        }
    }
}
