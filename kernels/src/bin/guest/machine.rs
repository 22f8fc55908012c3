//! What is done to the machine while it serves: its files and its clock.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use faults::{Fault, GUEST_FAULTS, SUBJECTS, Scale, Stand, Subject};
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

/// What came of the fault, at a server of which the arm is among those that serve here.
pub fn inject(fault: &Fault, subject: &'static Subject, serving: &[String]) -> Outcome {
    if !serving.iter().any(|name| name == subject.name) {
        return Outcome::Absent {
            why: "the arm refuses".to_owned(),
        };
    }
    let injected: Result<_> =
        Stand::new(Path::new(BIN), subject, SCALE).and_then(|stand| fault.inject(&stand));
    match injected {
        Ok(_) => Outcome::served(),
        Err(error) => Outcome::failed(format!("{error:#}")),
    }
}
