//! A run's chapters inside the report of several runs: a level lower, in folders of their own, and
//! with identifiers that no other run has.

use super::document::{Block, RowLink, Sentence};
use crate::tables::Table;

/// A longer table of a run is folded away in the report of several.
const LONGEST_OPEN: usize = 24;

/// The blocks of a run's report as a part of the report of several runs.
///
/// Headings go so many levels down.
pub(super) fn scoped(scope: &str, down: u8, blocks: Vec<Block>) -> Vec<Block> {
    (blocks.into_iter())
        .map(|block| scoped_block(scope, down, block))
        .collect()
}

fn scoped_block(scope: &str, down: u8, mut block: Block) -> Block {
    match &mut block {
        Block::Heading { level, id, .. } => {
            *level += down;
            in_scope(scope, id);
        }
        Block::Lead(sentences) | Block::Sentences(sentences) => {
            sentences.iter_mut().for_each(|s| sentence(scope, s))
        }
        Block::Entries(entries) => {
            entries
                .iter_mut()
                .for_each(|entry| sentence(scope, &mut entry.sentence));
        }
        Block::Table { table, .. } | Block::Folded { table, .. } => in_folder(scope, table),
        Block::Figure {
            figure,
            data,
            within,
        } => {
            if let Some(chapter) = within {
                in_scope(scope, chapter);
            }
            figure.name = format!("{scope}/{}", figure.name);
            in_folder(scope, data);
        }
        Block::Picture(figure) => figure.name = format!("{scope}/{}", figure.name),
        Block::Files(table) => in_folder(scope, table),
        Block::Measurements {
            scope: of, head, ..
        } => {
            *of = Some(scope.to_owned());
            in_folder(scope, head);
        }
        Block::Fold { id, blocks, .. } => {
            in_scope(scope, id);
            *blocks = (std::mem::take(blocks).into_iter())
                .map(|block| scoped_block(scope, down, block))
                .collect();
        }
        Block::Paragraph(_) | Block::Warning(_) | Block::List(_) | Block::Code(_) => {}
    }
    match block {
        Block::Table { table, anchors } if table.lines.len() > LONGEST_OPEN => {
            Block::Folded { table, anchors }
        }
        other => other,
    }
}

fn in_scope(scope: &str, id: &mut String) {
    if !id.is_empty() {
        *id = format!("{scope}.{id}");
    }
}

fn sentence(scope: &str, sentence: &mut Sentence) {
    in_scope(scope, &mut sentence.id);
    for RowLink { table, id, .. } in &mut sentence.links {
        *table = format!("{scope}/{table}");
        in_scope(scope, id);
    }
}

/// A table of a run, in the run's folder where the report has one.
pub(super) fn table_in(scope: Option<&str>, mut table: Table) -> Table {
    if let Some(scope) = scope {
        in_folder(scope, &mut table);
    }
    table
}

fn in_folder(scope: &str, table: &mut Table) {
    table.name = format!("{scope}/{}", table.name);
    for line in &mut table.lines {
        in_scope(scope, &mut line.id);
        in_scope(scope, &mut line.rests_on);
    }
}
