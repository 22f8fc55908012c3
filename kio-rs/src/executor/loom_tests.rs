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

/// A worker's executor, and the eventfd that it sleeps on.
struct Worker {
    executor: Executor,
    event: Arc<Event>,
}

/// A task that ends once it has seen all of its words written.
struct Awaited {
    words: Arc<[AtomicUsize]>,
    waker: Waker,
    polls: Rc<Cell<usize>>,
}

impl Worker {
    fn new() -> Self {
        let event = Arc::new(Event::default());
        let executor = Executor::new(Box::new(Arc::clone(&event)), Rc::default());
        Self { executor, event }
    }

    /// Spawns a task, which is polled once. When `greedy`, its second poll wakes it itself.
    fn task(&self, words: usize, greedy: bool) -> Awaited {
        let words: Arc<[AtomicUsize]> = (0..words).map(|_| AtomicUsize::new(0)).collect();
        let polls = Rc::new(Cell::new(0));
        let slot = Rc::new(RefCell::new(None));
        let inner = (Arc::clone(&words), Rc::clone(&polls), Rc::clone(&slot));
        self.executor.spawn(poll_fn(move |context| {
            let (words, polls, slot) = &inner;
            polls.set(polls.get() + 1);
            slot.replace(Some(context.waker().clone()));
            if polls.get() == 2 && greedy {
                context.waker().wake_by_ref();
            }
            if words.iter().all(|word| word.load(Relaxed) == 1) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        assert!(self.executor.run_batch());
        let waker = slot.take().expect("the task was polled");
        Awaited {
            words,
            waker,
            polls,
        }
    }

    /// Works until all tasks have ended; a lost wake-up is a sleep for ever, which loom reports.
    fn work(&self) {
        while self.executor.len() > 0 {
            let idle = !self.executor.run_batch();
            if self.executor.len() > 0 {
                self.event.turn(idle);
            }
        }
    }
}

impl Awaited {
    /// A thread that writes the word of that number and wakes the task.
    fn write_and_wake(&self, number: usize) -> thread::JoinHandle<()> {
        let (words, waker) = (Arc::clone(&self.words), self.waker.clone());
        thread::spawn(move || {
            words[number].store(1, Relaxed);
            waker.wake();
        })
    }
}

fn join(threads: [thread::JoinHandle<()>; 2]) {
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

/// Three preemptions reach every interleaving of an exchange between two threads, and most of what
/// three can do.
fn model(test: impl Fn() + Send + Sync + 'static) {
    let mut builder = ::loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(test);
}

#[test]
fn wake_ups_of_one_task_by_two_threads_carry_what_both_have_written() {
    model(|| {
        let worker = Worker::new();
        let task = worker.task(2, false);
        let threads = [0, 1].map(|number| task.write_and_wake(number));
        worker.work();
        join(threads);
        assert!(task.polls.get() <= 3, "polled without a wake-up");
    });
}

#[test]
fn wake_ups_of_two_tasks_by_two_threads_are_both_taken() {
    model(|| {
        let worker = Worker::new();
        let tasks = [worker.task(1, false), worker.task(1, false)];
        let threads = tasks.each_ref().map(|task| task.write_and_wake(0));
        worker.work();
        join(threads);
    });
}

#[test]
fn a_wake_up_by_another_thread_and_the_task_s_own_do_not_hide_each_other() {
    model(|| {
        let worker = Worker::new();
        let task = worker.task(2, true);
        let threads = [0, 1].map(|number| task.write_and_wake(number));
        worker.work();
        join(threads);
    });
}

#[test]
fn two_threads_at_once_queue_the_task_once() {
    model(|| {
        let worker = Worker::new();
        let task = worker.task(2, false);
        join([0, 1].map(|number| task.write_and_wake(number)));
        assert_eq!(worker.executor.remote().lock().len(), 1);
        assert_eq!(worker.event.turn(false), 1, "unparked once");
        worker.work();
    });
}

#[test]
fn a_waker_may_be_used_while_and_after_its_executor_ends() {
    model(|| {
        let worker = Worker::new();
        let task = worker.task(1, false);
        let thread = task.write_and_wake(0);
        drop(worker);
        task.waker.wake();
        thread.join().unwrap();
    });
}

#[test]
fn a_stop_is_seen_although_its_unpark_falls_together_with_a_wake_up() {
    model(|| {
        let worker = Worker::new();
        let task = worker.task(2, false);
        let remote = Arc::clone(worker.executor.remote());
        let stopper = thread::spawn(move || remote.request_stop());
        let waking = task.write_and_wake(0);
        // As a worker does: it looks at the flag only when it was unparked.
        loop {
            let idle = !worker.executor.run_batch();
            if worker.event.turn(idle) > 0 && worker.executor.remote().is_stop_requested() {
                break;
            }
        }
        join([stopper, waking]);
    });
}
