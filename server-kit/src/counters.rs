//! Counters that one thread writes and any thread may read.

use std::sync::atomic::{AtomicU64, Ordering};

/// A counter with one writer. Adding is a plain load and store: no locked instruction on the hot
/// path. A reader on another thread may be a few events behind, never torn.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`. Only the counter's own thread may call this; a second writer would lose counts.
    #[inline]
    pub fn add(&self, n: u64) {
        let now = self.0.load(Ordering::Relaxed);
        self.0.store(now.wrapping_add(n), Ordering::Relaxed);
    }

    /// Adds `n` where several threads write.
    #[inline]
    pub fn add_shared(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a worker counts. Aligned to two cache lines, so that workers do not share one.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Counters {
    /// Connections accepted.
    pub accepts: Counter,
    /// Connections closed.
    pub closes: Counter,
    /// Requests answered.
    pub requests: Counter,
    /// System calls made.
    pub kernel_entries: Counter,
    /// Submission queue entries.
    pub sqes: Counter,
    /// Completion queue entries.
    pub cqes: Counter,
    /// Receives that found no provided buffer.
    pub buffers_exhausted: Counter,
    /// Connections that ended with an error, and failed accepts.
    pub errors: Counter,
}

impl Counters {
    /// The counts at this moment.
    pub fn snapshot(&self) -> WorkerCounters {
        WorkerCounters {
            accepts: self.accepts.get(),
            closes: self.closes.get(),
            requests: self.requests.get(),
            kernel_entries: self.kernel_entries.get(),
            sqes: self.sqes.get(),
            cqes: self.cqes.get(),
            buffers_exhausted: self.buffers_exhausted.get(),
            errors: self.errors.get(),
        }
    }
}

/// The counts of one worker since it started. See [`Counters`] for what each counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(serde::Serialize, serde::Deserialize))]
#[allow(missing_docs, reason = "each field is documented in Counters")]
pub struct WorkerCounters {
    pub accepts: u64,
    pub closes: u64,
    pub requests: u64,
    pub kernel_entries: u64,
    pub sqes: u64,
    pub cqes: u64,
    pub buffers_exhausted: u64,
    pub errors: u64,
}
