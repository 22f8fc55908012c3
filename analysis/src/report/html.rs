//! The report as one HTML file that needs nothing beside it.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::compact::compact;
use super::document::{Block, Document, Entry, RowLink, Sentence, grouped};
use crate::tables::Table;

/// The page's styles.
const STYLE: &str = include_str!("style.css");
/// Shows a mark's number where a pointer rests on it, and opens what a link leads into. Without it
/// the browser shows the same words, only later.
const SCRIPT: &str = include_str!("script.js");

/// Renders the document.
pub fn page(document: &Document) -> String {
    let main = html! {
        (contents(document))
        main { @for part in &document.blocks { (block(part)) } }
    };
    let parts = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (document.title) ": " (document.subtitle) }
                style { (PreEscaped(columns(document))) (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (document.title) }
                    p.subtitle { (document.subtitle) }
                }
                (PreEscaped(compact(&main.into_string())))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    parts.into_string() + "\n"
}

/// The styles of columns of numbers and of names: a table says by places which of its own are. They
/// stand before the page's other styles, which overrule them for narrow screens.
fn columns(document: &Document) -> String {
    let mut most = 0;
    let mut widest = |block: &Block| {
        if let Block::Table { table, .. }
        | Block::Folded { table, .. }
        | Block::Figure { data: table, .. } = block
        {
            most = most.max(table.columns.len());
        }
    };
    for part in &document.blocks {
        part.walk(&mut widest);
    }
    let each = |look: &str, cell: &str, style: &str| {
        let names: Vec<String> = (1..=most)
            .map(|place| format!(".{look}{place} {cell}:nth-child({place})"))
            .collect();
        format!("{}{{{style}}}\n", names.join(","))
    };
    if most == 0 {
        return String::new();
    }
    [
        each("n", "th", "text-align:right"),
        each("n", "td", "text-align:right;white-space:nowrap"),
        each(
            "c",
            "td",
            "font-family:var(--mono);font-size:.83em;white-space:nowrap",
        ),
    ]
    .concat()
}

/// Links to the chapters.
fn contents(document: &Document) -> Markup {
    html! {
        nav aria-label="Contents" { ul {
            @for part in &document.blocks {
                @if let Block::Heading { level: 2, id, text } = part {
                    li { a href=(format!("#{id}")) { (text) } }
                }
            }
        } }
    }
}

fn block(block: &Block) -> Markup {
    html! {
        @match block {
            Block::Heading { level: 2, id, text } => h2 id=(id) { (text) },
            Block::Heading { level: 3, id, text } => h3 id=(id) { (text) },
            Block::Heading { id, text, .. } => h4 id=(id) { (text) },
            Block::Lead(sentences) => div.lead {
                @for sentence in sentences { p id=(sentence.id) { (with_rows(sentence)) } }
            },
            Block::Sentences(sentences) => {
                @for sentence in sentences { p id=(sentence.id) { (with_rows(sentence)) } }
            },
            Block::Paragraph(prose) => p { (prose.to_html()) },
            Block::Warning(prose) => p.warning role="note" { (prose.to_html()) },
            Block::List(items) => ul { @for item in items { li { (item.to_html()) } } },
            Block::Entries(entries) => div.entries { @for part in entries { (entry(part)) } },
            Block::Table { table, anchors } => {
                (table.to_html(*anchors))
                p.files { (files(table)) }
            },
            Block::Folded { table, anchors } => details {
                summary { (table.title) }
                (table.to_html(*anchors))
                p.files { (files(table)) }
            },
            Block::Picture(figure) => figure {
                (PreEscaped(&figure.svg))
                figcaption { (figure.caption) }
            },
            Block::Figure { figure, data, within } => figure {
                (PreEscaped(&figure.svg))
                figcaption { (figure.caption) }
                @match within {
                    Some(chapter) => p.files {
                        a href=(format!("#{chapter}")) { "The figure's data" } ", " (files(data))
                    },
                    None => details {
                        summary { "The figure's data" }
                        (data.to_html(false))
                        p.files { (files(data)) }
                    },
                }
            },
            Block::Fold { id, text, blocks } => details.chapter id=(id) {
                summary { h3 { (text) } }
                @for part in blocks { (self::block(part)) }
            },
            Block::Files(table) | Block::Measurements { head: table, .. } => p.files {
                (table.title) ": " (files(table))
            },
            Block::Code(commands) => pre tabindex="0" { code { (commands) } },
        }
    }
}

/// Links to the table's files, which lie beside the page.
fn files(table: &Table) -> Markup {
    html! {
        a href=(table.csv_path()) { "CSV" } ", " a href=(table.parquet_path()) { "Parquet" }
    }
}

fn entry(entry: &Entry) -> Markup {
    html! {
        article.entry id=(entry.sentence.id) {
            p.quote {
                span class=(format!("verdict {}", entry.verdict)) { (entry.verdict) }
                q { (entry.quote) }
            }
            p {
                (entry.sentence.prose.to_html())
                @if !entry.p.is_empty() { " " span.p { (entry.p) } }
                (rows(&entry.sentence.links))
            }
        }
    }
}

fn with_rows(sentence: &Sentence) -> Markup {
    html! { (sentence.prose.to_html()) (rows(&sentence.links)) }
}

fn rows(links: &[RowLink]) -> Markup {
    html! {
        @if !links.is_empty() {
            span.rows {
                @for (place, group) in grouped(links).iter().enumerate() {
                    @if place > 0 { "; " }
                    @if let [first, ..] = group.as_slice() { (table_name(&first.table)) ": " (first.name) " at " }
                    @for (place, link) in group.iter().enumerate() {
                        @if place > 0 { ", " }
                        a href=(format!("#{}", link.id)) { (link.load) }
                    }
                }
            }
        }
    }
}

/// The table's name without the run's folder.
fn table_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
