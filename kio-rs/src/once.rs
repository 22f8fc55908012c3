//! An operation with one completion that nobody else waits for.

use std::any::Any;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use io_uring::squeue;

use crate::driver::Driver;
use crate::op::Kind;
use crate::slab::Key;

/// Gives the completion's result. Dropped before, it cancels the operation.
pub(crate) struct Once {
    driver: Rc<Driver>,
    key: Key,
    /// Why it was not submitted.
    failed: Option<io::Error>,
}

impl Once {
    /// # Safety
    /// What the entry points to is in `memory`, at an address that does not change when the box is
    /// moved, or lives for ever.
    pub(crate) unsafe fn submit(
        driver: Rc<Driver>,
        entry: squeue::Entry,
        memory: Option<Box<dyn Any>>,
    ) -> Self {
        let key = driver.create(Kind::Other);
        if let Some(memory) = memory {
            driver.keep(key, memory);
        }
        // SAFETY: the memory is the operation's until its last completion.
        let failed = unsafe { driver.submit(key, entry) }.err();
        Self {
            driver,
            key,
            failed,
        }
    }
}

impl Future for Once {
    type Output = io::Result<i32>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<i32>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        let completion = ready!(self.driver.poll(self.key, context));
        Poll::Ready(match completion.result {
            error @ ..0 => Err(io::Error::from_raw_os_error(-error)),
            result => Ok(result),
        })
    }
}

impl Drop for Once {
    fn drop(&mut self) {
        self.driver.orphan(self.key, Kind::Other, None);
    }
}
