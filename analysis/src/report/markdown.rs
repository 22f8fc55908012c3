//! The report as Markdown.

use super::document::{Block, Document, Entry, RowLink, Sentence, grouped};
use crate::figures::Figure;
use crate::tables::Table;
use crate::text::escape_markdown;

/// Renders a document without figures, for a terminal too: no anchors, and no links to files.
pub fn plain(document: &Document) -> String {
    let anchors = |line: &str| !(line.starts_with("<sub>[CSV]"));
    let text = markdown(document);
    let lines = (text.lines().filter(|line| anchors(line))).map(|line| {
        match (line.find("<a id=\""), line.find("</a>")) {
            (Some(from), Some(to)) => format!("{}{}", &line[..from], &line[to + 4..]),
            _ => line.to_owned(),
        }
    });
    let kept: Vec<String> = lines.collect();
    kept.join("\n").trim_end().to_owned() + "\n"
}

/// Renders the document.
pub fn markdown(document: &Document) -> String {
    let mut text = format!(
        "# {}\n\n{}\n",
        escape_markdown(&document.title),
        escape_markdown(&document.subtitle)
    );
    for part in &document.blocks {
        text.push('\n');
        text += &block(part);
    }
    text
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading { level, id, text } => {
            let marks = "#".repeat(usize::from(*level));
            format!("{marks} <a id=\"{id}\"></a>{}\n", escape_markdown(text))
        }
        Block::Fold { id, text, blocks } => {
            let mut whole = format!("### <a id=\"{id}\"></a>{}\n", escape_markdown(text));
            for part in blocks {
                whole.push('\n');
                whole += &self::block(part);
            }
            whole
        }
        Block::Files(table) | Block::Measurements { head: table, .. } => format!(
            "{}: [CSV]({}), [Parquet]({}).\n",
            escape_markdown(&table.title),
            table.csv_path(),
            table.parquet_path()
        ),
        Block::Lead(sentences) => sentences
            .iter()
            .enumerate()
            .map(|(place, sentence)| lead(sentence, place == 0))
            .collect(),
        Block::Sentences(sentences) => (sentences.iter().enumerate())
            .map(|(place, sentence)| {
                let gap = if place == 0 { "" } else { "\n" };
                format!("{gap}{}", lead(sentence, false).trim_start())
            })
            .collect(),
        Block::Paragraph(prose) => format!("{}\n", prose.to_markdown()),
        Block::Warning(prose) => format!("> **Note:** {}\n", prose.to_markdown()),
        Block::List(items) => items
            .iter()
            .map(|item| format!("- {}\n", item.to_markdown()))
            .collect(),
        Block::Entries(entries) => entries.iter().map(entry).collect(),
        Block::Table { table, .. } => format!("{}\n{}", table.to_markdown(), files(table)),
        Block::Folded { table, .. } => format!(
            "{}: [table]({}), [CSV]({})\n",
            escape_markdown(&table.title),
            table.markdown_path(),
            table.csv_path()
        ),
        Block::Picture(figure) => format!(
            "![{}]({})\n\n{}\n",
            escape_markdown(&figure.title),
            figure.path(),
            escape_markdown(&figure.caption)
        ),
        Block::Figure { figure, data, .. } => figure_block(figure, data),
        Block::Code(commands) => format!("```sh\n{commands}```\n"),
    }
}

fn lead(sentence: &Sentence, first: bool) -> String {
    let prose = sentence.prose.to_markdown();
    let rows = rows(&sentence.links);
    let prose = if first {
        format!("**{}**", prose.replace("**", ""))
    } else {
        prose
    };
    let gap = if first { "" } else { "\n" };
    format!("{gap}<a id=\"{}\"></a>{prose}{rows}\n", sentence.id)
}

fn entry(entry: &Entry) -> String {
    format!(
        "- <a id=\"{}\"></a>\u{201c}{}\u{201d}  \n  {}{}{}\n",
        entry.sentence.id,
        escape_markdown(&entry.quote),
        entry.sentence.prose.to_markdown(),
        if entry.p.is_empty() {
            String::new()
        } else {
            format!(" {}", escape_markdown(&entry.p))
        },
        rows(&entry.sentence.links)
    )
}

/// The rows a sentence rests on: the file of their table and what stands in its first columns.
fn rows(links: &[RowLink]) -> String {
    let mut text = String::new();
    for group in grouped(links) {
        let [first, ..] = group.as_slice() else {
            continue;
        };
        let table = &first.table;
        let loads: Vec<String> = group
            .iter()
            .map(|link| escape_markdown(&link.load))
            .collect();
        text += if text.is_empty() {
            " <sub>Rows: "
        } else {
            "; "
        };
        text += &format!(
            "[{}](tables/{table}.csv) {name} at {loads}",
            table.rsplit('/').next().unwrap_or(table),
            name = escape_markdown(&first.name),
            loads = loads.join(", ")
        );
    }
    if text.is_empty() {
        return text;
    }
    text + "</sub>"
}

fn files(table: &Table) -> String {
    format!("<sub>[CSV]({})</sub>\n", table.csv_path())
}

fn figure_block(figure: &Figure, data: &Table) -> String {
    format!(
        "![{}]({})\n\n{} Data: [table]({}), [CSV]({}).\n",
        escape_markdown(&figure.title),
        figure.path(),
        escape_markdown(&figure.caption),
        data.markdown_path(),
        data.csv_path()
    )
}
