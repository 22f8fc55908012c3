//! Which worker's counters this thread writes.

use std::cell::Cell;

use server_kit::Counters;

thread_local! {
    /// Without a destructor, so that it can be used until the thread ends.
    static WORKER: Cell<Option<&'static Counters>> = const { Cell::new(None) };
}

/// Makes this thread the one writer of `counters`.
pub(crate) fn enter(counters: &'static Counters) {
    WORKER.set(Some(counters));
}

/// Counts on the counters of this thread, when it is a worker. A connection of the multi-thread
/// runtime counts wherever its task happens to run.
#[inline]
pub fn count(add: impl FnOnce(&Counters)) {
    if let Some(counters) = WORKER.get() {
        add(counters);
    }
}
