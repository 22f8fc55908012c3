//! Dates and lengths of time as text.

use std::time::{Duration, SystemTime};

/// Today's date in UTC: `2026-11-23`.
pub fn today_utc() -> String {
    date(now())
}

/// The time since 1970, of which nothing is computed: it names, labels and seeds. Nothing when the clock
/// is set before.
pub fn since_1970() -> Option<Duration> {
    now().duration_since(SystemTime::UNIX_EPOCH).ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that looks at the clock of the day"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

fn date(time: SystemTime) -> String {
    let text = humantime::format_rfc3339_seconds(time).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

/// `4m 25s`.
pub fn duration(seconds: u64) -> String {
    humantime::format_duration(Duration::from_secs(seconds)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_that_of_utc() {
        let time = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(date(time(0)), "1970-01-01");
        assert_eq!(date(time(951_868_799)), "2000-02-29");
        assert_eq!(duration(265), "4m 25s");
    }
}
