//! What a guest prints, and reading it out of its console.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;

/// Stands before every line, so that it is found among the kernel's own.
const MARK: &str = "@guest ";

/// A line of a guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The guest runs.
    Started {
        /// Its kernel's release.
        release: String,
        /// Its processor's architecture.
        architecture: String,
    },
    /// One check is done.
    Checked {
        /// An arm's name, or what was tried.
        name: String,
        /// Whether it is an arm.
        arm: bool,
        /// What came of it.
        outcome: Outcome,
    },
    /// All checks are done.
    Ended {
        /// How many there were.
        checks: usize,
    },
}

impl Line {
    /// Prints it on standard output, in a line of its own.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print(&self) -> Result<()> {
        use std::io::Write;
        let text = serde_json::to_string(self)?;
        // The console may be in the middle of a line of the kernel's.
        write!(std::io::stdout().lock(), "\n{MARK}{text}\n").context("cannot write to the console")
    }
}

/// The lines in what a guest's console showed.
///
/// # Errors
/// When one of them is damaged.
pub fn read_lines(console: &str) -> Result<Vec<Line>> {
    let marked = console
        .lines()
        .filter_map(|line| line.split_once(MARK).map(|(_, text)| text.trim_end()));
    marked
        .map(|text| serde_json::from_str(text).with_context(|| format!("a damaged line: {text}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_among_the_kernels_own() {
        let line = Line::Ended { checks: 3 };
        let text = serde_json::to_string(&line).unwrap();
        let console = format!("[ 0.1] boot\r\nnoise{MARK}{text}\r\nreboot: Restarting\r\n");
        assert_eq!(read_lines(&console).unwrap(), [line]);
        assert!(read_lines(&format!("{MARK}{{\"ended\"")).is_err());
    }
}
