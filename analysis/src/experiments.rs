//! The study's experiments: what each asks, and which of several runs gives the answer.

use crate::assess::Assessment;
use crate::model::Study;
use crate::text::slug;

/// An experiment of the study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Experiment {
    /// Its name in `experiment.toml`.
    pub name: &'static str,
    /// What it asks.
    pub question: &'static str,
}

const fn asks(name: &'static str, question: &'static str) -> Experiment {
    Experiment { name, question }
}

/// All of them. The first that was run gives a report's answer, so the card's own loads come first
/// and what answers another question later.
pub const EXPERIMENTS: [Experiment; 17] = [
    asks(
        "card",
        "Does the card's matrix, with its workers, threads and windows, show what it says?",
    ),
    asks(
        "ladder",
        "Which single change brings what, from the published Tokio server up to kio-rs?",
    ),
    asks(
        "quick",
        "In a few minutes: does the default server cost less than the card's Tokio server?",
    ),
    asks(
        "saturated",
        "What if the server is the limit, under a cheaper load generator?",
    ),
    asks(
        "latency",
        "How long does a request take at a rate that every server can keep?",
    ),
    asks(
        "scale-connections",
        "Does the difference hold from one connection to ten thousand and more?",
    ),
    asks("scale-workers", "What does each further worker bring?"),
    asks(
        "pipeline",
        "What if several requests are in flight on a connection?",
    ),
    asks(
        "churn",
        "What if connections are opened all the time, and who accepts them?",
    ),
    asks("payload", "What if the response is larger?"),
    asks(
        "options",
        "What does each further option of io_uring bring, alone?",
    ),
    asks("peers", "How do other runtimes and servers compare?"),
    asks(
        "single",
        "How long does one request take on one connection?",
    ),
    asks("idle", "What do connections cost on which nothing is sent?"),
    asks(
        "shared",
        "What if server and load generator compete for the same processors?",
    ),
    asks(
        "card-forensics",
        "Do the card's failed connections come back under the limit that its arithmetic implies?",
    ),
    asks(
        "smoke",
        "Does the chain from measurement to report work at all?",
    ),
];

/// The experiment of this name; `None` for one that a reader made.
pub fn experiment(name: &str) -> Option<&'static Experiment> {
    EXPERIMENTS
        .iter()
        .find(|experiment| experiment.name == name)
}

/// The runs in the order of a report: by experiment, those of readers last; of one experiment those on
/// this machine's loopback first, and the newest first. The first gives the answer.
pub fn in_order(mut assessments: Vec<Assessment>) -> Vec<Assessment> {
    let place = |study: &Study| {
        (EXPERIMENTS.iter())
            .position(|experiment| experiment.name == study.plan.experiment)
            .unwrap_or(EXPERIMENTS.len())
    };
    assessments.sort_by(|a, b| {
        let places = place(&a.study).cmp(&place(&b.study));
        places
            .then_with(|| b.study.local().cmp(&a.study.local()))
            .then_with(|| b.study.name.cmp(&a.study.name))
    });
    assessments
}

/// What a run is called in addresses inside a report of these: by its experiment, and its host where
/// that is not this machine; by its folder where another run would be called the same.
pub fn short_name(assessments: &[Assessment], study: &Study) -> String {
    let of = |study: &Study| {
        let plan = &study.plan;
        if study.local() {
            plan.experiment.clone()
        } else {
            format!("{}-{}", plan.experiment, plan.host)
        }
    };
    let name = of(study);
    let called = |a: &&Assessment| of(&a.study) == name || a.study.name == name;
    match assessments.iter().filter(called).count() {
        0 | 1 => slug(&name),
        _ => slug(&study.name),
    }
}

/// The study's experiments that none of the runs is of. The trial of the chain is never missed.
pub fn absent(assessments: &[Assessment]) -> Vec<&'static Experiment> {
    let there = |experiment: &&Experiment| {
        (assessments.iter()).any(|a| a.study.plan.experiment == experiment.name)
    };
    (EXPERIMENTS.iter())
        .filter(|experiment| experiment.name != "smoke" && !there(experiment))
        .collect()
}
