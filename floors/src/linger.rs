//! The deadline of connections whose last answer is out.

use std::collections::VecDeque;
use std::time::Duration;

/// What is taken from a peer after the last answer; then it is left.
pub const LINGER_BYTES: usize = 1 << 20;

/// How often the deadlines are looked at while there are any.
pub const TICK: Duration = Duration::from_secs(1);

/// Connections that wait for their peers to leave, in the order in which they began to.
///
/// ```
/// let mut linger = floors::Linger::default();
/// let stamp = linger.add(7);
/// linger.tick();
/// assert_eq!(linger.overdue(), None);
/// linger.tick();
/// assert_eq!(linger.overdue(), Some((7, stamp)));
/// assert!(linger.is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Linger {
    now: u64,
    waiting: VecDeque<(u32, u64)>,
}

impl Linger {
    /// Gives a connection between one and two ticks. The stamp that is returned tells it from a
    /// later connection with the same number.
    pub fn add(&mut self, connection: u32) -> u64 {
        self.waiting.push_back((connection, self.now));
        self.now
    }

    /// A tick has passed.
    pub fn tick(&mut self) {
        self.now += 1;
    }

    /// Takes a connection out whose time is over, whether or not it has ended by itself since.
    pub fn overdue(&mut self) -> Option<(u32, u64)> {
        let now = self.now;
        self.waiting
            .pop_front_if(|&mut (_, since)| since + 2 <= now)
    }

    /// Whether no connection waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
