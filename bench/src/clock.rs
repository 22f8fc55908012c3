//! Whether the clock of the day was set while something was measured by it.

use std::time::{Duration, Instant, SystemTime};

use crate::dates;

/// What two looks may differ by: clocks are slewed by half a thousandth at most.
const SLEW: u32 = 1000;
const LEAST: Duration = Duration::from_millis(1);

/// A look at the clock of the day, between two at the steady one.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    before: Instant,
    of_the_day: SystemTime,
    after: Instant,
}

impl Clock {
    /// Looks now.
    pub fn look() -> Self {
        let before = Instant::now();
        let of_the_day = dates::now();
        let after = Instant::now();
        Self {
            before,
            of_the_day,
            after,
        }
    }

    /// By how many milliseconds the clock of the day has been set since this look; nothing when it has
    /// gone on as it should.
    pub fn set_by_ms(&self) -> Option<i64> {
        self.set_by_ms_at(&Self::look())
    }

    fn set_by_ms_at(&self, later: &Self) -> Option<i64> {
        let shortest = later.before - self.after;
        let longest = later.after - self.before;
        let least = shortest.saturating_sub(longest / SLEW + LEAST);
        let most = longest + longest / SLEW + LEAST;
        let ms = |length: Duration| i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        match later.of_the_day.duration_since(self.of_the_day) {
            Ok(length) if length < least => Some(-ms(longest - length)),
            Ok(length) if length > most => Some(ms(length - longest)),
            Ok(_) => None,
            Err(error) => Some(-ms(error.duration() + longest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a second, with a step in it, looks like.
    fn set_by(step_us: i64, taken_us: u64) -> Option<i64> {
        let (start, day) = (
            Instant::now(),
            SystemTime::UNIX_EPOCH + Duration::from_hours(24),
        );
        let second = Duration::from_secs(1);
        let look = |at: Duration, of_the_day| Clock {
            before: start + at,
            of_the_day,
            after: start + at + Duration::from_micros(taken_us),
        };
        let step = Duration::from_micros(step_us.unsigned_abs());
        let then = day + second;
        let then = if step_us < 0 {
            then - step
        } else {
            then + step
        };
        look(Duration::ZERO, day).set_by_ms_at(&look(second, then))
    }

    #[test]
    fn a_step_either_way_is_told_and_a_slewed_clock_is_left_alone() {
        assert_eq!(set_by(0, 0), None);
        assert_eq!(set_by(500, 0), None);
        assert_eq!(set_by(-500, 0), None);
        assert_eq!(set_by(3_600_000_000, 0), Some(3_600_000));
        assert_eq!(set_by(-20_000, 0), Some(-20));
        assert_eq!(set_by(-90_000_000_000, 0), Some(-90_000_000));
        // A look in whose midst other programs ran shows less.
        assert_eq!(set_by(20_000, 50_000), None);
        assert_eq!(Clock::look().set_by_ms(), None);
    }
}
