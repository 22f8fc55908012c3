//! Waiting.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use io_uring::opcode;
use io_uring::types::Timespec;

use crate::context;
use crate::once::Once;

/// Waits for at least `duration`, by the kernel's monotonic clock.
///
/// # Panics
/// On a thread that is no worker's.
pub fn sleep(duration: Duration) -> impl Future<Output = ()> {
    let driver = context::driver("sleep");
    let time = Box::new(Timespec::from(duration));
    let entry = opcode::Timeout::new(&raw const *time).build();
    // SAFETY: the entry points to the boxed time, which is handed over with it.
    let once = unsafe { Once::submit(driver, entry, Some(time)) };
    async move {
        // The result says only whether the time was up (ETIME) or the sleep was cancelled.
        _ = once.await;
    }
}

/// The time was up before the future was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time was up")]
pub struct TimedOut;

/// Waits for `future`, but no longer than `duration`.
///
/// # Errors
/// [`TimedOut`] when the time is up; the future is dropped then.
///
/// # Panics
/// On a thread that is no worker's.
pub async fn timeout<F: Future>(duration: Duration, future: F) -> Result<F::Output, TimedOut> {
    let mut future = pin!(future);
    let mut sleep = pin!(sleep(duration));
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        sleep.as_mut().poll(context).map(|()| Err(TimedOut))
    })
    .await
}
