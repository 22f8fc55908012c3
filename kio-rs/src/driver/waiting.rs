//! How a worker waits when it has nothing to do: it sleeps in the kernel, or looks for events for a
//! while first.

use std::cell::Cell;
use std::hint;
use std::io;
use std::time::{Duration, Instant};

use server_kit::AdaptiveSpin;

use super::backend::{Backend, Turn, Wait};

pub(super) struct Waiting {
    rule: Cell<AdaptiveSpin>,
    /// When the last wait ended.
    woken: Cell<Instant>,
}

impl Waiting {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            rule: Cell::new(AdaptiveSpin::new(limit)),
            woken: Cell::new(Instant::now()),
        }
    }

    /// Waits as `wait` says; `take` takes what is there, after a sleep of at most so long.
    #[inline]
    pub(super) fn wait(
        &self,
        backend: &dyn Backend,
        wait: Wait,
        take: impl Fn(Wait) -> io::Result<Turn>,
    ) -> io::Result<Turn> {
        if self.rule.get().is_on() {
            self.judged(backend, wait, take)
        } else {
            take(wait)
        }
    }

    fn judged(
        &self,
        backend: &dyn Backend,
        wait: Wait,
        take: impl Fn(Wait) -> io::Result<Turn>,
    ) -> io::Result<Turn> {
        if backend.has_queued() {
            // Sends do their work here, and most complete at once: no part of a wait.
            let turn = take(Wait::Not)?;
            if turn != Turn::default() {
                return Ok(turn);
            }
        }
        let mut rule = self.rule.get();
        let begun = Instant::now();
        let turn = match rule.next() {
            Some(limit) => {
                let elapsed = || begun.elapsed();
                spin(limit, wait, elapsed, || backend.peek(), take)?
            }
            None => take(wait)?,
        };
        let ended = Instant::now();
        let busy = begun.saturating_duration_since(self.woken.get());
        rule.waited(busy, ended.saturating_duration_since(begun), turn.events);
        self.rule.set(rule);
        self.woken.set(ended);
        Ok(turn)
    }
}

/// Looks for events until the limit or the end of the wait, then sleeps for what is left of the wait.
/// `elapsed` is the time since the wait began.
fn spin(
    limit: Duration,
    wait: Wait,
    elapsed: impl Fn() -> Duration,
    peek: impl Fn() -> bool,
    take: impl Fn(Wait) -> io::Result<Turn>,
) -> io::Result<Turn> {
    let limit = match wait {
        Wait::Not => Duration::ZERO,
        Wait::AtMost(most) => limit.min(most),
        Wait::Event => limit,
    };
    loop {
        if peek() {
            let turn = take(Wait::Not)?;
            if turn != Turn::default() {
                return Ok(turn);
            }
        }
        let spun = elapsed();
        if spun >= limit {
            return match wait {
                Wait::AtMost(most) if most > spun => take(Wait::AtMost(most - spun)),
                Wait::Event => take(Wait::Event),
                Wait::Not | Wait::AtMost(_) => Ok(Turn::default()),
            };
        }
        hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    const LIMIT: Duration = Duration::from_micros(50);

    fn us(us: u64) -> Duration {
        Duration::from_micros(us)
    }

    /// When was taken what, in a wait in which each look at the clock finds it 20 us later and something
    /// comes at `event`, if ever.
    fn spun(wait: Wait, event: Option<Duration>) -> Vec<(Duration, Wait)> {
        let clock = Cell::new(Duration::ZERO);
        let takes = RefCell::new(Vec::new());
        let elapsed = || {
            clock.set(clock.get() + us(20));
            clock.get()
        };
        let has_come = || event.is_some_and(|event| clock.get() >= event);
        let take = |wait| {
            takes.borrow_mut().push((clock.get(), wait));
            Ok(Turn {
                events: u32::from(has_come()),
                unparked: false,
            })
        };
        let turn = spin(LIMIT, wait, elapsed, has_come, take).unwrap();
        assert_eq!(turn.events, u32::from(has_come()));
        takes.into_inner()
    }

    #[test]
    fn a_spin_is_part_of_the_wait() {
        let sleeps = |wait| spun(wait, None);
        assert_eq!(sleeps(Wait::Event), [(us(60), Wait::Event)]);
        let long = sleeps(Wait::AtMost(us(100)));
        assert_eq!(long, [(us(60), Wait::AtMost(us(40)))]);
        // What ends before the limit ends by itself, and so does what the last look took all of.
        for short in [1, 30, 50, 60] {
            assert_eq!(sleeps(Wait::AtMost(us(short))), [], "{short} us");
        }
    }

    #[test]
    fn a_spin_ends_with_the_wait_rather_than_at_its_limit() {
        assert_eq!(spun(Wait::AtMost(us(20)), Some(us(40))), []);
    }

    #[test]
    fn what_comes_while_spinning_is_taken_without_a_sleep() {
        for wait in [Wait::Event, Wait::AtMost(us(100)), Wait::AtMost(us(30))] {
            assert_eq!(spun(wait, Some(us(20))), [(us(20), Wait::Not)]);
        }
    }
}
