//! How a worker waits when it has nothing to do: it sleeps in the kernel, or looks for events for a
//! while first.

use std::cell::Cell;
use std::hint;
use std::io;
use std::time::{Duration, Instant};

use server_kit::AdaptiveSpin;

use super::backend::{Backend, Turn};

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

    /// Waits: `take(true)` takes what is there, `take(false)` sleeps until something comes.
    #[inline]
    pub(super) fn wait(
        &self,
        backend: &dyn Backend,
        take: impl Fn(bool) -> io::Result<Turn>,
    ) -> io::Result<Turn> {
        if self.rule.get().is_on() {
            self.judged(backend, take)
        } else {
            take(false)
        }
    }

    fn judged(
        &self,
        backend: &dyn Backend,
        take: impl Fn(bool) -> io::Result<Turn>,
    ) -> io::Result<Turn> {
        if backend.has_queued() {
            // Sends do their work here, and most complete at once: no part of a wait.
            let turn = take(true)?;
            if turn != Turn::default() {
                return Ok(turn);
            }
        }
        let mut rule = self.rule.get();
        let begun = Instant::now();
        let turn = match rule.next() {
            Some(limit) => spin(begun + limit, backend, &take)?,
            None => None,
        };
        let turn = turn.map_or_else(|| take(false), Ok)?;
        let ended = Instant::now();
        let busy = begun.saturating_duration_since(self.woken.get());
        rule.waited(busy, ended.saturating_duration_since(begun), turn.events);
        self.rule.set(rule);
        self.woken.set(ended);
        Ok(turn)
    }
}

/// What came before `end`.
fn spin(
    end: Instant,
    backend: &dyn Backend,
    take: impl Fn(bool) -> io::Result<Turn>,
) -> io::Result<Option<Turn>> {
    loop {
        if backend.peek() {
            let turn = take(true)?;
            if turn != Turn::default() {
                return Ok(Some(turn));
            }
        }
        if Instant::now() >= end {
            return Ok(None);
        }
        hint::spin_loop();
    }
}
