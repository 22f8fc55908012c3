//! What a runtime waits for before it ends.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{sleep, timeout};

/// For the requests that have come to be read and answered. Idle connections cannot be told from
/// those with a request on its way in without a cost on every request.
const SETTLE: Duration = Duration::from_millis(50);
/// For clients that are slow to take their answers.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

static UNFINISHED: AtomicUsize = AtomicUsize::new(0);

/// An answer that its client has not taken yet. None of the usual ones: they are written in one go.
pub(crate) struct Unfinished;

impl Unfinished {
    pub(crate) fn begin() -> Self {
        UNFINISHED.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        UNFINISHED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many answers are unfinished, in the whole process.
pub(crate) fn unfinished() -> usize {
    UNFINISHED.load(Ordering::Relaxed)
}

/// Lets the answers under way finish, for a bounded time.
pub(crate) async fn settle() {
    sleep(SETTLE).await;
    let all_finished = async {
        while unfinished() > 0 {
            sleep(LOOK_AGAIN).await;
        }
    };
    // The time limit is the point: a client that takes nothing must not hold the server up.
    let _ = timeout(PATIENCE, all_finished).await;
}
