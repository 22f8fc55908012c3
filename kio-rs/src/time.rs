//! Waiting.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::context;
use crate::driver::Driver;
use crate::timers::TimerKey;

/// Waits for at least `duration`, by the monotonic clock.
///
/// # Panics
/// On a thread that is no worker's, and for a duration that ends beyond the clock's range.
pub fn sleep(duration: Duration) -> Sleep {
    let driver = context::driver("sleep");
    let key = driver
        .timers()
        .borrow_mut()
        .create(Instant::now() + duration);
    Sleep { driver, key }
}

/// The future of [`sleep`].
pub struct Sleep {
    driver: Rc<Driver>,
    key: TimerKey,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.key.has_ended(Instant::now()) {
            return Poll::Ready(());
        }
        if !self
            .driver
            .timers()
            .borrow()
            .knows(self.key, context.waker())
        {
            let waker = context.waker().clone();
            let former = self.driver.timers().borrow_mut().set(self.key, waker);
            drop(former);
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let waker = self.driver.timers().borrow_mut().remove(self.key);
        drop(waker);
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
