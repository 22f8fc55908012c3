//! How many accepted connections a worker may have, how many it has, and who waits for one of them
//! to close.

use std::cell::{Cell, RefCell};
use std::task::Waker;

use nix::sys::resource::{Resource, getrlimit};

use crate::config::{Config, DriverKind, Ops};
use crate::error::Error;
use crate::op::MAX_QUEUED_ACCEPTS;

/// Longest table of direct descriptors: about as many connections as one worker can do justice.
const MAX_DIRECT: u32 = 1 << 16;

/// Entries of the table beyond the limit: when several listeners of one worker accept at once, the
/// last place is one's and the others hold what they got until there is room.
const SPARE: u32 = 4;

/// Places below which listeners accept one connection at a time. A multishot accept takes all that
/// wait before the worker hears of the first, so that it is safe only where there is room for a
/// whole accept queue (4096 is the longest that Linux allows by default, `net.core.somaxconn`) on
/// top of what the worker has yet to take.
const AMPLE: usize = 4096 + MAX_QUEUED_ACCEPTS;

impl Config {
    /// The connections that a worker accepts at most, as [`Config::max_connections`] says;
    /// `usize::MAX` for no limit.
    ///
    /// # Errors
    /// When the limit of open files allows fewer than were asked for, or cannot be read.
    pub fn connection_limit(&self) -> Result<usize, Error> {
        let asked = self.max_connections.map(|asked| asked.max(1) as usize);
        if !self.direct_descriptors() {
            return Ok(asked.unwrap_or(usize::MAX));
        }
        let room = longest_table()?.saturating_sub(SPARE).max(1);
        match asked {
            Some(asked) if asked > room as usize => Err(Error::Config(format!(
                "{asked} connections a worker are more than the {room} that a table of direct \
                 descriptors has room for: raise the limit of open files (`ulimit -n`; no table is \
                 longer than {MAX_DIRECT}), lower max_connections, or use descriptors of the process"
            ))),
            Some(asked) => Ok(asked),
            None => Ok(room as usize),
        }
    }

    /// Whether listeners accept by multishot operations: not with the epoll driver or one-shot
    /// operations, and not where a full accept queue could exceed [`Config::connection_limit`].
    ///
    /// # Errors
    /// As [`Config::connection_limit`].
    pub fn multishot_accept(&self) -> Result<bool, Error> {
        Ok(self.driver == DriverKind::Uring
            && self.ops == Ops::Multishot
            && self.connection_limit()? > AMPLE)
    }
}

/// The kernel allows no longer one than the process may have open files.
fn longest_table() -> Result<u32, Error> {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE)
        .map_err(|errno| Error::io("reading the limit of open files")(errno.into()))?;
    Ok(u32::try_from(soft).unwrap_or(u32::MAX).min(MAX_DIRECT))
}

/// The length of the table of direct descriptors.
pub(super) fn table_length(config: &Config) -> Result<u32, Error> {
    let limit = u32::try_from(config.connection_limit()?).unwrap_or(u32::MAX);
    Ok(limit.saturating_add(SPARE).min(longest_table()?))
}

/// The connections that a worker may have at once. A place is taken when a connection is handed
/// out, and given back when its socket is closed.
pub(crate) struct Places {
    limit: usize,
    taken: Cell<usize>,
    waiting: RefCell<Vec<Waker>>,
}

impl Places {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            taken: Cell::new(0),
            waiting: RefCell::default(),
        }
    }

    pub(crate) fn any_left(&self) -> bool {
        self.taken.get() < self.limit
    }

    /// Whether there is room for all that a multishot accept may take.
    pub(crate) fn ample(&self) -> bool {
        self.limit - self.taken.get().min(self.limit) > AMPLE
    }

    pub(crate) fn take(&self) {
        self.taken.set(self.taken.get() + 1);
    }

    /// Gives a place back and wakes the listeners that wait for one.
    pub(crate) fn give_back(&self) {
        self.taken.set(self.taken.get() - 1);
        self.wake();
    }

    /// Wakes the task when a place is given back.
    pub(crate) fn wait(&self, waker: &Waker) {
        let known = self.waiting.borrow().iter().any(|w| w.will_wake(waker));
        if !known {
            let waker = waker.clone();
            self.waiting.borrow_mut().push(waker);
        }
    }

    pub(crate) fn wake(&self) {
        if !self.waiting.borrow().is_empty() {
            // Taken out first, as a waker may run any code.
            let waiting = self.waiting.take();
            waiting.into_iter().for_each(Waker::wake);
        }
    }
}

#[cfg(test)]
mod tests {
    use server_kit::Descriptors;

    use super::*;

    #[test]
    fn places_run_out_and_come_back() {
        let places = Places::new(2);
        places.take();
        assert!(places.any_left() && !places.ample());
        places.take();
        assert!(!places.any_left());
        places.wait(Waker::noop());
        places.give_back();
        assert!(places.any_left() && places.waiting.borrow().is_empty());
        assert!(Places::new(usize::MAX).ample());
    }

    #[test]
    fn a_limit_that_the_table_cannot_hold_is_refused() {
        let config = |max_connections, descriptors| Config {
            max_connections: Some(max_connections),
            descriptors,
            ..Config::default()
        };
        let refusal = config(MAX_DIRECT, Descriptors::Direct)
            .connection_limit()
            .unwrap_err();
        assert!(refusal.to_string().contains("max_connections"), "{refusal}");
        assert_eq!(
            config(MAX_DIRECT, Descriptors::Process)
                .connection_limit()
                .unwrap(),
            65_536
        );
        assert_eq!(
            config(4, Descriptors::Direct).connection_limit().unwrap(),
            4
        );
        assert_eq!(
            table_length(&config(4, Descriptors::Direct)).unwrap(),
            4 + SPARE
        );
        assert!(!config(4, Descriptors::Direct).multishot_accept().unwrap());
        assert!(
            config(8192, Descriptors::Process)
                .multishot_accept()
                .unwrap()
        );
    }
}
