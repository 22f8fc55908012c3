//! The card's tables, then the results subject by subject.

use std::collections::BTreeSet;

use super::{Block, heading, subheading};
use crate::assess::Assessment;
use crate::claims::{CARD_KIO_ARM, CARD_TOKIO_ARM};
use crate::figures;
use crate::model::Study;
use crate::tables;
use crate::text::{Prose, joined};

/// Identifiers of the card's tables, in the order of its loads.
const CARD_IDS: [&str; 3] = ["card-low", "card-medium", "card-high"];

pub(super) fn card_tables(assessment: &Assessment) -> Vec<Block> {
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
        let table = tables::card(&assessment.study, &assessment.published, connections);
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
        heading("ratios", "Ratios"),
        Block::Paragraph(Prose::from(
            "Each arm against the card's baseline, against the arm it differs from by one thing, \
             and against what it repeats. Below 1 is less of the quantity.",
        )),
        Block::Table {
            table: tables::ratios(study),
            anchors: true,
        },
        heading("throughput", "Requests a second"),
        Block::Figure {
            figure: figures::throughput(study),
            data: tables::throughput(study),
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
        },
        heading("latency", "Latency"),
        Block::Paragraph(correction(study)),
    ];
    let data = tables::latency(study);
    blocks.push(match figures::latency(study) {
        Some(figure) => Block::Figure { figure, data },
        None => Block::Table {
            table: data,
            anchors: false,
        },
    });
    blocks.extend([
        heading("kernel", "Kernel entries and balance between workers"),
        Block::Paragraph(Prose::from(
            "Kernel entries are the system calls for sockets and events that the server made in \
             the window, as it counts them itself (not futex or memory calls). The busiest worker's count is a multiple of an even share: 1 is even, the \
             number of workers is all on one.",
        )),
        Block::Table {
            table: tables::kernel(study),
            anchors: false,
        },
        heading("cells", "All cells"),
        Block::Table {
            table: tables::cells(study),
            anchors: true,
        },
    ]);
    blocks
}

/// Who corrected the latencies for coordinated omission.
fn correction(study: &Study) -> Prose {
    let by: BTreeSet<&str> = (study.rows.iter())
        .filter_map(|row| row.load.as_ref())
        .map(|load| load.record.latency_corrected_by.as_str())
        .collect();
    let names = joined(by.into_iter().map(|name| Prose::new().code(name)).collect());
    if names.is_empty() {
        return Prose::from("No latency histograms were recorded.");
    }
    Prose::from("Latencies of a closed loop: a slow server is asked less often, which hides its \
                 slowness. The load generator corrects its own percentiles for that (coordinated omission), \
                 and cells, ratios, verdicts and the card's tables have those, as the card has. The \
                 table and figure here have what was recorded, corrected by: ")
    .then(names)
    .text(". They compare arms under the same load; they are not what a user at a given rate would see.")
}
