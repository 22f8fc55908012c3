//! Escaping for Markdown.

/// Escapes what Markdown or HTML would read as markup, also inside a table cell. Line breaks
/// become spaces.
pub fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (place, character) in text.chars().enumerate() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            '-' | '+' if place == 0 => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(
            escape_markdown("a|b <i>*x*</i> `c` [d](e)\n"),
            r"a\|b &lt;i&gt;\*x\*&lt;/i&gt; \`c\` \[d\](e) "
        );
        assert_eq!(escape_markdown("- no list"), r"\- no list");
        assert_eq!(escape_markdown("kio-uring"), "kio-uring");
    }
}
