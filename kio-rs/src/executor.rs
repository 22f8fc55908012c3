//! The tasks of one worker: futures that never leave its thread. Free of system calls, save the
//! one that wakes the worker from another thread, which the [`Unpark`] given to it makes.
//!
//! A waker of a task may be cloned, sent and dropped on any thread, as wakers must. On the
//! worker's own thread waking is a flag and a push to a thread-local queue, without a locked
//! instruction; from elsewhere it goes through a mutex and unparks the worker.
//!
//! # Memory order
//!
//! Three words are shared between threads; `loom_tests` tries their interleavings.
//!
//! - [`Handle::queued_remotely`] carries what a thread did before it woke. A thread that finds it
//!   set pushes nothing, so that the flag is all that it leaves: its exchange releases, and the
//!   worker's exchange before the poll acquires from it, and through it (exchanges continue a
//!   release sequence) from every thread since the last poll. Clearing it after the poll would lose
//!   the wake-up of what the poll had read before.
//! - [`Remote::any_woken`] is a hint and orders nothing, hence `Relaxed`. The keys are ordered by
//!   their mutex: a worker that reads a push's `true` locks after that push, for were its lock the
//!   earlier one, its read would happen before the store. That it reads `true` at all, the unpark
//!   sees to: it comes after the store, and whatever the worker reads after taking an unpark (see
//!   `driver::unpark`) is at least as new. The flag is set after the push and cleared before the
//!   take: the other way round, a push in between would stay without a flag.
//! - [`Remote::stop`] is set before an unpark and read after one, which orders it; no other memory
//!   hangs on it, so that it too may be `Relaxed`.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::current::Current;
use crate::slab::{Key, Slab};
use crate::sync::{AtomicBool, Mutex, MutexGuard, local};

/// Wakes the worker's thread when it sleeps in the kernel.
pub(crate) trait Unpark: Send + Sync {
    fn unpark(&self);
}

/// The part of an executor that other threads may hold.
pub(crate) struct Remote {
    id: u64,
    woken: Mutex<Vec<Key>>,
    /// Whether `woken` may have entries; saves the worker the mutex in every batch.
    any_woken: AtomicBool,
    /// The worker is to end.
    stop: AtomicBool,
    unpark: Box<dyn Unpark>,
}

impl Remote {
    fn lock(&self) -> MutexGuard<'_, Vec<Key>> {
        // A list of keys is whole after every operation on it, so that a panic elsewhere while
        // it was locked does no harm.
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, key: Key) {
        self.lock().push(key);
        self.any_woken.store(true, Ordering::Relaxed);
        self.unpark();
    }

    fn take_into(&self, batch: &mut Vec<Key>) {
        if self.any_woken.load(Ordering::Relaxed) && self.any_woken.swap(false, Ordering::Relaxed) {
            batch.append(&mut self.lock());
        }
    }

    /// Wakes the worker's thread without waking a task.
    fn unpark(&self) {
        self.unpark.unpark();
    }

    /// Asks the worker to end.
    pub(crate) fn request_stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.unpark();
    }

    /// Whether it was asked to: the answer is up to date once the worker has taken the unpark.
    pub(crate) fn is_stop_requested(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

local! {
    /// The executor that runs on this thread; 0 for none.
    static RUNNING: Cell<u64> = Cell::new(0);
}

local! {
    /// Its tasks that were woken on this thread, in order.
    static WOKEN: RefCell<Vec<Key>> = RefCell::new(Vec::new());
}

/// Wakes tasks of the executor that runs on this thread.
#[inline]
pub(crate) fn wake_here(tasks: &mut Vec<Key>) {
    if !tasks.is_empty() {
        WOKEN.with(|woken| woken.borrow_mut().append(tasks));
    }
}

/// Tasks that may be woken at once before the lists of them grow: as many as a turn of either driver
/// tends to bring at most, so that a server that was never so busy before allocates nothing either.
pub(crate) const WOKEN_AT_ONCE: usize = 1024;

/// What the wakers of a task share: never the future, which must not leave its thread.
struct Handle {
    key: Key,
    /// It is in [`WOKEN`] by one of the wakers, or by having been spawned. Only the worker's own thread touches it, hence
    /// `Relaxed`.
    queued: AtomicBool,
    /// In [`Remote::woken`] already.
    queued_remotely: AtomicBool,
    remote: Arc<Remote>,
}

impl Wake for Handle {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    #[inline]
    fn wake_by_ref(self: &Arc<Self>) {
        if RUNNING.with(Cell::get) != self.remote.id {
            if !self.queued_remotely.swap(true, Ordering::AcqRel) {
                self.remote.push(self.key);
            }
        } else if !self.queued.load(Ordering::Relaxed) {
            self.queued.store(true, Ordering::Relaxed);
            WOKEN.with(|woken| woken.borrow_mut().push(self.key));
        }
    }
}

struct Task {
    /// Taken out while the task is polled, so that the task may spawn others.
    body: Option<Body>,
    /// The batch in which it was last polled. It may be in a batch more than once: by a waker, by
    /// [`wake_here`], and from another thread.
    batch: u64,
    handle: Arc<Handle>,
}

struct Body {
    future: Pin<Box<dyn Future<Output = ()>>>,
    waker: Waker,
}

/// Runs the tasks of one thread.
pub(crate) struct Executor {
    tasks: RefCell<Slab<Task>>,
    remote: Arc<Remote>,
    /// The batch being run; kept for its memory.
    batch: RefCell<Vec<Key>>,
    /// Its number, from 1.
    batches: Cell<u64>,
    current: Rc<Current>,
    panics: Cell<u64>,
}

impl Executor {
    /// # Panics
    /// When this thread has an executor already.
    pub(crate) fn new(unpark: Box<dyn Unpark>, current: Rc<Current>) -> Self {
        static IDS: AtomicU64 = AtomicU64::new(1);
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        assert_eq!(
            RUNNING.with(|running| running.replace(id)),
            0,
            "a thread runs one executor at a time"
        );
        WOKEN.with(|woken| woken.borrow_mut().reserve(WOKEN_AT_ONCE));
        Self {
            tasks: RefCell::new(Slab::with_capacity(0)),
            remote: Arc::new(Remote {
                id,
                woken: Mutex::new(Vec::new()),
                any_woken: AtomicBool::new(false),
                stop: AtomicBool::new(false),
                unpark,
            }),
            batch: RefCell::new(Vec::with_capacity(WOKEN_AT_ONCE)),
            batches: Cell::new(0),
            current,
            panics: Cell::new(0),
        }
    }

    pub(crate) fn remote(&self) -> &Arc<Remote> {
        &self.remote
    }

    /// Tasks that have not ended.
    pub(crate) fn len(&self) -> usize {
        self.tasks.borrow().len()
    }

    /// Tasks that ended by a panic since the last call.
    pub(crate) fn take_panics(&self) -> u64 {
        self.panics.take()
    }

    /// Takes in a task; it is polled with the next batch.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        let future = Box::pin(future);
        let key = self.tasks.borrow_mut().insert_with(|key| {
            let handle = Handle {
                key,
                queued: AtomicBool::new(true),
                queued_remotely: AtomicBool::new(false),
                remote: Arc::clone(&self.remote),
            };
            let handle = Arc::new(handle);
            Task {
                body: Some(Body {
                    future,
                    waker: Waker::from(Arc::clone(&handle)),
                }),
                batch: 0,
                handle,
            }
        });
        WOKEN.with(|woken| woken.borrow_mut().push(key));
    }

    /// Polls the tasks that are woken now, each once. False when there were none.
    pub(crate) fn run_batch(&self) -> bool {
        let mut batch = self.batch.take();
        WOKEN.with(|woken| std::mem::swap(&mut *woken.borrow_mut(), &mut batch));
        self.remote.take_into(&mut batch);
        let any = !batch.is_empty();
        let number = self.batches.get() + 1;
        self.batches.set(number);
        for key in batch.drain(..) {
            self.poll(key, number);
        }
        self.batch.replace(batch);
        any
    }

    fn poll(&self, key: Key, batch: u64) {
        let mut body = {
            let mut tasks = self.tasks.borrow_mut();
            let Some(task) = tasks.get_mut(key) else {
                return;
            };
            if std::mem::replace(&mut task.batch, batch) == batch {
                // All of the batch was woken before any of it was polled.
                return;
            }
            task.handle.queued.store(false, Ordering::Relaxed);
            if task.handle.queued_remotely.load(Ordering::Relaxed) {
                task.handle.queued_remotely.swap(false, Ordering::AcqRel);
            }
            let Some(body) = task.body.take() else { return };
            body
        };
        self.current.begin(key, &body.waker);
        let polled = self.guard(|| {
            let mut context = Context::from_waker(&body.waker);
            body.future.as_mut().poll(&mut context)
        });
        self.current.end();
        if polled == Some(Poll::Pending) {
            if let Some(task) = self.tasks.borrow_mut().get_mut(key) {
                task.body = Some(body);
            }
            return;
        }
        // Bound, so that the borrow is over when the task's parts are dropped.
        let task = self.tasks.borrow_mut().remove(key);
        self.guard(|| drop((task, body)));
    }

    /// Keeps a panic from ending more than its task. The panic hook has printed it.
    fn guard<T>(&self, run: impl FnOnce() -> T) -> Option<T> {
        let result = catch_unwind(AssertUnwindSafe(run));
        result
            .map_err(|payload| {
                self.panics.set(self.panics.get() + 1);
                // Its drop may panic as well, and is not worth another guard.
                std::mem::forget(payload);
            })
            .ok()
    }

    /// Drops every task, and those that the dropped ones spawn.
    pub(crate) fn clear(&self) {
        while self.len() > 0 {
            let tasks = self.tasks.borrow_mut().drain();
            for task in tasks {
                self.guard(|| drop(task));
            }
        }
        WOKEN.with(|woken| woken.borrow_mut().clear());
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.clear();
        RUNNING.with(|running| running.set(0));
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
