//! Whether the arms were in this run what the plan has of them, by the words of their start lines.

use records::Plan;

use super::Study;
use crate::load::Row;

/// The configuration of each arm of the plan.
pub(super) fn configurations(plan: &Plan, rows: &[Row]) -> Vec<Option<String>> {
    let mut found = vec![None; plan.arms.len()];
    for row in rows {
        let words = &row.measurement.configuration;
        if !words.is_empty() {
            found[row.key.arm].get_or_insert_with(|| words.clone());
        }
    }
    found
}

impl Study {
    /// The configuration that an arm's server named on its first start line; `None` when it named none.
    pub fn configuration(&self, arm: usize) -> Option<&str> {
        self.configurations[arm].as_deref()
    }

    /// What the plan has of how an arm differs from another and its start line contradicts: a `+word`
    /// that it lacks, a `-word` that it has. An old kernel, or a missing privilege, does that.
    pub fn contradicted(&self, arm: usize) -> Vec<&str> {
        let entry = &self.plan.arms[arm];
        let (Some(declared), Some(configuration)) = (&entry.changes, self.configuration(arm))
        else {
            return Vec::new();
        };
        // The server's name, which the configuration leaves out.
        let has =
            |word: &str| word == entry.subject || configuration.split(' ').any(|own| own == word);
        let contradicts = |change: &&str| match (change.strip_prefix('+'), change.strip_prefix('-'))
        {
            (Some(word), _) => !has(word),
            (_, Some(word)) => has(word),
            _ => false,
        };
        (declared.iter().map(String::as_str))
            .filter(contradicts)
            .collect()
    }
}
