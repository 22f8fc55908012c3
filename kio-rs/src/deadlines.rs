//! Coarse time-outs for many connections, at next to no cost where they do not end.
//!
//! A worker counts ticks. A deadline is the number of a tick, in a list of all of them that is
//! looked through at every tick: four bytes each, one after the other, so that ten thousand take
//! some microseconds. Moving a deadline writes one number: no clock is read and nothing is sorted.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::context::spawn_local;
use crate::interval::{Interval, interval};
use crate::time::TimedOut;

/// The deadline that never comes.
const NEVER: u32 = u32::MAX;

/// The deadlines of one worker. Clones share them.
///
/// ```no_run
/// # async fn serve(mut stream: kio_rs::TcpStream) -> std::io::Result<()> {
/// use std::time::Duration;
/// use kio_rs::Deadlines;
///
/// let seconds = Deadlines::start(Duration::from_secs(1))?; // once a worker
/// let deadline = seconds.deadline(); // once a connection
/// deadline.set(75); // whenever the peer has done something
/// match deadline.limit(stream.recv()).await {
///     Ok(received) => println!("{} bytes", received?.len()),
///     Err(kio_rs::TimedOut) => println!("nothing for 75 seconds"),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Deadlines(Rc<Table>);

#[derive(Default)]
struct Table {
    now: Cell<u32>,
    /// The tick at which each ends.
    ends: RefCell<Vec<u32>>,
    /// The task that waits for each; the same task again and again.
    wakers: RefCell<Vec<Option<Waker>>>,
    vacant: RefCell<Vec<u32>>,
}

impl Deadlines {
    /// Deadlines that are counted in ticks of this length, by an [`Interval`].
    ///
    /// # Errors
    /// As [`interval`].
    ///
    /// # Panics
    /// On a thread that is no worker's.
    pub fn start(tick: Duration) -> io::Result<Self> {
        let interval = interval(tick)?;
        let table = Rc::default();
        spawn_local(count(interval, Rc::downgrade(&table)));
        Ok(Self(table))
    }

    /// One more deadline, which never comes until it is set.
    ///
    /// # Panics
    /// With 2^32 deadlines at once.
    pub fn deadline(&self) -> Deadline {
        let table = Rc::clone(&self.0);
        let vacant = table.vacant.borrow_mut().pop();
        let index = vacant.unwrap_or_else(|| {
            let mut ends = table.ends.borrow_mut();
            ends.push(NEVER);
            table.wakers.borrow_mut().push(None);
            u32::try_from(ends.len() - 1).expect("there are fewer than 2^32 deadlines")
        });
        Deadline { table, index }
    }
}

/// Counts until the worker stops or nobody has a deadline.
async fn count(mut interval: Interval, table: Weak<Table>) {
    while interval.tick().await.is_ok() {
        let Some(table) = table.upgrade() else { return };
        table.tick();
    }
}

impl Table {
    fn tick(&self) {
        let now = self.now.get().saturating_add(1).min(NEVER - 1);
        self.now.set(now);
        let ended: Vec<Waker> = {
            let (ends, mut wakers) = (self.ends.borrow(), self.wakers.borrow_mut());
            let ended = (ends.iter().zip(wakers.iter_mut())).filter(|(end, _)| **end <= now);
            ended.filter_map(|(_, waker)| waker.take()).collect()
        };
        // No list is borrowed any more, as a waker may run any code.
        ended.into_iter().for_each(Waker::wake);
    }
}

/// A moment after which a wait is given up. It may be moved as often as one likes.
pub struct Deadline {
    table: Rc<Table>,
    index: u32,
}

impl Deadline {
    /// Ends waiting in at least `ticks`, and less than one more.
    #[inline]
    pub fn set(&self, ticks: u32) {
        // The tick under way is not a whole one.
        let end = self.table.now.get().saturating_add(ticks).saturating_add(1);
        self.table.ends.borrow_mut()[self.index as usize] = end;
    }

    #[inline]
    fn has_ended(&self) -> bool {
        self.table.ends.borrow()[self.index as usize] <= self.table.now.get()
    }

    /// Waits for `future`, but not past the deadline. What is ready in time or late counts, as long
    /// as it is ready: the deadline ends waiting only.
    ///
    /// # Errors
    /// [`TimedOut`] when the deadline has come; the future is dropped then.
    pub async fn limit<F: Future>(&self, future: F) -> Result<F::Output, TimedOut> {
        let mut future = pin!(future);
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            if self.has_ended() {
                return Poll::Ready(Err(TimedOut));
            }
            self.wait(context.waker());
            Poll::Pending
        })
        .await
    }

    #[inline]
    fn wait(&self, waker: &Waker) {
        let mut wakers = self.table.wakers.borrow_mut();
        let place = &mut wakers[self.index as usize];
        if !place.as_ref().is_some_and(|known| known.will_wake(waker)) {
            let former = place.replace(waker.clone());
            drop(wakers);
            drop(former);
        }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        let index = self.index as usize;
        self.table.ends.borrow_mut()[index] = NEVER;
        let waker = self.table.wakers.borrow_mut()[index].take();
        drop(waker);
        self.table.vacant.borrow_mut().push(self.index);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn poll<T>(wait: &mut Pin<Box<impl Future<Output = T>>>, count: &Arc<Count>) -> Poll<T> {
        let waker = Waker::from(Arc::clone(count));
        wait.as_mut().poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn a_deadline_comes_after_whole_ticks_and_wakes_its_task_once() {
        let deadlines = Deadlines(Rc::default());
        let deadline = deadlines.deadline();
        deadline.set(2);
        let count = Arc::default();
        let mut wait = Box::pin(deadline.limit(std::future::pending::<()>()));
        for _ in 0..2 {
            assert_eq!(poll(&mut wait, &count), Poll::Pending);
            deadlines.0.tick();
        }
        assert_eq!(
            (poll(&mut wait, &count), count.0.load(Ordering::Relaxed)),
            (Poll::Pending, 0)
        );
        deadlines.0.tick();
        deadlines.0.tick();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert_eq!(poll(&mut wait, &count), Poll::Ready(Err(TimedOut)));
    }

    #[test]
    fn moving_a_deadline_puts_it_off_and_readiness_beats_it() {
        let deadlines = Deadlines(Rc::default());
        let deadline = deadlines.deadline();
        for _ in 0..10 {
            deadline.set(1);
            deadlines.0.tick();
            assert!(!deadline.has_ended());
        }
        deadlines.0.tick();
        assert!(deadline.has_ended());
        let mut ready = Box::pin(deadline.limit(std::future::ready(7)));
        assert_eq!(poll(&mut ready, &Arc::default()), Poll::Ready(Ok(7)));
    }

    #[test]
    fn a_place_is_reused_without_its_former_deadline() {
        let deadlines = Deadlines(Rc::default());
        let first = deadlines.deadline();
        first.set(0);
        drop(first);
        let second = deadlines.deadline();
        deadlines.0.tick();
        assert!(!second.has_ended());
        assert_eq!(deadlines.0.ends.borrow().len(), 1);
    }
}
