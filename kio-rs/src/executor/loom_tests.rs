//! Waking and stopping from other threads, in every interleaving that loom finds.
//!
//! What another thread did before it woke is here a relaxed store, so that only the order that the
//! executor itself makes can carry it to the task.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use ::loom::sync::atomic::AtomicUsize;
use ::loom::sync::{Condvar, Mutex};
use ::loom::thread;

use super::*;

/// An eventfd and the worker's sleep on it. The kernel reads and writes the count under a lock.
#[derive(Default)]
struct Event {
    count: Mutex<u64>,
    raised: Condvar,
}

impl Unpark for Arc<Event> {
    fn unpark(&self) {
        *self.count.lock().unwrap() += 1;
        self.raised.notify_one();
    }
}

impl Event {
    /// As a driver's turn: takes the pending unparks, and waits for one first when told to sleep.
    fn turn(&self, sleep: bool) -> u64 {
        let mut count = self.count.lock().unwrap();
        while sleep && *count == 0 {
            count = self.raised.wait(count).unwrap();
        }
        std::mem::take(&mut *count)
    }
}

struct Bench {
    executor: Executor,
    event: Arc<Event>,
    /// What the task has seen of `written`, and how often it was polled.
    polls: Rc<Cell<usize>>,
    written: Arc<[AtomicUsize]>,
    waker: Waker,
}

impl Bench {
    /// A task that ends once it has seen as many threads' writes. When `greedy`, its second poll
    /// wakes it itself.
    fn new(threads: usize, greedy: bool) -> Self {
        let event = Arc::new(Event::default());
        let executor = Executor::new(Box::new(Arc::clone(&event)), Rc::default());
        let polls = Rc::new(Cell::new(0));
        let written: Arc<[AtomicUsize]> = (0..threads).map(|_| AtomicUsize::new(0)).collect();
        let slot = Rc::new(RefCell::new(None));
        let (in_polls, in_written, in_slot) =
            (Rc::clone(&polls), Arc::clone(&written), Rc::clone(&slot));
        executor.spawn(poll_fn(move |context| {
            in_polls.set(in_polls.get() + 1);
            in_slot.replace(Some(context.waker().clone()));
            if in_polls.get() == 2 && greedy {
                context.waker().wake_by_ref();
            }
            if in_written.iter().all(|word| word.load(Relaxed) == 1) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        assert!(executor.run_batch());
        let waker = slot.take().expect("the task was polled");
        Self {
            executor,
            event,
            polls,
            written,
            waker,
        }
    }

    /// A thread that writes the word of that number and wakes the task.
    fn write_and_wake(&self, number: usize) -> thread::JoinHandle<()> {
        let (written, waker) = (Arc::clone(&self.written), self.waker.clone());
        thread::spawn(move || {
            written[number].store(1, Relaxed);
            waker.wake();
        })
    }

    /// Works until the task has ended; a lost wake-up is a sleep for ever, which loom reports.
    fn work(&self, mut after_batch: impl FnMut(usize)) {
        while self.executor.len() > 0 {
            let before = self.polls.get();
            let idle = !self.executor.run_batch();
            after_batch(self.polls.get() - before);
            if self.executor.len() > 0 {
                self.event.turn(idle);
            }
        }
    }
}

/// Three preemptions reach every interleaving of an exchange between two threads and more.
fn model(test: impl Fn() + Send + Sync + 'static) {
    let mut builder = ::loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(test);
}

#[test]
fn wake_ups_from_two_threads_are_never_lost_and_carry_what_was_written() {
    model(|| {
        let bench = Bench::new(2, false);
        let threads = [0, 1].map(|number| bench.write_and_wake(number));
        // With no wake-up of its own, a batch has the task at most once.
        bench.work(|polls| assert!(polls <= 1, "queued twice"));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(bench.polls.get() <= 3, "polled without a wake-up");
    });
}

#[test]
fn a_wake_up_from_another_thread_and_the_task_s_own_do_not_hide_each_other() {
    model(|| {
        let bench = Bench::new(2, true);
        let threads = [0, 1].map(|number| bench.write_and_wake(number));
        bench.work(|_| ());
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_waker_may_be_used_while_and_after_its_executor_ends() {
    model(|| {
        let bench = Bench::new(1, false);
        let thread = bench.write_and_wake(0);
        let waker = bench.waker.clone();
        drop(bench);
        waker.wake();
        thread.join().unwrap();
    });
}

#[test]
fn a_stop_is_seen_although_its_unpark_falls_together_with_a_wake_up() {
    model(|| {
        let bench = Bench::new(2, false);
        let remote = Arc::clone(bench.executor.remote());
        let stopper = thread::spawn(move || remote.request_stop());
        let waking = bench.write_and_wake(0);
        // As a worker does: it looks at the flag only when it was unparked.
        loop {
            let idle = !bench.executor.run_batch();
            if bench.event.turn(idle) > 0 && bench.executor.remote().is_stop_requested() {
                break;
            }
        }
        stopper.join().unwrap();
        waking.join().unwrap();
    });
}
