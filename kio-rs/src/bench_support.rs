//! What the benchmarks of the library's insides run; not a part of its interface. Each function
//! prepares, and gives one turn to be timed.
//!
//! It is here because the types are private, and compiled only with the feature `bench-internals`.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::task::{Poll, Waker};
use std::thread;

use server_kit::Counters;

use crate::config::Config;
use crate::driver::{Buffers, Driver};
use crate::error::Error;
use crate::executor::{Executor, Unpark};
use crate::slab::Slab;

/// About as large as an operation.
type Entry = [u64; 12];

fn slab_of(entries: usize) -> (Slab<Entry>, Vec<crate::slab::Key>) {
    let mut slab = Slab::with_capacity(entries + 1);
    let keys = (0..entries)
        .map(|_| slab.insert(Entry::default()))
        .collect();
    (slab, keys)
}

/// An entry goes into a slab and out.
pub fn take_and_remove_entry() -> impl FnMut() {
    let (mut slab, _) = slab_of(1000);
    move || {
        let key = slab.insert(black_box(Entry::default()));
        black_box(slab.remove(black_box(key)));
    }
}

/// An entry is found by its key.
pub fn find_entry() -> impl FnMut() {
    let (mut slab, keys) = slab_of(1000);
    let mut next = 0;
    move || {
        next = (next + 1) % keys.len();
        black_box(slab.get_mut(black_box(keys[next])));
    }
}

/// What this side does for a receive: the buffer's account, and its entry in the ring anew.
///
/// # Errors
/// When the kernel refuses the ring.
pub fn take_and_give_back_buffer() -> Result<impl FnMut(), Error> {
    let config = Config::default();
    let driver = Driver::new(&config, None, Arc::new(Counters::default()))?;
    let mut buffers = (0..config.buffers).cycle();
    Ok(move || {
        let (Some(buffer), Some(shared)) = (buffers.next(), driver.buffers()) else {
            unreachable!("the default configuration has buffers")
        };
        let mut shared = shared.borrow_mut();
        let received = shared.received(black_box(Buffers::flags(buffer)));
        shared.give_back(black_box(received.expect("the flags name one")));
    })
}

/// Tells the worker that it was woken, in the eventfd's place.
struct Signal(SyncSender<()>);

impl Unpark for Signal {
    fn unpark(&self) {
        // Full: the worker is being woken.
        _ = self.0.try_send(());
    }
}

fn executor() -> (Executor, Receiver<()>) {
    let (sender, signals) = sync_channel(1);
    let executor = Executor::new(Box::new(Signal(sender)), Rc::default());
    (executor, signals)
}

/// A task that never ends, polled once: its waker, and how often it was polled.
fn spawn(executor: &Executor) -> (Waker, Rc<Cell<u64>>) {
    let (slot, polls) = (Rc::new(RefCell::new(None)), Rc::new(Cell::new(0)));
    let (in_slot, in_polls) = (Rc::clone(&slot), Rc::clone(&polls));
    executor.spawn(poll_fn(move |context| {
        in_polls.set(in_polls.get() + 1);
        if in_polls.get() == 1 {
            in_slot.replace(Some(context.waker().clone()));
        }
        Poll::Pending
    }));
    executor.run_batch();
    (slot.take().expect("the task was polled"), polls)
}

/// So many tasks are woken on the worker's thread and polled.
pub fn wake_and_poll(tasks: usize) -> impl FnMut() {
    let (executor, _signals) = executor();
    let wakers: Vec<Waker> = (0..tasks).map(|_| spawn(&executor).0).collect();
    move || {
        wakers.iter().for_each(Waker::wake_by_ref);
        black_box(executor.run_batch());
    }
}

/// There and back: another thread is asked to wake a task, and the worker polls it.
pub fn wake_and_poll_across_threads() -> impl FnMut() {
    let (executor, signals) = executor();
    let (waker, polls) = spawn(&executor);
    let (ask, asked) = sync_channel::<()>(1);
    // It ends when this side is dropped.
    thread::spawn(move || asked.iter().for_each(|()| waker.wake_by_ref()));
    move || {
        let before = polls.get();
        ask.send(()).expect("the other thread waits");
        while polls.get() == before {
            signals.recv().expect("the executor has the sender");
            executor.run_batch();
        }
    }
}
