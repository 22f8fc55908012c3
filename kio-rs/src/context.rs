//! What a task on a worker's thread reaches without being handed it.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use crate::driver::Driver;
use crate::executor::Executor;

pub(crate) struct Worker {
    pub(crate) driver: Rc<Driver>,
    pub(crate) executor: Rc<Executor>,
}

thread_local! {
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

/// Makes `worker` this thread's until the guard is dropped.
pub(crate) fn enter(worker: Worker) -> Guard {
    WORKER.set(Some(worker));
    Guard
}

pub(crate) struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        WORKER.take();
    }
}

fn with<T>(what: &str, use_worker: impl FnOnce(&Worker) -> T) -> T {
    WORKER.with_borrow(|worker| match worker {
        Some(worker) => use_worker(worker),
        None => {
            panic!("{what} belongs on a worker's thread: call it from a task of a kio_rs::Runtime")
        }
    })
}

pub(crate) fn driver(what: &str) -> Rc<Driver> {
    with(what, |worker| Rc::clone(&worker.driver))
}

/// Runs `future` as a task of this worker; it never moves to another thread.
///
/// A panic in it ends this task alone.
///
/// # Panics
/// On a thread that is no worker's.
pub fn spawn_local(future: impl Future<Output = ()> + 'static) {
    let executor = with("spawn_local", |worker| Rc::clone(&worker.executor));
    executor.spawn(future);
}
