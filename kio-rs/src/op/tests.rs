//! The life of operations, a rule at a time.

use std::rc::Rc;
use std::task::Waker;

use super::*;

const FINE: Completion = Completion {
    result: 1,
    flags: 0,
};

fn a_task() -> Key {
    Key::from_user_data(7)
}

/// Whom a delivery wakes.
fn woken(delivery: Delivery) -> Waiter {
    match delivery {
        Delivery::Owner { waiter, .. } => waiter,
        other => panic!("not to the owner: {other:?}"),
    }
}

fn take(ops: &mut Ops, key: Key) -> Option<Completion> {
    match ops.poll(key, None) {
        Polled::Ready(completion) => Some(completion),
        Polled::InFlight | Polled::NeedsWaiter | Polled::Idle => None,
    }
}

#[test]
fn a_late_completion_does_not_reach_the_slot_s_next_operation() {
    let mut ops = Ops::with_capacity(1);
    let first = ops.create(Kind::Recv);
    ops.submitted(first, 0);
    assert!(matches!(
        ops.deliver(first, FINE, false),
        Delivery::Owner { .. }
    ));
    assert_eq!(ops.orphan(first, None).untaken, [FINE]);
    let second = ops.create(Kind::Recv);
    ops.submitted(second, 0);
    assert!(matches!(ops.deliver(first, FINE, false), Delivery::Stale));
    assert_eq!(take(&mut ops, second), None);
    assert_eq!(ops.in_flight(), 1);
}

#[test]
fn what_an_orphan_keeps_lives_until_its_last_completion() {
    let memory = Rc::new(());
    let mut ops = Ops::with_capacity(1);
    let key = ops.create(Kind::Recv);
    ops.submitted(key, 0);
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
    ops.submitted(key, 0);
    let floods = (0..3 * MAX_QUEUED).filter(|_| {
        matches!(
            ops.deliver(key, FINE, true),
            Delivery::Owner { flooded: true, .. }
        )
    });
    assert_eq!(floods.count(), 1);
}

#[test]
fn a_task_is_woken_once_a_wait() {
    let mut ops = Ops::with_capacity(1);
    let key = ops.create(Kind::Recv);
    ops.submitted(key, 0);
    assert!(
        matches!(woken(ops.deliver(key, FINE, true)), Waiter::Nobody),
        "nobody waits yet"
    );
    assert!(take(&mut ops, key).is_some());
    assert_eq!(ops.poll(key, Some(a_task())), Polled::InFlight);
    assert!(matches!(woken(ops.deliver(key, FINE, true)), Waiter::Task(task) if task == a_task()));
    assert!(
        matches!(woken(ops.deliver(key, FINE, true)), Waiter::Nobody),
        "woken already"
    );
}

#[test]
fn whoever_is_no_task_is_woken_by_a_waker_and_none_is_dropped_inside() {
    let mut ops = Ops::with_capacity(1);
    let key = ops.create(Kind::Recv);
    ops.submitted(key, 0);
    assert_eq!(ops.poll(key, None), Polled::NeedsWaiter);
    let former = ops.set_waiter(key, Waiter::Waker(Waker::noop().clone()));
    assert!(matches!(former, Waiter::Nobody));
    assert_eq!(
        ops.poll(key, Some(a_task())),
        Polled::NeedsWaiter,
        "the waker is the caller's to drop"
    );
    let former = ops.set_waiter(key, Waiter::Task(a_task()));
    assert!(matches!(former, Waiter::Waker(_)));
    assert!(matches!(
        woken(ops.deliver(key, FINE, false)),
        Waiter::Task(_)
    ));
}

#[test]
fn the_expected_end_is_unheard_and_every_other_wakes() {
    let short = Completion {
        result: 9,
        flags: 0,
    };
    let ten = Completion {
        result: 10,
        flags: 0,
    };
    let mut ops = Ops::with_capacity(1);
    let key = ops.create(Kind::Send);
    ops.submitted(key, 10);
    assert_eq!(ops.poll_unheard(key, Some(a_task())), Polled::InFlight);
    assert!(matches!(
        woken(ops.deliver(key, ten, false)),
        Waiter::Nobody
    ));
    assert_eq!(ops.poll_unheard(key, Some(a_task())), Polled::Idle);
    assert_eq!(ops.in_flight(), 0);

    ops.submitted(key, 10);
    assert_eq!(ops.poll_unheard(key, Some(a_task())), Polled::InFlight);
    assert!(matches!(
        woken(ops.deliver(key, short, false)),
        Waiter::Task(_)
    ));
    assert_eq!(ops.poll_unheard(key, None), Polled::Ready(short));

    ops.submitted(key, 10);
    assert_eq!(ops.poll(key, Some(a_task())), Polled::InFlight, "it waits");
    assert!(matches!(
        woken(ops.deliver(key, ten, false)),
        Waiter::Task(_)
    ));
    assert_eq!(ops.poll(key, None), Polled::Ready(ten));
}

#[test]
fn a_receive_that_gave_something_and_fell_silent_is_named_until_it_ends() {
    let silent = |ops: &mut Ops| {
        let mut named = Vec::new();
        let others = ops.silent(usize::MAX, |key| named.push(key));
        (others, named)
    };
    let mut ops = Ops::with_capacity(3);
    let (busy, quiet, mute) = (
        ops.create(Kind::Recv),
        ops.create(Kind::Recv),
        ops.create(Kind::Recv),
    );
    let send = ops.create(Kind::Send);
    assert_eq!(silent(&mut ops), (false, vec![]), "nothing is in flight");
    for key in [busy, quiet, mute, send] {
        ops.submitted(key, 0);
    }
    for key in [busy, quiet, send] {
        drop(ops.deliver(key, FINE, true));
    }
    assert_eq!(silent(&mut ops), (true, vec![]), "they were not silent");
    drop(ops.deliver(busy, FINE, true));
    assert_eq!(silent(&mut ops), (true, vec![quiet]));
    let both = (true, vec![busy, quiet]);
    assert_eq!(silent(&mut ops), both, "nothing has ended it yet");
    let mut most = Vec::new();
    assert!(ops.silent(1, |key| most.push(key)), "the other is left");
    assert_eq!(most, [busy]);
    for key in [busy, quiet] {
        // Submitted anew it has given nothing yet.
        drop(ops.deliver(key, FINE, false));
        ops.submitted(key, 0);
    }
    assert_eq!(silent(&mut ops), (false, vec![]));
    drop(ops.deliver(quiet, FINE, true));
    for key in [busy, quiet, mute] {
        _ = ops.orphan(key, None);
    }
    assert_eq!(silent(&mut ops), (false, vec![]), "their owners are gone");
}

#[test]
fn an_operation_that_could_not_be_submitted_can_be_again() {
    let mut ops = Ops::with_capacity(1);
    let key = ops.create(Kind::Send);
    ops.submitted(key, 0);
    ops.failed(key);
    assert_eq!((ops.in_flight(), ops.poll(key, None)), (0, Polled::Idle));
    ops.submitted(key, 0);
}

#[test]
#[should_panic(expected = "in flight already")]
fn submitting_twice_is_caught() {
    let mut ops = Ops::with_capacity(1);
    let key = ops.create(Kind::Send);
    ops.submitted(key, 0);
    ops.submitted(key, 0);
}
