//! What the card's own numbers show, before anything is measured.

use super::{Block, heading};
use crate::bottleneck::SATURATED;
use crate::published::{DEFAULT_NOFILE, PUBLISHED_CORES, Published, PublishedCell};
use crate::tables::{self, STDIO_FILES};
use crate::text::{Prose, fixed, grouped, joined, percent};

pub(super) fn chapter(published: &Published) -> Vec<Block> {
    let mut points: Vec<Prose> = published.cells().iter().filter_map(limit).collect();
    points.dedup();
    points.extend([
        little(published),
        wire(published),
        saturation(published),
        cpu(published),
    ]);
    vec![
        heading("forensics", "What the card's own numbers show"),
        Block::Paragraph(
            Prose::from("Computed from the published figures alone (")
                .code(crate::published::PUBLISHED_PATH)
                .text(
                    "), with the card's 8 cores. These are properties of the card, not of this run.",
                ),
        ),
        Block::List(points),
        Block::Table {
            table: tables::forensics(published),
            anchors: false,
        },
    ]
}

/// The failed connections, as a limit of open files explains them.
fn limit(cell: &PublishedCell) -> Option<Prose> {
    let opened = tables::opened(cell)?;
    let threads = cell.wrk_threads;
    let agree = if opened.open == opened.limit_leaves {
        "the same number, so the failed connections are the load generator's limit of open files"
    } else {
        "another number, so a limit of open files does not explain the failed connections"
    };
    Some(Prose::from(format!(
        "{} connections over {threads} threads are {} tried; less the {} that failed, {} were open. \
         A limit of {DEFAULT_NOFILE} open files less {STDIO_FILES} for standard input and output \
         and {threads} for the threads' epoll descriptors leaves {}: {agree}.",
        cell.connections_requested,
        opened.tried,
        cell.socket_errors_connect?,
        opened.open,
        opened.limit_leaves,
    )))
}

/// Little's law where connections failed.
fn little(published: &Published) -> Prose {
    let parts = (published.cells().iter())
        .filter(|cell| cell.socket_errors_connect.is_some())
        .map(|cell| {
            Prose::from(format!(
                "{}/s x {} ms = {} in flight (",
                grouped(cell.requests_per_second, 0),
                fixed(cell.latency_mean_us / 1000.0, 2),
                fixed(cell.in_flight(), 0)
            ))
            .code(&cell.arm)
            .text(format!(", {} asked)", cell.connections_requested))
        })
        .collect();
    Prose::from("Little's law says how many connections were really busy: ")
        .then(joined(parts))
        .text(".")
}

fn wire(published: &Published) -> Prose {
    let rates = published.cells().iter().map(tables::wire_gbit_per_second);
    Prose::from(format!(
        "A response is {} bytes on an Ethernet wire, so the fastest cell sent {} Gbit/s.",
        tables::wire_bytes(),
        fixed(rates.fold(0.0, f64::max), 2)
    ))
}

fn saturation(published: &Published) -> Prose {
    let shares = published
        .cells()
        .iter()
        .map(|c| c.server_cpu_percent / 100.0);
    let most = shares.fold(0.0, f64::max);
    let verdict = if most < SATURATED {
        "no cell of the card shows a saturated server"
    } else {
        "at least one cell shows a saturated server"
    };
    Prose::from(format!(
        "The busiest server used {} of its cores; saturated means {} here: {verdict}.",
        percent(most, 0),
        percent(SATURATED, 0)
    ))
}

fn cpu(published: &Published) -> Prose {
    let parts = (published.loads().into_iter())
        .filter_map(|load| Some((load, published.pair(load)?)))
        .map(|(load, (kio, tokio))| {
            let (ours, theirs) = (kio.cpu_us_per_request(), tokio.cpu_us_per_request());
            Prose::from(format!(
                "{} \u{b5}s against {} \u{b5}s at {load} ({} times)",
                fixed(ours, 1),
                fixed(theirs, 1),
                fixed(ours / theirs, 2)
            ))
        })
        .collect();
    Prose::from(format!(
        "CPU a request, {} cores times CPU usage over requests a second, kio against Tokio: ",
        fixed(PUBLISHED_CORES, 0)
    ))
    .then(joined(parts))
    .text(".")
}
