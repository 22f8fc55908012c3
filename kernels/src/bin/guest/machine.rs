//! What is done to the machine while it serves: its files and its clock.

use std::path::Path;
use std::time::Duration;

use faults::{Fault, Figures, GUEST_FAULTS, SUBJECTS, Scale, Stand, Subject};
use kernels::Outcome;

use crate::arms::BIN;

/// None of these faults is a matter of quantity.
const SCALE: Scale = Scale {
    connections: 0,
    soak: Duration::ZERO,
};

/// Every fault at every server.
pub fn all() -> impl Iterator<Item = (&'static Fault, &'static Subject)> {
    let each = |fault| SUBJECTS.iter().map(move |subject| (fault, subject));
    GUEST_FAULTS.iter().flat_map(each)
}

/// What came of the fault, at a server of which the arm is among those that were tried here.
pub fn inject(fault: &Fault, subject: &'static Subject, arms: &[(String, Outcome)]) -> Outcome {
    let arm = arms.iter().find(|(name, _)| name == subject.name);
    match arm.map(|(_, outcome)| outcome) {
        Some(Outcome::Served { .. }) => {}
        Some(Outcome::Refused { .. }) => {
            return Outcome::Absent {
                why: "the arm refuses".to_owned(),
            };
        }
        other => return Outcome::failed(format!("the arm does not serve: {other:?}")),
    }
    let stand = Stand::new(Path::new(BIN), subject, SCALE);
    match stand.and_then(|stand| fault.inject(&stand)) {
        Ok(Figures {
            sent,
            answered,
            refused,
            ..
        }) => Outcome::Stood {
            sent,
            answered,
            refused,
        },
        Err(error) => Outcome::failed(format!("{error:#}")),
    }
}
