//! What belongs to a worker's thread: its counters, and how it waits.

use std::cell::Cell;
use std::time::{Duration, Instant};

use server_kit::{AdaptiveSpin, Counters};

thread_local! {
    /// Without a destructor, so that it can be used until the thread ends.
    static WORKER: Cell<Option<&'static Counters>> = const { Cell::new(None) };
    /// None on the threads that never spin.
    static SPINNING: Cell<Option<Spinning>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Spinning {
    rule: AdaptiveSpin,
    /// When the last wait ended.
    woken: Instant,
}

/// Makes this thread the one writer of `counters`, and has it spin for up to `spin` before it sleeps.
pub(crate) fn enter(counters: &'static Counters, spin: Duration) {
    WORKER.set(Some(counters));
    let rule = AdaptiveSpin::new(spin);
    SPINNING.set(rule.is_on().then(|| Spinning {
        rule,
        woken: Instant::now(),
    }));
}

/// Counts on the counters of this thread, when it is a worker. A connection of the multi-thread
/// runtime counts wherever its task happens to run.
#[inline]
pub fn count(add: impl FnOnce(&Counters)) {
    if let Some(counters) = WORKER.get() {
        add(counters);
    }
}

/// Waits for events, where Tokio asks the kernel to: `take` is the system call, given the time-out
/// in milliseconds, and returns the number of events, or a negative one for an error. A worker that
/// spins asks again and again without sleeping first, by the rule of [`AdaptiveSpin`].
///
/// Here every runtime can spin alike, and whatever should end its sleep (an event, another thread)
/// ends its spinning, as Tokio announces all of that to epoll. A timer fires late by the spin at most.
#[inline]
pub fn wait(timeout_ms: i32, take: impl Fn(i32) -> i32) -> i32 {
    match SPINNING.get() {
        Some(spinning) if timeout_ms != 0 => spinning.wait(timeout_ms, take),
        _ => take(timeout_ms),
    }
}

impl Spinning {
    fn wait(mut self, timeout_ms: i32, take: impl Fn(i32) -> i32) -> i32 {
        let begun = Instant::now();
        let mut events = 0;
        if let Some(limit) = self.rule.next() {
            while events == 0 && begun.elapsed() < limit {
                events = take(0);
            }
        }
        if events == 0 {
            events = take(timeout_ms);
        }
        let woken = Instant::now();
        let busy = begun.saturating_duration_since(self.woken);
        let wait = woken.saturating_duration_since(begun);
        // An error brings none, and is for Tokio to see.
        let brought = u32::try_from(events).unwrap_or(0);
        self.rule.waited(busy, wait, brought);
        self.woken = woken;
        SPINNING.set(Some(self));
        events
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    static COUNTERS: std::sync::LazyLock<Counters> = std::sync::LazyLock::new(Counters::default);
    const FOR_EVER: i32 = -1;

    /// The time-outs of the calls that one wait makes when the `at`-th of them brings an event.
    fn time_outs(timeout_ms: i32, at: usize) -> Vec<i32> {
        let calls = RefCell::new(Vec::new());
        let events = wait(timeout_ms, |timeout_ms| {
            let mut calls = calls.borrow_mut();
            calls.push(timeout_ms);
            i32::from(calls.len() == at)
        });
        assert_eq!(events, i32::from(calls.borrow().len() == at));
        calls.into_inner()
    }

    /// Waits that end at once, until the rule has seen enough of them to spin in the next.
    fn quick_waits() {
        let spins = || {
            SPINNING
                .get()
                .is_some_and(|spinning| spinning.rule.next().is_some())
        };
        for _ in 0..1_000_000 {
            if spins() {
                return;
            }
            time_outs(FOR_EVER, 1);
        }
        panic!("it never spins");
    }

    #[test]
    fn a_worker_that_spins_asks_without_sleeping_first() {
        enter(&COUNTERS, Duration::from_secs(60));
        assert_eq!(time_outs(FOR_EVER, 1), [FOR_EVER], "not from the start");
        quick_waits();
        assert_eq!(time_outs(FOR_EVER, 5), [0; 5]);
        assert_eq!(time_outs(10, 2), [0, 0]);
        assert_eq!(
            time_outs(0, 3),
            [0],
            "who does not want to sleep does not spin"
        );
    }

    #[test]
    fn an_error_ends_the_wait() {
        enter(&COUNTERS, Duration::from_secs(60));
        quick_waits();
        assert_eq!(wait(FOR_EVER, |_| -1), -1);
    }

    #[test]
    fn a_limit_bounds_the_spin() {
        enter(&COUNTERS, Duration::from_millis(1));
        quick_waits();
        let slept = Cell::new(false);
        wait(FOR_EVER, |timeout_ms| {
            slept.set(timeout_ms == FOR_EVER);
            i32::from(slept.get())
        });
        assert!(slept.get());
    }

    #[test]
    fn without_a_limit_every_wait_is_a_sleep() {
        enter(&COUNTERS, Duration::ZERO);
        for _ in 0..1000 {
            assert_eq!(time_outs(FOR_EVER, 1), [FOR_EVER]);
        }
    }
}
