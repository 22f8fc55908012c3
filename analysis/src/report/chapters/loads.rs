//! Quantities over loads that differ by one thing, and connections that failed.

use std::collections::BTreeMap;

use super::{Block, heading};
use crate::assess::Assessment;
use crate::bottleneck::Bottleneck;
use crate::figures;
use crate::metric::Metric;
use crate::model::{Cell, Dimension, Study, Sweep, sweeps};
use crate::stats::{Estimate, Seed, usl};
use crate::tables;
use crate::text::{Prose, fixed, joined, percent};

/// The experiment that reproduces the card's failed connections.
const CARD_FORENSICS: &str = "card-forensics";

pub(super) fn chapters(assessment: &Assessment) -> Vec<Block> {
    let study = &assessment.study;
    let mut blocks = Vec::new();
    for sweep in sweeps(&study.plan) {
        blocks.extend(chapter(study, &sweep));
    }
    blocks.extend(balance(study));
    let failed =
        (study.rows.iter()).any(|row| row.socket_errors_connect.is_some_and(|count| count > 0));
    if failed || study.plan.experiment == CARD_FORENSICS {
        blocks.extend(connections(assessment));
    }
    blocks
}

fn chapter(study: &Study, sweep: &Sweep) -> Vec<Block> {
    let name = figures::sweep_name(study, sweep);
    let metrics = metrics(sweep.dimension);
    let mut blocks = vec![
        heading(&name, &format!("By {}", sweep.dimension.noun())),
        Block::Paragraph(Prose::from(about(sweep.dimension))),
    ];
    let fitted = scaling(study, sweep);
    let fits: Vec<figures::Fit> = (fitted.iter())
        .map(|(arm, fit)| figures::Fit {
            arm: *arm,
            law: fit.law,
        })
        .collect();
    blocks.extend(coefficients(study, &fitted));
    blocks.extend(unfitted(study, sweep));
    blocks.push(Block::Figure {
        figure: figures::by_load(study, sweep, metrics, &fits),
        data: tables::by_load(study, sweep, &name, metrics),
        within: None,
    });
    blocks
}

/// Whether a cell's rate is its server's, so that the law may be fitted to it.
fn fits(cell: &Cell) -> bool {
    cell.valid() && !client_full(cell)
}

fn client_full(cell: &Cell) -> bool {
    cell.bottleneck.is_some_and(Bottleneck::client_full)
}

/// The universal scalability law of each arm that was measured with enough numbers of workers.
fn scaling(study: &Study, sweep: &Sweep) -> Vec<(usize, usl::Fit)> {
    if sweep.dimension != Dimension::Workers {
        return Vec::new();
    }
    let arms = 0..study.plan.arms.len();
    arms.filter_map(|arm| {
        let mut blocks: BTreeMap<u32, Vec<usl::Point>> = BTreeMap::new();
        for (workers, point) in &sweep.points {
            if !fits(study.cell(arm, *point)) {
                continue;
            }
            for (row, _) in study.windows(arm, *point) {
                if let (Some(requests), Some(us @ 1..)) = (row.requests, row.window_us) {
                    blocks.entry(row.key.block).or_default().push(usl::Point {
                        size: *workers,
                        throughput: requests as f64 * 1e6 / us as f64,
                    });
                }
            }
        }
        let blocks: Vec<Vec<usl::Point>> = blocks.into_values().collect();
        let name = &study.plan.arms[arm].name;
        usl::fit(&blocks, Seed::new(study.plan.seed), name).map(|fit| (arm, fit))
    })
    .collect()
}

/// What the law's coefficients are, arm by arm.
fn coefficients(study: &Study, fitted: &[(usize, usl::Fit)]) -> Option<Block> {
    let told = |estimate: Estimate, digits| {
        format!(
            "{} ({}\u{2013}{})",
            fixed(estimate.value, digits),
            fixed(estimate.low, digits),
            fixed(estimate.high, digits)
        )
    };
    let items: Vec<Prose> = (fitted.iter())
        .map(|(arm, fit)| {
            Prose::new().code(&study.plan.arms[*arm].name).text(format!(
                ": contention {}, coherency {}",
                told(fit.sigma, 3),
                told(fit.kappa, 4)
            ))
        })
        .collect();
    (!items.is_empty()).then(|| {
        Block::Paragraph(
            Prose::from("The curves are Gunther's universal scalability law: ")
                .then(joined(items))
                .text("."),
        )
    })
}

/// How many valid cells no law is fitted to.
fn unfitted(study: &Study, sweep: &Sweep) -> Option<Block> {
    if sweep.dimension != Dimension::Workers {
        return None;
    }
    let valid: Vec<&Cell> = (0..study.plan.arms.len())
        .flat_map(|arm| (sweep.points.iter()).map(move |(_, point)| study.cell(arm, *point)))
        .filter(|cell| cell.valid())
        .collect();
    let full = valid.iter().filter(|cell| client_full(cell)).count();
    (full > 0).then(|| {
        Block::Paragraph(Prose::from(format!(
            "Gunther's law is fitted to no rate that the load generator may have set: it was at its \
             limit, or shared full processors with the server, in {full} of {} valid cells.",
            valid.len()
        )))
    })
}

fn metrics(dimension: Dimension) -> &'static [Metric] {
    match dimension {
        Dimension::OfferedRate => &[
            Metric::LatencyP50Us,
            Metric::LatencyP99Us,
            Metric::CpuUsPerRequest,
            Metric::RequestsPerSecond,
        ],
        Dimension::Connections => &[
            Metric::RequestsPerSecond,
            Metric::CpuUsPerRequest,
            Metric::LatencyP99Us,
        ],
        _ => &[Metric::RequestsPerSecond, Metric::CpuUsPerRequest],
    }
}

fn about(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Connections => {
            "The same load on more connections. Where the load generator is the limit, requests a \
             second are its own and CPU a request is the server's."
        }
        Dimension::Pipeline => {
            "More requests in flight on each connection: the kernel's work is shared between them, \
             and what the runtime itself spends shows."
        }
        Dimension::OfferedRate => {
            "An open loop: requests are due at a fixed rate whether or not the server keeps up, and \
             latency counts from when a request was due. That is what a user at this rate would see."
        }
        Dimension::RequestsPerConnection => {
            "Connections that are closed after so many requests and opened again: accepting and \
             closing are part of each request's cost."
        }
        Dimension::BodyBytes => {
            "Larger responses: what is copied grows and what is done once a request does not."
        }
        Dimension::Workers => {
            "More worker threads, each on a processor of its own as far as there are any."
        }
    }
}

/// The balance between workers, where there are several.
fn balance(study: &Study) -> Vec<Block> {
    let Some(figure) = figures::balance(study) else {
        return Vec::new();
    };
    vec![
        heading("balance", "Balance between workers"),
        Block::Paragraph(Prose::from(
            "Every worker with a listener of its own gets the connections that the kernel's hash of \
             their addresses gives it, so few connections are rarely even; with a shared listener \
             whoever is awake first takes them.",
        )),
        Block::Figure {
            figure,
            data: tables::worker_shares(study),
            within: None,
        },
    ]
}

/// Connections that failed to open, beside the card's.
fn connections(assessment: &Assessment) -> Vec<Block> {
    let study = &assessment.study;
    let all = study.cells.iter().filter(|cell| cell.measured > 0).count();
    let failing: Vec<&Cell> = (study.cells.iter())
        .filter(|cell| {
            (study.rows.iter())
                .filter(|row| (row.key.arm, row.key.point) == (cell.arm, cell.point))
                .any(|row| row.socket_errors_connect.is_some_and(|n| n > 0))
        })
        .collect();
    let valid = failing.iter().filter(|cell| cell.valid()).count();
    let invalid = failing.len() - valid;
    let mut said = format!(
        "In {} of {all} cells ({}) connections failed to open.",
        failing.len(),
        percent(failing.len() as f64 / (all.max(1)) as f64, 0)
    );
    if valid > 0 {
        said += &format!(
            " In {valid} of them just those failed that the experiment declares: such a cell is valid, and \
             its numbers are those of the connections that were open."
        );
    }
    if invalid > 0 {
        said += &format!(
            " {invalid} of them are invalid, and their rates and latencies are quoted nowhere."
        );
    }
    said += " What is shown here is how many connections there were, beside the card's count.";
    vec![
        heading("connections", "Connections that failed"),
        Block::Paragraph(Prose::from(said)),
        Block::Table {
            table: tables::connections(study, &assessment.published),
            anchors: false,
        },
    ]
}
