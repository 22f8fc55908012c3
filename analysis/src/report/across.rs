//! The comparison of two runs as files.

use super::document::{Block, Document};
use super::{Bundle, ReportError, markdown};
use crate::compare::{Change, common, quotient};
use crate::metric::Metric;
use crate::model::Study;
use crate::tables::{self, Table};
use crate::text::{Prose, joined};

/// Name of the comparison's text in its bundle.
pub const COMPARISON: &str = "compare.md";

/// Two runs side by side.
pub fn comparison(a: &Study, b: &Study) -> Result<Bundle, ReportError> {
    let tables = [
        ("What differs", tables::differences(a, b)),
        ("The answer in both", tables::headlines(a, b)),
        ("Cell by cell", tables::quotients(a, b)),
    ];
    let mut blocks = vec![
        Block::Paragraph(
            Prose::from("A is ")
                .code(&a.name)
                .text(", B is ")
                .code(&b.name)
                .text("."),
        ),
        Block::Paragraph(counted(a, b)),
        Block::Paragraph(Prose::from(
            "The runs share no blocks, so these quotients are unpaired: the second median over the \
             first, with an interval that adds up both. It is wider than that of a paired ratio, and what \
             differed between the runs as a whole is in the quotient, whatever caused it. The ratios of \
             the answer are paired inside each run; their quotient says whether the answer changed.",
        )),
    ];
    let mut bundle = Bundle::default();
    for (heading, table) in tables {
        bundle.add(&table)?;
        blocks.extend(chapter(heading, table));
    }
    let document = Document {
        title: "Two runs compared".to_owned(),
        subtitle: format!("{} and {}", a.title(), b.title()),
        blocks,
    };
    bundle.insert(COMPARISON, markdown::plain(&document));
    Ok(bundle)
}

fn chapter(heading: &str, table: Table) -> [Block; 2] {
    let id = table.name.clone();
    let text = heading.to_owned();
    let body = if table.lines.is_empty() {
        Block::Paragraph(Prose::from("Nothing."))
    } else {
        Block::Table {
            table,
            anchors: false,
        }
    };
    [Block::Heading { level: 2, id, text }, body]
}

/// In how many cells what became of CPU a request.
fn counted(a: &Study, b: &Study) -> Prose {
    let changes: Vec<Change> = common(a, b)
        .filter_map(|cell| quotient(a, b, cell, Metric::CpuUsPerRequest))
        .map(|found| Change::of(&found))
        .collect();
    let parts: Vec<Prose> = [Change::Less, Change::More, Change::Same, Change::Undecided]
        .into_iter()
        .map(|change| {
            (
                change,
                changes.iter().filter(|found| **found == change).count(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .map(|(change, count)| Prose::from(format!("{} in {count}", change.word())))
        .collect();
    if parts.is_empty() {
        return Prose::from("The runs have no valid cell in common.");
    }
    Prose::from(format!(
        "Of the {} valid cells in common, CPU a request in B is ",
        changes.len()
    ))
    .then(joined(parts))
    .text(".")
}
