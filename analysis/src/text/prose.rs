//! Prose: one text that renders as Markdown, HTML and plain text.

use maud::{Markup, html};

use super::escape_markdown;

/// A piece of running text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Span {
    Text(String),
    Code(String),
    Strong(String),
    Number(String),
    Link { text: String, target: String },
}

/// Running text in which names are told from words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prose(Vec<Span>);

impl Prose {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Words.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Text(text.into()));
        self
    }

    /// A name from the data or a command: an arm, a file.
    #[must_use]
    pub fn code(mut self, name: impl Into<String>) -> Self {
        self.0.push(Span::Code(name.into()));
        self
    }

    /// Words that stand out.
    #[must_use]
    pub fn strong(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Strong(text.into()));
        self
    }

    /// A number with its interval or unit, which is never broken over two lines.
    #[must_use]
    pub fn number(mut self, number: impl Into<String>) -> Self {
        self.0.push(Span::Number(number.into()));
        self
    }

    /// A link to a file of the report or a place in it.
    #[must_use]
    pub fn link(mut self, text: impl Into<String>, target: impl Into<String>) -> Self {
        self.0.push(Span::Link {
            text: text.into(),
            target: target.into(),
        });
        self
    }

    /// Another prose after this one.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As Markdown.
    pub fn to_markdown(&self) -> String {
        let render = |span: &Span| match span {
            Span::Text(text) | Span::Number(text) => escape_markdown(text),
            Span::Code(name) => code_markdown(name),
            Span::Strong(text) => format!("**{}**", escape_markdown(text)),
            Span::Link { text, target } => format!("[{}]({target})", escape_markdown(text)),
        };
        self.0.iter().map(render).collect()
    }

    /// As HTML.
    pub fn to_html(&self) -> Markup {
        html! {
            @for span in &self.0 {
                @match span {
                    Span::Text(text) => (text),
                    Span::Code(name) => code { (name) },
                    Span::Strong(text) => strong { (text) },
                    Span::Number(text) => span.n { (text) },
                    Span::Link { text, target } => a href=(target) { (text) },
                }
            }
        }
    }

    /// Without any markup.
    pub fn to_plain(&self) -> String {
        let render = |span: &Span| match span {
            Span::Text(text) | Span::Code(text) | Span::Strong(text) | Span::Number(text) => {
                text.clone()
            }
            Span::Link { text, .. } => text.clone(),
        };
        self.0.iter().map(render).collect()
    }
}

impl From<&str> for Prose {
    fn from(text: &str) -> Self {
        Self::new().text(text)
    }
}

impl From<String> for Prose {
    fn from(text: String) -> Self {
        Self::new().text(text)
    }
}

/// Several proses with commas and "and" between them.
pub fn joined(parts: Vec<Prose>) -> Prose {
    let count = parts.len();
    let mut whole = Prose::new();
    for (place, part) in parts.into_iter().enumerate() {
        if place > 0 {
            whole = whole.text(if place + 1 < count { ", " } else { " and " });
        }
        whole = whole.then(part);
    }
    whole
}

/// A code span needs no escapes but cannot hold a backtick, and a pipe would end a table's cell.
fn code_markdown(name: &str) -> String {
    if name.contains(['`', '|', '\n', '\r']) || name.is_empty() {
        return escape_markdown(name);
    }
    format!("`{name}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_three_ways() {
        let prose = Prose::new()
            .code("kio-uring")
            .text(" <is> ")
            .strong("fast")
            .text(", see ")
            .link("the table", "tables/cells.csv");
        assert_eq!(
            prose.to_markdown(),
            "`kio-uring` &lt;is&gt; **fast**, see [the table](tables/cells.csv)"
        );
        assert_eq!(
            prose.to_html().into_string(),
            "<code>kio-uring</code> &lt;is&gt; <strong>fast</strong>, see \
             <a href=\"tables/cells.csv\">the table</a>"
        );
        assert_eq!(prose.to_plain(), "kio-uring <is> fast, see the table");
    }

    #[test]
    fn a_hostile_name_stays_a_name() {
        let prose = Prose::new().code("a`|<b>");
        assert_eq!(prose.to_markdown(), r"a\`\|&lt;b&gt;");
        assert!(prose.to_html().into_string().contains("&lt;b&gt;"));
    }

    #[test]
    fn lists_are_joined_as_one_speaks() {
        let list = |names: &[&str]| joined(names.iter().map(|n| Prose::from(*n)).collect());
        assert_eq!(list(&["a"]).to_plain(), "a");
        assert_eq!(list(&["a", "b"]).to_plain(), "a and b");
        assert_eq!(list(&["a", "b", "c"]).to_plain(), "a, b and c");
    }
}
