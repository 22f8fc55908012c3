//! Lengths that are the same in every server, unless an arm is about them.

/// Length in bytes of what one receive fills: as in the published Tokio server.
pub const RECEIVE_BYTES: u32 = 8192;

/// Events that one `epoll_wait` takes out at most: as many as Tokio's default.
pub const EPOLL_EVENTS: usize = 1024;
