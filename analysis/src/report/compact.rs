//! The page in fewer letters that say the same to a browser: a long page is loaded over slow lines too.

/// Ends of elements that HTML infers.
const INFERRED: [&str; 3] = ["</td>", "</th>", "</tr>"];

/// Markup without quotes about values that need none, and without inferred ends. It must have no quotes
/// but about attributes, as rendered markup has not: what is text is escaped.
pub(super) fn compact(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some((before, after)) = rest.split_once("=\"") {
        let Some((value, next)) = after.split_once('"') else {
            break;
        };
        text += before;
        text.push('=');
        if needs_none(value) && next.starts_with([' ', '>']) {
            text += value;
        } else {
            text.push('"');
            text += value;
            text.push('"');
        }
        rest = next;
    }
    text += rest;
    for end in INFERRED {
        text = text.replace(end, "");
    }
    text
}

fn needs_none(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '#' | '/');
    !value.is_empty() && value.chars().all(plain) && !value.ends_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stay_where_they_are_needed() {
        let same = [
            r#"<p title="two words">a</p>"#,
            r#"<path d="M1 2"/>"#,
            r#"<circle r="4"/>"#,
            r#"<p title="">"#,
            r#"<a href="folder/">"#,
        ];
        for markup in same {
            assert_eq!(compact(markup), markup);
        }
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        let row = r##"<tr id="a.b-1"><td class="e"><a href="#c">x</a></td></tr>"##;
        assert_eq!(compact(row), "<tr id=a.b-1><td class=e><a href=#c>x</a>");
    }
}
