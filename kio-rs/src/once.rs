//! An operation with one completion, whose request points to no memory.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use crate::driver::{Driver, Request, Socket};
use crate::op::Kind;
use crate::slab::Key;

/// Gives the completion's result. Dropped before, it cancels the operation.
pub(crate) struct Once {
    driver: Rc<Driver>,
    key: Key,
    socket: Socket,
    /// Why it was not submitted.
    failed: Option<io::Error>,
}

impl Once {
    /// # Safety
    /// The request points to no memory.
    pub(crate) unsafe fn submit(driver: Rc<Driver>, socket: Socket, request: &Request) -> Self {
        let key = driver.create(Kind::Send);
        // SAFETY: passed on to the caller.
        let failed = unsafe { driver.submit(key, request) }.err();
        Self {
            driver,
            key,
            socket,
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
        let completion = ready!(self.driver.poll_submitted(self.key, context));
        Poll::Ready(match completion.result {
            error @ ..0 => Err(io::Error::from_raw_os_error(-error)),
            result => Ok(result),
        })
    }
}

impl Drop for Once {
    fn drop(&mut self) {
        self.driver.orphan(self.key, Kind::Send, self.socket, None);
    }
}
