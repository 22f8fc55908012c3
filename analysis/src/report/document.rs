//! The report as blocks, before it is Markdown or HTML.

use crate::figures::Figure;
use crate::tables::Table;
use crate::text::Prose;

/// A link to a row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLink {
    /// The table's name.
    pub table: String,
    /// Identifier of the row.
    pub id: String,
    /// What the row is about.
    pub name: String,
    /// Its load.
    pub load: String,
}

/// Links to rows about the same thing at several loads, together.
pub fn grouped(links: &[RowLink]) -> Vec<Vec<&RowLink>> {
    let mut groups: Vec<Vec<&RowLink>> = Vec::new();
    for link in links {
        let same = |group: &&mut Vec<&RowLink>| {
            (group.iter()).any(|other| (&other.table, &other.name) == (&link.table, &link.name))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(link),
            None => groups.push(vec![link]),
        }
    }
    groups
}

/// A generated sentence with its identifier and the rows it rests on.
#[derive(Clone, Debug)]
pub struct Sentence {
    /// Identifier, unique in a report.
    pub id: String,
    /// The sentence.
    pub prose: Prose,
    /// The rows it rests on.
    pub links: Vec<RowLink>,
}

/// A claim with its verdict.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The verdict's word.
    pub verdict: &'static str,
    /// The claim in its own words.
    pub quote: String,
    /// What was found.
    pub sentence: Sentence,
    /// The p-values in words; empty where there are none.
    pub p: String,
}

/// A part of a report.
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading that can be linked to.
    Heading {
        /// From 2 on.
        level: u8,
        /// Identifier.
        id: String,
        /// The words.
        text: String,
    },
    /// The answer: the first sentence stands out.
    Lead(Vec<Sentence>),
    /// More sentences.
    Sentences(Vec<Sentence>),
    /// A paragraph.
    Paragraph(Prose),
    /// A warning that must not be overlooked.
    Warning(Prose),
    /// A list.
    List(Vec<Prose>),
    /// Claims and verdicts.
    Entries(Vec<Entry>),
    /// A table.
    Table {
        /// The table.
        table: Table,
        /// Whether its rows can be linked to; once a report for each table.
        anchors: bool,
    },
    /// A chapter that is folded away in HTML until it is opened or linked to.
    Fold {
        /// Identifier.
        id: String,
        /// Its heading.
        text: String,
        /// What is in it.
        blocks: Vec<Block>,
    },
    /// A table that is only in files.
    Files(Table),
    /// Every measurement of a run, only in files: as long as the run.
    Measurements {
        /// The run's name.
        run: String,
        /// The run's folder in a report of several.
        scope: Option<String>,
        /// The table without its lines.
        head: Table,
    },
    /// A long table: folded away in HTML, linked to in Markdown.
    Folded {
        /// The table.
        table: Table,
        /// Whether its rows can be linked to.
        anchors: bool,
    },
    /// A figure and the table it was drawn from.
    Figure {
        /// The figure.
        figure: Figure,
        /// Its data.
        data: Table,
        /// The chapter whose table has the same numbers, so that they are not on the page twice.
        within: Option<String>,
    },
    /// A figure whose data stand in the table beside it.
    Picture(Figure),
    /// Commands.
    Code(String),
}

impl Block {
    /// The block and all blocks in it.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Block)) {
        visit(self);
        if let Self::Fold { blocks, .. } = self {
            blocks.iter().for_each(|block| block.walk(visit));
        }
    }
}

/// A report.
#[derive(Clone, Debug)]
pub struct Document {
    /// The title.
    pub title: String,
    /// What it is about, under the title.
    pub subtitle: String,
    /// The parts.
    pub blocks: Vec<Block>,
}
