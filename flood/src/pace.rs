//! When the requests of an open loop are due. No system calls here.

use std::time::{Duration, Instant};

/// Requests at equal distances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// When the first is due.
    first: Instant,
    /// Distance of two, in nanoseconds. A whole number would be off by as much as a part in a hundred.
    interval_ns: f64,
    /// Requests that were sent.
    taken: u64,
}

impl Pace {
    /// The share of thread `number` of `threads` in `rate_per_s` requests from `began` on: the threads
    /// take turns.
    pub(crate) fn new(began: Instant, rate_per_s: u32, number: usize, threads: usize) -> Self {
        let step_ns = 1e9 / f64::from(rate_per_s);
        Self {
            first: began + Duration::from_nanos((step_ns * number as f64) as u64),
            interval_ns: step_ns * threads as f64,
            taken: 0,
        }
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Instant {
        self.due(self.taken)
    }

    /// Takes the next one, if it is due by `now`; returns when it was.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Instant> {
        let due = self.next();
        (due <= now).then(|| {
            self.taken += 1;
            due
        })
    }

    /// How many are due by `now` and were not taken.
    pub(crate) fn waiting(&self, now: Instant) -> u64 {
        let Some(since) = now.checked_duration_since(self.first) else {
            return 0;
        };
        let due = (since.as_nanos() as f64 / self.interval_ns) as u64 + 1;
        due.saturating_sub(self.taken)
    }

    fn due(&self, number: u64) -> Instant {
        self.first + Duration::from_nanos((self.interval_ns * number as f64) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_at_equal_distances_however_late_they_are_taken() {
        let began = Instant::now();
        let at = |us| began + Duration::from_micros(us);
        let mut pace = Pace::new(began, 10_000, 0, 1);
        assert_eq!(pace.take(began), Some(began));
        assert_eq!(pace.take(at(99)), None);
        assert_eq!(pace.next(), at(100));
        // A stall of a millisecond: ten became due meanwhile, each at its own time.
        assert_eq!(pace.waiting(at(1000)), 10);
        let late: Vec<Instant> = std::iter::from_fn(|| pace.take(at(1000))).collect();
        let due: Vec<Instant> = (1..=10).map(|number| at(100 * number)).collect();
        assert_eq!((late, pace.waiting(at(1000))), (due, 0));
    }

    #[test]
    fn threads_take_turns() {
        let began = Instant::now();
        let mut times: Vec<Instant> = Vec::new();
        for number in 0..3 {
            let mut pace = Pace::new(began, 3000, number, 3);
            times.extend((0..5).filter_map(|_| pace.take(began + Duration::from_millis(5))));
        }
        times.sort();
        assert_eq!(times.len(), 15);
        for (number, time) in (0u64..).zip(times) {
            let expected = began + Duration::from_nanos(number * 1_000_000 / 3);
            let distance = expected.max(time) - expected.min(time);
            assert!(
                distance < Duration::from_micros(400),
                "{number}: {distance:?}"
            );
        }
    }
}
