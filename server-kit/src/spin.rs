//! Spinning before sleeping, by one rule for every server that can.

use std::time::Duration;

/// When a worker that has nothing to do looks for events for a while before it sleeps.
///
/// Waking an idle processor takes longer than a request on loopback, so that with few connections
/// in flight most of a request's time is the server's and the client's waking. A worker that looks
/// again and again does not have to be woken, at the price of the processor's time. With many
/// connections there is nothing to win: the next request comes while the last is answered. So:
///
/// - A worker begins to spin when its sleeps last little more than the limit (part of a sleep is the
///   waking that spinning saves), take a notable part of its time, and end by one event each.
/// - It goes on while its spins end by an event within the limit, and take a notable part of its time.
/// - When they do not, it sleeps again, and tries anew after a number of waits that doubles each time;
///   a spin that went well for a while makes it the first number again.
///
/// Lengths are moving averages over about eight waits, and start on the side of sleeping.
#[derive(Clone, Copy, Debug)]
pub struct AdaptiveSpin {
    limit: Duration,
    spinning: bool,
    /// Waits since it last began or ceased to spin.
    waits: u32,
    /// Waits to sleep in before the next try.
    hold: u32,
    /// Mean length of a wait.
    wait_ns: Average,
    /// Mean time between two waits.
    busy_ns: Average,
    /// Mean events a wait brought, in 256ths.
    events: Average,
}

/// Events a sleep may bring on average for spinning to begin, in 256ths: one, with some room for
/// the odd pair.
const EVENTS_256: u64 = 256 + 64;
/// Waits to sleep in after a try that failed, at first and at most.
const HOLD: (u32, u32) = (8, 4096);
/// Waits after which a try has not failed.
const WENT_WELL: u32 = 256;

impl AdaptiveSpin {
    /// Spins for at most `limit`; never for zero.
    pub fn new(limit: Duration) -> Self {
        let limit_ns = nanoseconds(limit);
        Self {
            limit,
            spinning: false,
            waits: 0,
            hold: HOLD.0,
            wait_ns: Average(limit_ns.saturating_mul(4)),
            busy_ns: Average(0),
            events: Average(EVENTS_256 * 4),
        }
    }

    /// Whether this worker ever spins. When not, no clock need be read for [`Self::waited`].
    pub fn is_on(&self) -> bool {
        !self.limit.is_zero()
    }

    /// How long to spin before the next sleep, if at all.
    pub fn next(&self) -> Option<Duration> {
        self.spinning.then_some(self.limit)
    }

    /// A wait (the spin, and the sleep if one followed) has ended: how long the worker was busy
    /// before it, how long it took, and the events it brought.
    pub fn waited(&mut self, busy: Duration, wait: Duration, events: u32) {
        let limit_ns = nanoseconds(self.limit);
        // One long idle spell is not to outweigh what comes after it for long.
        self.wait_ns
            .take(nanoseconds(wait).min(limit_ns.saturating_mul(4)));
        self.busy_ns.take(nanoseconds(busy));
        self.events.take(u64::from(events).min(16) * 256);
        self.waits = self.waits.saturating_add(1);
        let notable = self.wait_ns.0.saturating_mul(2) >= self.busy_ns.0;
        if self.spinning {
            if self.waits == WENT_WELL {
                self.hold = HOLD.0;
            }
            if self.wait_ns.0 > limit_ns || !notable {
                self.turn(false);
                self.hold = self.hold.saturating_mul(2).min(HOLD.1);
            }
        } else if self.waits >= self.hold
            && self.wait_ns.0 <= limit_ns.saturating_mul(2)
            && notable
            && self.events.0 <= EVENTS_256
        {
            self.turn(true);
            // What the sleeps took says nothing of the spins.
            self.wait_ns = Average(limit_ns / 2);
        }
    }

    fn turn(&mut self, spinning: bool) {
        self.spinning = spinning;
        self.waits = 0;
    }
}

/// An exponentially weighted moving average: each value counts an eighth.
#[derive(Clone, Copy, Debug)]
struct Average(u64);

impl Average {
    fn take(&mut self, value: u64) {
        self.0 = self.0 - self.0 / 8 + value / 8;
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_micros(50);

    fn us(us: u64) -> Duration {
        Duration::from_micros(us)
    }

    /// The rule after as many equal waits.
    fn after(
        mut spin: AdaptiveSpin,
        waits: u32,
        busy: u64,
        wait: u64,
        events: u32,
    ) -> AdaptiveSpin {
        (0..waits).for_each(|_| spin.waited(us(busy), us(wait), events));
        spin
    }

    #[test]
    fn one_connection_in_a_closed_loop_is_spun_for() {
        let spin = after(AdaptiveSpin::new(LIMIT), 40, 8, 40, 1);
        assert_eq!(spin.next(), Some(LIMIT));
        let spin = after(spin, 1000, 8, 12, 1);
        assert_eq!(
            spin.next(),
            Some(LIMIT),
            "the shorter waits of spinning go on"
        );
    }

    #[test]
    fn many_connections_are_not() {
        let spin = after(AdaptiveSpin::new(LIMIT), 1000, 35, 30, 7);
        assert_eq!(spin.next(), None);
    }

    #[test]
    fn spinning_ends_when_the_worker_gets_busy_or_idle() {
        let spinning = after(AdaptiveSpin::new(LIMIT), 40, 8, 40, 1);
        assert_eq!(
            after(spinning, 40, 60, 1, 1).next(),
            None,
            "hardly any wait"
        );
        assert_eq!(after(spinning, 8, 8, 1_000_000, 1).next(), None, "idle");
    }

    #[test]
    fn a_sleep_may_be_longer_than_the_limit_by_the_waking() {
        let mut spin = AdaptiveSpin::new(LIMIT);
        let spins = (0..1000).filter(|_| {
            let spins = spin.next().is_some();
            spin.waited(us(8), us(if spins { 15 } else { 70 }), 1);
            spins
        });
        assert!(spins.count() > 950);
    }

    #[test]
    fn one_late_event_does_not_end_spinning() {
        let spinning = after(AdaptiveSpin::new(LIMIT), 100, 8, 12, 1);
        assert!(after(spinning, 1, 8, 200, 1).next().is_some());
    }

    #[test]
    fn waits_that_spinning_does_not_shorten_are_rarely_spun_for() {
        let mut spin = AdaptiveSpin::new(LIMIT);
        let spins = (0..100_000).filter(|_| {
            let spins = spin.next().is_some();
            spin.waited(us(8), us(if spins { 120 } else { 90 }), 1);
            spins
        });
        assert!(spins.count() < 1000);
    }

    #[test]
    fn an_idle_spell_is_forgotten() {
        let idle = after(AdaptiveSpin::new(LIMIT), 100, 8, 10_000_000, 1);
        assert_eq!(idle.next(), None);
        assert_eq!(after(idle, 40, 8, 40, 1).next(), Some(LIMIT));
    }

    #[test]
    fn a_limit_of_zero_never_spins() {
        let spin = after(AdaptiveSpin::new(Duration::ZERO), 100, 8, 0, 0);
        assert!(!spin.is_on());
    }
}
