//! The life of operations, a rule at a time.

use std::rc::Rc;
use std::task::Waker;

use super::*;

const FINE: Completion = Completion {
    result: 1,
    flags: 0,
};

/// Its clones wake the same, which is not said of [`Waker::noop`].
fn a_waker() -> Waker {
    struct Nothing;
    impl std::task::Wake for Nothing {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    std::sync::Arc::new(Nothing).into()
}

fn take(ops: &mut Ops, key: Key) -> Option<Completion> {
    match ops.poll(key, Waker::noop()) {
        Polled::Ready(completion) => Some(completion),
        Polled::InFlight | Polled::NeedsWaker | Polled::Idle => None,
    }
}

#[test]
fn a_late_completion_does_not_reach_the_slot_s_next_operation() {
    let mut ops = Ops::with_capacity(1);
    let first = ops.create(Kind::Recv);
    ops.submitted(first);
    assert!(matches!(
        ops.deliver(first, FINE, false),
        Delivery::Owner { .. }
    ));
    assert_eq!(ops.orphan(first, None).untaken, [FINE]);
    let second = ops.create(Kind::Recv);
    ops.submitted(second);
    assert!(matches!(ops.deliver(first, FINE, false), Delivery::Stale));
    assert_eq!(take(&mut ops, second), None);
    assert_eq!(ops.in_flight(), 1);
}

#[test]
fn what_an_orphan_keeps_lives_until_its_last_completion() {
    let memory = Rc::new(());
    let mut ops = Ops::with_capacity(1);
    let key = ops.create(Kind::Recv);
    ops.submitted(key);
    let orphaned = ops.orphan(key, Some(Box::new(Rc::clone(&memory))));
    assert!(orphaned.in_flight);
    drop(ops.deliver(key, FINE, true));
    assert_eq!(Rc::strong_count(&memory), 2, "more completions are to come");
    let last = ops.deliver(key, FINE, false);
    assert!(matches!(
        last,
        Delivery::Orphan {
            kind: Kind::Recv,
            kept: Some(_)
        }
    ));
    drop(last);
    assert_eq!(Rc::strong_count(&memory), 1);
}

#[test]
fn an_owner_who_does_not_take_is_cancelled_once() {
    let mut ops = Ops::with_capacity(1);
    let key = ops.create(Kind::Recv);
    ops.submitted(key);
    let floods = (0..3 * MAX_QUEUED).filter(|_| {
        matches!(
            ops.deliver(key, FINE, true),
            Delivery::Owner { flooded: true, .. }
        )
    });
    assert_eq!(floods.count(), 1);
}

#[test]
fn a_waker_is_given_out_once_a_wait_and_kept_for_the_next() {
    let task = a_waker();
    let mut ops = Ops::with_capacity(1);
    let key = ops.create(Kind::Recv);
    ops.submitted(key);
    let waker_of = |delivery| match delivery {
        Delivery::Owner { waker, .. } => waker,
        _ => None,
    };
    assert!(
        waker_of(ops.deliver(key, FINE, true)).is_none(),
        "nobody waits yet"
    );
    assert!(take(&mut ops, key).is_some());
    assert_eq!(ops.poll(key, &task), Polled::NeedsWaker);
    assert!(ops.set_waker(key, task.clone()).is_none());
    assert_eq!(ops.poll(key, &task), Polled::InFlight);
    let woken = waker_of(ops.deliver(key, FINE, true)).expect("the waiting task");
    assert!(
        waker_of(ops.deliver(key, FINE, true)).is_none(),
        "woken already"
    );
    assert!(ops.rest(key, woken).is_none(), "kept");
    assert!(take(&mut ops, key).is_some() && take(&mut ops, key).is_some());
    assert_eq!(ops.poll(key, &task), Polled::InFlight, "needs no new one");
}

#[test]
fn an_operation_that_could_not_be_submitted_can_be_again() {
    let mut ops = Ops::with_capacity(1);
    let key = ops.create(Kind::Send);
    ops.submitted(key);
    ops.failed(key);
    assert_eq!(
        (ops.in_flight(), ops.poll(key, Waker::noop())),
        (0, Polled::Idle)
    );
    ops.submitted(key);
}

#[test]
#[should_panic(expected = "in flight already")]
fn submitting_twice_is_caught() {
    let mut ops = Ops::with_capacity(1);
    let key = ops.create(Kind::Send);
    ops.submitted(key);
    ops.submitted(key);
}
