//! The sleeps of a worker, by the moment they end. Free of system calls: the moments come from
//! the caller.

use std::collections::BTreeMap;
use std::task::Waker;
use std::time::{Duration, Instant};

/// Names one sleep. Ordered by its end, then by its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    end: Instant,
    number: u64,
}

#[derive(Default)]
pub(crate) struct Timers {
    sleeping: BTreeMap<TimerKey, Waker>,
    started: u64,
}

impl Timers {
    /// A key for a sleep until `end`; it sleeps once it has a waker.
    pub(crate) fn create(&mut self, end: Instant) -> TimerKey {
        self.started += 1;
        TimerKey {
            end,
            number: self.started,
        }
    }

    /// Whether `waker` would be woken at the end of the sleep.
    pub(crate) fn knows(&self, key: TimerKey, waker: &Waker) -> bool {
        self.sleeping
            .get(&key)
            .is_some_and(|known| known.will_wake(waker))
    }

    /// Wakes `waker` at the end of the sleep. The one it had is returned, as dropping it may run
    /// any code.
    pub(crate) fn set(&mut self, key: TimerKey, waker: Waker) -> Option<Waker> {
        self.sleeping.insert(key, waker)
    }

    /// Ends the sleep early.
    pub(crate) fn remove(&mut self, key: TimerKey) -> Option<Waker> {
        self.sleeping.remove(&key)
    }

    /// How long until the first sleep ends; zero when it has.
    pub(crate) fn next(&self, now: impl FnOnce() -> Instant) -> Option<Duration> {
        let (first, _) = self.sleeping.first_key_value()?;
        Some(first.end.saturating_duration_since(now()))
    }

    /// Takes the wakers of all sleeps that have ended.
    pub(crate) fn ended(&mut self, now: impl FnOnce() -> Instant) -> Vec<Waker> {
        if self.sleeping.is_empty() {
            return Vec::new();
        }
        let later = self.sleeping.split_off(&TimerKey {
            end: now(),
            number: u64::MAX,
        });
        std::mem::replace(&mut self.sleeping, later)
            .into_values()
            .collect()
    }
}

impl TimerKey {
    pub(crate) fn has_ended(self, now: Instant) -> bool {
        self.end <= now
    }
}

#[cfg(test)]
mod tests;
