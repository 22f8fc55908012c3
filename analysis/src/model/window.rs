//! What is kept of a measurement when its run is summarised: of a long run the rows are most of what there
//! is to hold.

use crate::load::{Key, Row};

/// A measurement, as far as it is looked at again.
#[derive(Clone, Debug)]
pub struct Window {
    /// Block, arm and load point.
    pub key: Key,
    /// Its place in the run's order of execution.
    pub sequence: u32,
    /// Its length, microseconds.
    pub window_us: Option<u64>,
    /// Complete responses.
    pub requests: Option<u64>,
    /// Connections that were open.
    pub connections_open: Option<u64>,
    /// All socket errors.
    pub socket_errors: Option<u64>,
    /// Connections that could not be opened.
    pub socket_errors_connect: Option<u64>,
    /// Connections by worker, as recorded.
    pub accepts_by_worker: Box<str>,
    /// Requests by worker, as recorded.
    pub requests_by_worker: Box<str>,
    /// Why it failed; empty when it did not.
    pub error: Box<str>,
}

impl Window {
    pub(super) fn of(row: Row) -> Self {
        let measured = row.measurement;
        Self {
            key: row.key,
            sequence: measured.sequence,
            window_us: measured.window_us,
            requests: measured.requests,
            connections_open: measured.connections_open,
            socket_errors: measured.socket_errors,
            socket_errors_connect: measured.socket_errors_connect,
            accepts_by_worker: measured.accepts_by_worker.into(),
            requests_by_worker: measured.requests_by_worker.into(),
            error: measured.error.into(),
        }
    }
}
