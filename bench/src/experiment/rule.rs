//! When an experiment may end before its last block.

use anyhow::{Result, ensure};
use records::StopRule;
use statistics::stop::LEAST_BLOCKS;

use super::check_range;

const WIDEST_PERCENT: u32 = 50;
const LONGEST_BUDGET_S: u32 = 7 * 86_400;

/// The rule of an experiment that names a half-width and a budget; both or neither.
///
/// # Errors
/// When they make no sense.
pub(super) fn rule(
    half_width_percent: Option<u32>,
    budget_s: Option<u32>,
) -> Result<Option<StopRule>> {
    ensure!(
        half_width_percent.is_some() == budget_s.is_some(),
        "half_width_percent and budget_s belong together: how sharp the ratios shall be, and how long to \
         try at most"
    );
    let (Some(percent), Some(budget_s)) = (half_width_percent, budget_s) else {
        return Ok(None);
    };
    check_range("half_width_percent", percent, WIDEST_PERCENT)?;
    check_range("budget_s", budget_s, LONGEST_BUDGET_S)?;
    Ok(Some(StopRule {
        half_width_permille: percent * 10,
        budget_s,
        least_blocks: LEAST_BLOCKS,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_or_neither_and_within_reason() {
        assert_eq!(rule(None, None).unwrap(), None);
        let found = rule(Some(3), Some(600)).unwrap().unwrap();
        assert_eq!((found.half_width_permille, found.budget_s), (30, 600));
        let refused = |percent, budget, part: &str| {
            let message = rule(percent, budget).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        refused(Some(3), None, "belong together");
        refused(None, Some(3), "belong together");
        refused(Some(0), Some(3), "half_width_percent is 0");
        refused(Some(3), Some(0), "budget_s is 0");
    }
}
