//! The card's tables, then the results subject by subject.

use std::collections::BTreeSet;

use records::Generator;

use super::{Block, heading, subheading};
use crate::assess::Assessment;
use crate::claims::{CARD_KIO_ARM, CARD_TOKIO_ARM};
use crate::figures;
use crate::model::Study;
use crate::tables;
use crate::text::{Prose, generator_name, joined};

/// What a histogram says that nobody corrected.
const UNCORRECTED: &str = "none";

/// Identifiers of the card's tables, in the order of its loads.
const CARD_IDS: [&str; 3] = ["card-low", "card-medium", "card-high"];

/// The card's tables; none where the run has not both of the arms that stand for its servers.
pub(super) fn card_tables(assessment: &Assessment) -> Vec<Block> {
    let study = &assessment.study;
    if study.arm(CARD_KIO_ARM).is_none() || study.arm(CARD_TOKIO_ARM).is_none() {
        return Vec::new();
    }
    let mut blocks = vec![
        heading("card", "The card's tables, cell for cell"),
        Block::Paragraph(
            Prose::from("kio here is ")
                .code(CARD_KIO_ARM)
                .text(", Tokio here ")
                .code(CARD_TOKIO_ARM)
                .text(
                    "; medians over blocks, socket errors in all blocks together. The card's \
                     machine had 8 cores and a load generator of its own, so only the ratios \
                     between the servers can be compared, and those only where the same thing was \
                     the bottleneck.",
                ),
        ),
    ];
    for (connections, id) in assessment.published.loads().into_iter().zip(CARD_IDS) {
        let table = tables::card(study, &assessment.published, connections);
        blocks.push(subheading(id, &table.title));
        blocks.push(Block::Table {
            table,
            anchors: false,
        });
    }
    blocks
}

pub(super) fn chapters(study: &Study) -> Vec<Block> {
    let mut blocks = vec![
        heading("throughput", "Requests a second"),
        Block::Figure {
            figure: figures::throughput(study),
            data: tables::throughput(study),
            within: Some("cells".to_owned()),
        },
        heading("cpu", "CPU a request"),
        Block::Paragraph(Prose::from(
            "The server's CPU time, user and kernel, over the requests it answered, from when the \
             connections of a window were open to its end: accepting them is not in it. For a \
             server that does not report its requests it is that of the whole window, with \
             accepting.",
        )),
        Block::Figure {
            figure: figures::cpu(study),
            data: tables::cpu(study),
            within: Some("cells".to_owned()),
        },
    ];
    blocks.extend(latency(study));
    blocks.extend(tail(study));
    blocks.extend([
        heading("kernel", "Kernel entries and memory"),
        Block::Paragraph(Prose::from(
            "Kernel entries are the system calls for sockets and events that the server made in \
             the window, as it counts them itself (not futex or memory calls). SQEs and CQEs are \
             the entries of an io_uring's queues.",
        )),
        Block::Table {
            table: tables::kernel(study),
            anchors: false,
        },
    ]);
    blocks.extend(idle(study));
    blocks.extend(series(study));
    blocks.extend([
        heading("bottlenecks", "Bottlenecks"),
        Block::Figure {
            figure: figures::bottlenecks(study),
            data: tables::bottlenecks(study),
            within: Some("cells".to_owned()),
        },
    ]);
    blocks.extend(ratios(study));
    blocks.extend([
        heading("cells", "All cells"),
        Block::Table {
            table: tables::cells(study),
            anchors: true,
        },
        Block::Measurements {
            run: study.name.clone(),
            scope: None,
            head: tables::measurements_head(),
        },
    ]);
    blocks
}

/// Latency by percentile, and against the rate.
fn latency(study: &Study) -> Vec<Block> {
    let mut blocks = vec![
        heading("latency", "Latency"),
        Block::Paragraph(correction(study)),
    ];
    let data = tables::latency(study);
    blocks.push(match figures::latency(study) {
        Some(figure) => Block::Figure {
            figure,
            data,
            within: None,
        },
        None => Block::Table {
            table: data,
            anchors: false,
        },
    });
    if let Some(figure) = figures::scatter(study) {
        blocks.push(Block::Figure {
            figure,
            data: tables::scatter(study),
            within: Some("cells".to_owned()),
        });
    }
    blocks
}

/// Every comparison, with the anchors that sentences and figures link to.
fn ratios(study: &Study) -> Vec<Block> {
    let mut blocks = vec![
        heading("ratios", "Ratios"),
        Block::Paragraph(Prose::from(
            "Each arm against the card's baseline, against the arm it differs from by one thing, \
             and against what it repeats. Below 1 is less of the quantity.",
        )),
    ];
    let table = tables::ratios(study);
    if let Some(figure) = figures::all_ratios(study) {
        blocks.push(Block::Picture(figure));
    }
    blocks.push(Block::Table {
        table,
        anchors: true,
    });
    blocks
}

/// How windows went, where they were followed.
fn series(study: &Study) -> Vec<Block> {
    let Some(figure) = figures::series(study) else {
        return Vec::new();
    };
    vec![
        heading("series", "Inside the window"),
        Block::Figure {
            figure,
            data: tables::steps(study),
            within: None,
        },
        Block::Files(tables::series(study)),
    ]
}

/// Latency at the limit, where a server was there.
fn tail(study: &Study) -> Vec<Block> {
    let table = tables::tail(study);
    if table.lines.is_empty() {
        return Vec::new();
    }
    vec![
        heading("tail", "Latency of saturated servers"),
        Block::Paragraph(Prose::from(
            "Only valid cells in which the server's processors were full (where both were, part of the \
             waiting is the load generator's own): what a server makes its \
             connections wait for, and how evenly. An arm that spins instead of sleeping always \
             counts as busy.",
        )),
        Block::Table {
            table,
            anchors: false,
        },
    ]
}

/// What idle connections cost, where the run has loads with and without them.
fn idle(study: &Study) -> Vec<Block> {
    let table = tables::idle(study);
    if table.lines.is_empty() {
        return Vec::new();
    }
    vec![
        heading("idle", "Idle connections"),
        Block::Paragraph(Prose::from(
            "The same load with and without connections on which nothing is sent, paired inside \
             blocks. Memory is the server's resident memory at the end of a window; what the \
             kernel keeps for a socket is not in it.",
        )),
        Block::Table {
            table,
            anchors: false,
        },
    ]
}

/// Who corrected the latencies for coordinated omission.
fn correction(study: &Study) -> Prose {
    let by: BTreeSet<(Generator, &str)> = (study.cells.iter())
        .filter(|cell| !cell.corrected_by.is_empty())
        .map(|cell| (cell.load.generator, cell.corrected_by.as_str()))
        .collect();
    if by.is_empty() {
        return Prose::from("No latency histograms were recorded.");
    }
    let recorded = (by.iter())
        .map(|(generator, by)| {
            let name = Prose::from(format!("of {} ", generator_name(*generator)));
            match *by {
                UNCORRECTED => name.text("as measured, without any correction"),
                by => name.text("corrected by ").code(by),
            }
        })
        .collect();
    let mut prose = Prose::from(
        "Latencies of a closed loop: a slow server is asked less often, which hides its slowness \
         (coordinated omission). The table and figure here have what was recorded: ",
    )
    .then(joined(recorded))
    .text(".");
    if by.iter().any(|(generator, _)| *generator == Generator::Wrk) {
        prose = prose.text(
            " wrk corrects its own percentiles for that, and cells, ratios, verdicts and the \
             card's tables have those, as the card has.",
        );
    }
    prose.text(
        " They compare arms under the same load; they are not what a user at a given rate would \
         see.",
    )
}
