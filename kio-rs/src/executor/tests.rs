//! Waking, ending and panicking, one thread at a time.

use std::rc::Rc;
use std::sync::atomic::AtomicUsize;

use super::*;

struct CountUnparks(Arc<AtomicUsize>);

impl Unpark for CountUnparks {
    fn unpark(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn executor() -> (Executor, Arc<AtomicUsize>) {
    let unparks = Arc::new(AtomicUsize::new(0));
    let unpark = Box::new(CountUnparks(Arc::clone(&unparks)));
    (Executor::new(unpark, Rc::default()), unparks)
}

/// Ends after as many polls; says its waker to the outside.
struct Polls {
    left: usize,
    waker: Rc<RefCell<Option<Waker>>>,
    dropped: Rc<Cell<bool>>,
}

impl Future for Polls {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        *self.waker.borrow_mut() = Some(context.waker().clone());
        self.left -= 1;
        if self.left == 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Polls {
    fn drop(&mut self) {
        self.dropped.set(true);
    }
}

fn spawn_polls(executor: &Executor, left: usize) -> (Rc<RefCell<Option<Waker>>>, Rc<Cell<bool>>) {
    let (waker, dropped) = (Rc::default(), Rc::default());
    executor.spawn(Polls {
        left,
        waker: Rc::clone(&waker),
        dropped: Rc::clone(&dropped),
    });
    (waker, dropped)
}

#[test]
fn waking_twice_polls_once_and_a_waker_outlives_its_task() {
    let (executor, unparks) = executor();
    let (waker, dropped) = spawn_polls(&executor, 2);
    assert!(executor.run_batch());
    let waker = waker.borrow().clone().unwrap();
    waker.wake_by_ref();
    waker.wake_by_ref();
    assert!(!dropped.get());
    assert!(executor.run_batch());
    assert!(dropped.get(), "the second poll ended it");
    waker.wake();
    executor.run_batch();
    assert_eq!((executor.len(), unparks.load(Ordering::Relaxed)), (0, 0));
}

#[test]
fn a_task_that_is_woken_by_its_key_and_its_waker_is_polled_once() {
    let (executor, _) = executor();
    let (waker, dropped) = spawn_polls(&executor, 3);
    let mut tasks = WOKEN.with(|woken| woken.borrow().clone());
    executor.run_batch();
    let key = tasks[0];
    wake_here(&mut tasks);
    assert!(tasks.is_empty(), "handed over");
    waker.borrow().as_ref().unwrap().wake_by_ref();
    wake_here(&mut vec![key, key]);
    executor.run_batch();
    assert!(!dropped.get(), "polled a third time");
    wake_here(&mut vec![key]);
    executor.run_batch();
    assert!(dropped.get());
    // It names nothing any more.
    wake_here(&mut vec![key]);
    executor.run_batch();
    assert_eq!(executor.len(), 0);
}

#[test]
fn another_thread_wakes_by_unparking_and_never_drops_the_future() {
    let (executor, unparks) = executor();
    let (waker, dropped) = spawn_polls(&executor, 2);
    executor.run_batch();
    let waker = waker.borrow_mut().take().unwrap();
    std::thread::spawn(move || waker.wake()).join().unwrap();
    assert_eq!(unparks.load(Ordering::Relaxed), 1);
    assert!(!dropped.get());
    assert!(executor.run_batch());
    assert!(dropped.get());
}

#[test]
fn another_thread_that_wakes_often_queues_the_task_once() {
    let (executor, unparks) = executor();
    let (waker, dropped) = spawn_polls(&executor, 3);
    executor.run_batch();
    let waker = waker.borrow_mut().take().unwrap();
    let again = waker.clone();
    std::thread::spawn(move || (0..100).for_each(|_| waker.wake_by_ref()))
        .join()
        .unwrap();
    executor.run_batch();
    assert_eq!(unparks.load(Ordering::Relaxed), 1);
    std::thread::spawn(move || again.wake()).join().unwrap();
    assert!(!dropped.get());
    executor.run_batch();
    assert!(dropped.get(), "woken anew after the poll");
}

/// Panics when it is dropped.
struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        panic!("on purpose, in a test");
    }
}

#[test]
#[cfg_attr(miri, ignore = "what a panic carries is leaked on purpose")]
fn a_panic_in_a_drop_ends_its_task_only() {
    let (executor, _) = executor();
    let fragile = Fragile;
    executor.spawn(async move { _ = &fragile });
    let (_, dropped) = spawn_polls(&executor, 1);
    executor.run_batch();
    assert!(dropped.get());
    assert_eq!((executor.take_panics(), executor.len()), (1, 0));
}

#[test]
#[cfg_attr(miri, ignore = "what a panic carries is leaked on purpose")]
fn a_panic_ends_its_task_only() {
    let (executor, _) = executor();
    executor.spawn(async { panic!("on purpose, in a test") });
    let (_, dropped) = spawn_polls(&executor, 1);
    executor.run_batch();
    assert!(dropped.get());
    assert_eq!((executor.take_panics(), executor.len()), (1, 0));
}

#[test]
fn dropping_the_executor_drops_the_tasks() {
    let (executor, _) = executor();
    let (_, dropped) = spawn_polls(&executor, 2);
    drop(executor);
    assert!(dropped.get());
}
