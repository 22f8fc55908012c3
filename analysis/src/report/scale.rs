//! How large the machines and the servers were, and what that leaves unmeasured.

use crate::model::Study;
use crate::published::PUBLISHED_CORES;
use crate::text::{Prose, fixed};

/// Whether a machine as large as the card's was at hand, and the number of server workers beyond which
/// nothing is known.
pub(super) fn scale<'a>(studies: impl Iterator<Item = &'a Study>) -> Prose {
    let (mut processors, mut workers) = (0, 0);
    for study in studies {
        processors = processors.max(study.environment.server.cpus);
        workers = workers.max(most_at_once(study));
    }
    let card = fixed(PUBLISHED_CORES, 0);
    let start = if f64::from(processors) < PUBLISHED_CORES {
        "No"
    } else {
        "A"
    };
    let machine = format!(
        "{start} machine with {card} processors or more, as many as the card's server had, was at hand: the \
         largest had {processors}."
    );
    let noun = match workers {
        0 => return Prose::from(machine),
        1 => "server worker",
        _ => "server workers",
    };
    Prose::from(format!(
        "{machine} No valid measurement had more than {workers} {noun} running at once; what happens with \
         more is not measured."
    ))
}

/// The most workers that ran at once in a valid measurement: of those that share a processor one does.
fn most_at_once(study: &Study) -> u32 {
    let processors = match study.plan.server_cpus.len() {
        0 => study.environment.server.cpus,
        pinned => u32::try_from(pinned).unwrap_or(u32::MAX),
    };
    let valid = study.cells.iter().filter(|cell| cell.valid());
    let workers = valid.map(|cell| cell.load.workers.unwrap_or(study.plan.workers));
    workers.max().unwrap_or_default().min(processors)
}
