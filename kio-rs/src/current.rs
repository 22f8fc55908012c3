//! The task that a worker is polling: what its executor tells its driver.

use std::cell::Cell;
use std::ptr;
use std::task::{RawWakerVTable, Waker};

use crate::slab::Key;

/// Completions a task may take in one poll: enough for a batch of requests, and little enough that
/// a connection that is always ready does not hold up the others.
const BUDGET: u32 = 64;

pub(crate) struct Current {
    task: Cell<Key>,
    /// What the task's own waker is known by; null between polls.
    data: Cell<*const ()>,
    vtable: Cell<*const RawWakerVTable>,
    /// Completions that the task may still take.
    budget: Cell<u32>,
}

impl Default for Current {
    fn default() -> Self {
        Self {
            task: Cell::new(Key::from_user_data(0)),
            data: Cell::new(ptr::null()),
            vtable: Cell::new(ptr::null()),
            budget: Cell::new(u32::MAX),
        }
    }
}

impl Current {
    /// The task is about to be polled with this waker.
    #[inline]
    pub(crate) fn begin(&self, task: Key, waker: &Waker) {
        self.task.set(task);
        self.data.set(waker.data());
        self.vtable.set(waker.vtable());
        self.budget.set(BUDGET);
    }

    /// It was polled.
    #[inline]
    pub(crate) fn end(&self) {
        self.data.set(ptr::null());
    }

    /// The task being polled, when `waker` is its own: then its key does for the waker.
    #[inline]
    pub(crate) fn task_of(&self, waker: &Waker) -> Option<Key> {
        let own =
            ptr::eq(waker.data(), self.data.get()) && ptr::eq(waker.vtable(), self.vtable.get());
        own.then(|| self.task.get())
    }

    /// Whether the task may take another completion.
    #[inline]
    pub(crate) fn may_take(&self) -> bool {
        self.budget.get() > 0
    }

    /// It has taken one.
    #[inline]
    pub(crate) fn took(&self) {
        self.budget.set(self.budget.get() - 1);
    }
}
