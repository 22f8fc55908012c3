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
    /// To which servers; to none where the host does not allow it.
    pub servers: Vec<&'static str>,
    /// Their counts together.
    pub figures: Figures,
}

impl Row {
    /// That of a fault that has been injected into no server.
    pub fn not_run(fault: &'static Fault) -> Self {
        Self {
            fault,
            servers: Vec::new(),
            figures: Figures::default(),
        }
    }
}

/// The table of a document. Counts that differ from run to run are left out; that nothing was lost
/// holds for them as well. What was not run keeps the row that it has in the `former` table.
fn table(rows: &[Row], former: &str) -> String {
    let mut text =
        "| Fault | What is done | Servers | Connections | Sent | Answered | Refused aloud \
                    | Withdrawn | Lost |\n\
                    | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
            .to_owned();
    for row in rows {
        let figures = row.figures;
        if row.servers.is_empty() {
            let begins = format!("| `{}` |", row.fault.name);
            let kept = former.lines().find(|line| line.starts_with(&begins));
            text.extend(kept.map(|line| format!("{line}\n")));
            continue;
        }
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

/// The document with the table of `rows` between its marks.
///
/// # Errors
/// When it lacks the marks.
pub fn replace_part(document: &str, rows: &[Row]) -> Result<String> {
    let parts = document.split_once(BEGIN).and_then(|(before, rest)| {
        let (former, after) = rest.split_once(END)?;
        Some((before, former, after))
    });
    let (before, former, after) = parts.with_context(|| {
        format!(
            "the document lacks the lines `{}` and `{}`; add them",
            BEGIN.trim(),
            END.trim()
        )
    })?;
    Ok([before, BEGIN, &table(rows, former), END, after].concat())
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
        let exact = table(&[row(true)], "");
        assert!(exact.ends_with("| `one`, `two` | 1 | 7 | 4 | 2 | 1 | 0 |\n"));
        assert!(table(&[row(false)], "").contains("| varies | varies | varies |"));

        let document = format!("a\n{BEGIN}old\n{END}b\n");
        let replaced = replace_part(&document, &[row(true)]).unwrap();
        assert_eq!(replaced, document.replace("old\n", &exact));
        assert!(replace_part("a\n", &[row(true)]).is_err());
    }

    #[test]
    fn what_could_not_be_run_keeps_its_row() {
        let not_run = [Row::not_run(&FAULTS[0]), Row::not_run(&FAULTS[1])];
        let name = FAULTS[0].name;
        let former = format!("| Fault |\n| `{name}` | as it was |\n| `{name}-b` | another |\n");
        let kept = table(&not_run, &former);
        assert!(
            kept.ends_with(&format!("|\n| `{name}` | as it was |\n")),
            "{kept}"
        );
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
