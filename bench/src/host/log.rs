//! What a child writes that nobody reads, unless it fails.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::process::Stdio;

/// Most of it that a message repeats.
const TAIL_CHARS: usize = 600;

/// A child's standard error, in a file without a name: a pipe would fill and stop the child.
#[derive(Debug)]
pub struct Log(File);

impl Log {
    /// An empty log.
    pub fn new() -> io::Result<Self> {
        tempfile::tempfile().map(Self)
    }

    /// A stream of a child that writes into it.
    pub fn stdio(&self) -> io::Result<Stdio> {
        self.0.try_clone().map(Stdio::from)
    }

    /// Its end, after a colon; nothing when it is empty.
    pub fn last_words(&mut self) -> String {
        let mut bytes = Vec::new();
        if self.0.rewind().is_err() || self.0.read_to_end(&mut bytes).is_err() {
            return String::new();
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim();
        if text.is_empty() {
            return String::new();
        }
        let start = text.char_indices().rev().nth(TAIL_CHARS - 1);
        format!(": {}", &text[start.map_or(0, |(at, _)| at)..])
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_end_of_a_long_log_is_kept() {
        let mut log = Log::new().unwrap();
        assert_eq!(log.last_words(), "");
        log.0.write_all(&"é".repeat(1000).into_bytes()).unwrap();
        log.0.write_all(b" end\n").unwrap();
        let words = log.last_words();
        assert!(words.starts_with(": é") && words.ends_with(" end"));
        assert_eq!(words.chars().count(), 2 + TAIL_CHARS);
    }
}
