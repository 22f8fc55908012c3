//! Which ratios a run is about: those that the report's answer rests on, and that a run goes on for until
//! they are sharp.

use records::{Plan, Role};

/// Our own server.
pub const OUR_ARM: &str = "kio-uring";

/// The arm every other one is compared with: the card's baseline.
pub const BASELINE_ARM: &str = "tokio-published";

/// Two arms by their places in the plan: `ours` over `base`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The arm above the line.
    pub ours: usize,
    /// The arm below it.
    pub base: usize,
}

/// Our server against the card's, each rung of the ladder against the one below it, our server against
/// each peer, and each control against what it repeats, as far as the plan has both arms.
pub fn pairs(plan: &Plan) -> Vec<Pair> {
    let place = |name: &str| plan.arms.iter().position(|arm| arm.name == name);
    let ours = place(OUR_ARM);
    let mut pairs: Vec<Pair> = Vec::new();
    let mut add = |ours: Option<usize>, base: Option<usize>| {
        if let (Some(ours), Some(base)) = (ours, base)
            && ours != base
            && !pairs.contains(&Pair { ours, base })
        {
            pairs.push(Pair { ours, base });
        }
    };
    add(ours, place(BASELINE_ARM));
    for (here, arm) in plan.arms.iter().enumerate() {
        let below = arm.differs_from.as_deref().and_then(place);
        let rung = |place: usize| plan.arms[place].role == Role::Ladder;
        if arm.control_of.is_none() && rung(here) {
            add(Some(here), below.filter(|below| rung(*below)));
        }
        if arm.role == Role::Peer {
            add(ours, Some(here));
        }
        add(Some(here), arm.control_of.as_deref().and_then(place));
    }
    pairs
}
