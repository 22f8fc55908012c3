//! Which runs are repeats of each other: those of one experiment on one kind of host, if nothing that
//! matters differs.

use records::{Difference, Environment, Plan};

/// Differences that a refusal lists; the others are counted.
const LISTED: usize = 5;

/// Two runs of one experiment that are no repeats of each other.
#[derive(Debug, thiserror::Error)]
#[error(
    "the runs {a} and {b} are both of the experiment {experiment:?} and cannot be pooled: {}. Give one of \
     them, or measure again where nothing differs",
    listed(differences)
)]
pub struct PoolError {
    /// The experiment.
    pub experiment: String,
    /// Name of the one run.
    pub a: String,
    /// Name of the other.
    pub b: String,
    /// The fields that differ and must not.
    pub differences: Vec<Difference>,
}

fn listed(differences: &[Difference]) -> String {
    let shown = differences.iter().take(LISTED).map(ToString::to_string);
    let mut shown: Vec<String> = shown.collect();
    if differences.len() > LISTED {
        shown.push(format!("{} more fields", differences.len() - LISTED));
    }
    shown.join("; ")
}

/// A run as this looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    /// Name of its results folder.
    pub name: &'a str,
    /// What was to be measured.
    pub plan: &'a Plan,
    /// Where, and with what.
    pub environment: &'a Environment,
}

/// Refuses runs of one experiment on one kind of host between which a difference matters. Runs of
/// different experiments, or of one locally and across namespaces, stand side by side and may differ.
pub fn check(runs: &[Described<'_>]) -> Result<(), PoolError> {
    for (place, run) in runs.iter().enumerate() {
        // One of them is enough: what equals the first equals the others.
        let first = runs[..place]
            .iter()
            .find(|other| which(other.plan) == which(run.plan));
        if let Some(first) = first {
            check_pair(*first, *run)?;
        }
    }
    Ok(())
}

/// What runs that are repeats of each other have in common: the experiment and the kind of host.
pub fn which(plan: &Plan) -> (&str, &str) {
    (&plan.experiment, &plan.host)
}

fn check_pair(a: Described<'_>, b: Described<'_>) -> Result<(), PoolError> {
    let mut differences = a.plan.differences(b.plan);
    differences.extend(a.environment.differences(b.environment));
    differences.retain(|difference| difference.matters);
    if differences.is_empty() {
        return Ok(());
    }
    Err(PoolError {
        experiment: a.plan.experiment.clone(),
        a: a.name.to_owned(),
        b: b.name.to_owned(),
        differences,
    })
}
