//! How the owner of an operation learns what has become of it, and is woken when something does.

use std::task::{Context, Poll, Waker};

use super::Driver;
use crate::executor;
use crate::op::{Completion, Ops, Polled, Waiter};
use crate::slab::Key;

impl Driver {
    /// The operation's next completion; a wake-up when one is to come; or the news that none is.
    ///
    /// A task that has taken its share of completions in one poll is made to wait for the next
    /// batch, so that one busy connection does not hold up the others.
    #[inline(always)]
    pub(crate) fn poll(&self, key: Key, context: &Context<'_>) -> Polled {
        self.poll_by(Ops::poll, key, context)
    }

    /// As [`Driver::poll`], but the end that is expected still wakes nobody.
    #[inline(always)]
    pub(crate) fn poll_unheard(&self, key: Key, context: &Context<'_>) -> Polled {
        self.poll_by(Ops::poll_unheard, key, context)
    }

    #[inline(always)]
    fn poll_by(
        &self,
        poll: impl FnOnce(&mut Ops, Key, Option<Key>) -> Polled,
        key: Key,
        context: &Context<'_>,
    ) -> Polled {
        if !self.current.may_take() {
            context.waker().wake_by_ref();
            return Polled::InFlight;
        }
        let task = self.current.task_of(context.waker());
        let polled = poll(&mut self.ops.borrow_mut(), key, task);
        match polled {
            Polled::Ready(_) => self.current.took(),
            Polled::NeedsWaiter => {
                self.wait_with(key, task, context.waker());
                return Polled::InFlight;
            }
            Polled::InFlight | Polled::Idle => {}
        }
        polled
    }

    #[cold]
    fn wait_with(&self, key: Key, task: Option<Key>, waker: &Waker) {
        let waiter = match task {
            Some(task) => Waiter::Task(task),
            None => Waiter::Waker(waker.clone()),
        };
        let former = self.ops.borrow_mut().set_waiter(key, waiter);
        drop(former);
    }

    /// As [`Driver::poll`], for an operation that was submitted.
    #[inline]
    pub(crate) fn poll_submitted(&self, key: Key, context: &Context<'_>) -> Poll<Completion> {
        match self.poll(key, context) {
            Polled::Ready(completion) => Poll::Ready(completion),
            Polled::InFlight | Polled::NeedsWaiter => Poll::Pending,
            Polled::Idle => unreachable!("a submitted operation has a completion, or one to come"),
        }
    }
}

impl Waiter {
    /// Call it when nothing is borrowed, as a waker may run any code.
    pub(super) fn wake(self) {
        match self {
            Self::Nobody => {}
            Self::Task(task) => executor::wake_here(&mut vec![task]),
            Self::Waker(waker) => waker.wake(),
        }
    }
}
