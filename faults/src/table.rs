//! The table, and its place in a document.

use anyhow::{Context, Result};

use crate::faults::Fault;
use crate::figures::Figures;

const BEGIN: &str = "<!-- faults:begin -->\n";
const END: &str = "<!-- faults:end -->\n";

/// A fault, and what came of it at all servers together.
#[derive(Debug)]
pub struct Row {
    /// What was done.
    pub fault: &'static Fault,
    /// To which servers.
    pub servers: Vec<&'static str>,
    /// Their counts together.
    pub figures: Figures,
}

/// The table of a document. Counts that differ from run to run are left out; that nothing was lost
/// holds for them as well.
pub fn table(rows: &[Row]) -> String {
    let mut text =
        "| Fault | What is done | Servers | Connections | Sent | Answered | Refused aloud \
                    | Withdrawn | Lost |\n\
                    | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
            .to_owned();
    for row in rows {
        let figures = row.figures;
        let counts = [
            figures.connections,
            figures.sent,
            figures.answered,
            figures.refused,
            figures.withdrawn,
        ];
        let counts = counts.map(|count| {
            if row.fault.exact {
                count.to_string()
            } else {
                "varies".to_owned()
            }
        });
        let servers: Vec<String> = row.servers.iter().map(|name| format!("`{name}`")).collect();
        let lost = figures.sent - figures.answered - figures.refused - figures.withdrawn;
        text += &format!(
            "| `{}` | {} | {} | {} | {lost} |\n",
            row.fault.name,
            row.fault.what,
            servers.join(", "),
            counts.join(" | ")
        );
    }
    text
}

/// The document with `part` between its marks.
///
/// # Errors
/// When it lacks the marks.
pub fn replace_part(document: &str, part: &str) -> Result<String> {
    let parts = document.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.with_context(|| {
        format!(
            "the document lacks the lines `{}` and `{}`; add them",
            BEGIN.trim(),
            END.trim()
        )
    })?;
    Ok([before, BEGIN, part, END, after].concat())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;
    use crate::faults::FAULTS;

    #[test]
    fn counts_that_vary_are_left_out_and_only_the_part_changes() {
        let figures = Figures {
            connections: 1,
            sent: 7,
            answered: 4,
            refused: 2,
            withdrawn: 1,
        };
        let row = |exact| Row {
            fault: FAULTS.iter().find(|fault| fault.exact == exact).unwrap(),
            servers: vec!["one", "two"],
            figures,
        };
        let exact = table(&[row(true)]);
        assert!(exact.ends_with("| `one`, `two` | 1 | 7 | 4 | 2 | 1 | 0 |\n"));
        assert!(table(&[row(false)]).contains("| varies | varies | varies |"));

        let document = format!("a\n{BEGIN}old\n{END}b\n");
        let replaced = replace_part(&document, "new\n").unwrap();
        assert_eq!(replaced, document.replace("old", "new"));
        assert!(replace_part("a\n", "new\n").is_err());
    }

    #[test]
    fn a_request_that_is_not_accounted_for_is_an_error() {
        let mut figures = Figures {
            sent: 3,
            answered: 1,
            refused: 1,
            ..Figures::default()
        };
        assert!(figures.check().is_err());
        figures.withdrawn = 1;
        figures.check().unwrap();
    }
}
