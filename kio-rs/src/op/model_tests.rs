//! Operations against a model, in every order of what an owner, a task, the kernel and the end of
//! the worker may do to them, with keys of any age.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Wake, Waker};

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::testing::config;

const TASKS: usize = 3;

/// What its wakers are counted by.
struct Task;

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

/// One of the worker's tasks, or a waiter with a waker of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Task(usize),
    Waker(usize),
}

impl Who {
    /// As the executor names it.
    fn task(self) -> Option<Key> {
        match self {
            Self::Task(number) => Some(Key::from_user_data(number as u64)),
            Self::Waker(_) => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Nothing,
    Next,
    Never,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Create(Kind),
    /// With the end that is expected, if one is: the next completion's or another.
    Submit(Index, Expect),
    /// The submission just made is taken back.
    Fail(Index),
    Complete(Index, bool),
    /// As often as makes an owner who does not look fall behind, the one at the limit being the last
    /// or not.
    Flood(Index, bool),
    /// A task or another waiter polls, content with the expected end or not, and tells whom to wake
    /// when it is asked, or goes away first.
    Poll(Index, Who, bool, bool),
    SetWaiter(Index, Who),
    Orphan(Index, bool),
    TakeWaiters(Kind),
    /// The receives that have fallen silent are asked for: so many at most.
    Silent(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec![Kind::Accept, Kind::Recv, Kind::Send, Kind::Poll]);
    let pick = any::<Index>;
    let who = || {
        prop_oneof![
            (0..TASKS).prop_map(Who::Task),
            (0..TASKS).prop_map(Who::Waker)
        ]
    };
    let expect = prop::sample::select(vec![Expect::Nothing, Expect::Next, Expect::Never]);
    prop_oneof![
        2 => kind.clone().prop_map(Step::Create),
        3 => (pick(), expect).prop_map(|(key, expect)| Step::Submit(key, expect)),
        1 => pick().prop_map(Step::Fail),
        4 => (pick(), any::<bool>()).prop_map(|(key, more)| Step::Complete(key, more)),
        1 => (pick(), any::<bool>()).prop_map(|(key, more)| Step::Flood(key, more)),
        4 => (pick(), who(), any::<bool>(), any::<bool>())
            .prop_map(|(key, who, heard, leaves)| Step::Poll(key, who, heard, leaves)),
        1 => (pick(), who()).prop_map(|(key, who)| Step::SetWaiter(key, who)),
        1 => (pick(), any::<bool>()).prop_map(|(key, memory)| Step::Orphan(key, memory)),
        1 => kind.prop_map(Step::TakeWaiters),
        2 => (0..3_usize).prop_map(Step::Silent),
    ]
}

/// What the model knows of one key that was ever given out.
struct Model {
    key: Key,
    kind: Kind,
    owned: bool,
    in_flight: bool,
    queue: VecDeque<Completion>,
    waiter: Option<Who>,
    /// The result that ends it without a word.
    unheard: Option<i32>,
    /// Whether it has given something, without an end: since it was last asked about, and before.
    gave: (bool, bool),
    /// Left by the owner; counts its references.
    memory: Rc<()>,
    keeps: bool,
}

impl Model {
    fn new(key: Key, kind: Kind) -> Self {
        Self {
            key,
            kind,
            owned: true,
            in_flight: false,
            queue: VecDeque::new(),
            waiter: None,
            unheard: None,
            gave: (false, false),
            memory: Rc::new(()),
            keeps: false,
        }
    }
}

struct World {
    ops: Ops,
    models: Vec<Model>,
    tasks: Vec<Arc<Task>>,
    wakers: Vec<Waker>,
    completions: i32,
}

impl World {
    fn new() -> Self {
        let tasks: Vec<_> = (0..TASKS).map(|_| Arc::new(Task)).collect();
        Self {
            ops: Ops::with_capacity(0),
            models: Vec::new(),
            wakers: tasks.iter().cloned().map(Waker::from).collect(),
            tasks,
            completions: 0,
        }
    }

    fn waiter(&self, who: Who) -> Waiter {
        match who {
            Who::Task(_) => Waiter::Task(who.task().expect("a task")),
            Who::Waker(number) => Waiter::Waker(self.wakers[number].clone()),
        }
    }

    fn who(&self, waiter: &Waiter) -> Option<Who> {
        match waiter {
            Waiter::Nobody => None,
            Waiter::Task(task) => {
                let number = usize::try_from(task.to_user_data()).unwrap();
                Some(Who::Task(number))
            }
            Waiter::Waker(waker) => {
                let found = self.wakers.iter().position(|known| known.will_wake(waker));
                Some(Who::Waker(found.expect("a waker that was handed in")))
            }
        }
    }

    fn run(&mut self, step: Step) {
        let picked = match step {
            Step::Create(kind) => {
                let key = self.ops.create(kind);
                let fresh = self.models.iter().all(|model| model.key != key);
                assert!(fresh, "{key:?} was given out twice");
                self.models.push(Model::new(key, kind));
                return;
            }
            Step::TakeWaiters(kind) => return self.take_waiters(kind),
            Step::Silent(most) => return self.silent(most),
            _ if self.models.is_empty() => return,
            Step::Submit(pick, _)
            | Step::Fail(pick)
            | Step::Complete(pick, _)
            | Step::Flood(pick, _)
            | Step::Poll(pick, ..)
            | Step::SetWaiter(pick, _)
            | Step::Orphan(pick, _) => pick.index(self.models.len()),
        };
        match step {
            Step::Complete(_, more) => self.complete(picked, more),
            Step::Flood(_, more) => {
                let short_of = (MAX_QUEUED - 1).saturating_sub(self.models[picked].queue.len());
                (0..short_of).for_each(|_| self.complete(picked, true));
                self.complete(picked, more);
                self.complete(picked, true);
            }
            // Everything else is an owner's to do.
            _ if !self.models[picked].owned => {}
            Step::Submit(_, expect) => self.submit(picked, expect),
            Step::Fail(_) => {
                self.ops.failed(self.models[picked].key);
                self.models[picked].in_flight = false;
            }
            Step::Poll(_, who, heard, leaves) => self.poll(picked, who, heard, leaves),
            Step::SetWaiter(_, who) => self.set_waiter(picked, who),
            Step::Orphan(_, memory) => self.orphan(picked, memory),
            Step::Create(_) | Step::TakeWaiters(_) | Step::Silent(_) => unreachable!("done above"),
        }
    }

    fn submit(&mut self, picked: usize, expect: Expect) {
        let model = &mut self.models[picked];
        if !model.in_flight {
            let expected = match expect {
                Expect::Nothing => 0,
                Expect::Next => self.completions + 1,
                Expect::Never => i32::MAX,
            };
            self.ops.submitted(model.key, expected);
            model.in_flight = true;
            model.unheard = (expected != 0).then_some(expected);
        }
    }

    fn complete(&mut self, picked: usize, more: bool) {
        self.completions += 1;
        let completion = Completion {
            result: self.completions,
            flags: 0,
        };
        // By the ring's number, as it comes back from the kernel.
        let key = Key::from_user_data(self.models[picked].key.to_user_data());
        let delivery = self.ops.deliver(key, completion, more);
        let woken = match &delivery {
            Delivery::Owner { waiter, .. } => self.who(waiter),
            Delivery::Orphan { .. } | Delivery::Stale => None,
        };
        let model = &mut self.models[picked];
        match delivery {
            Delivery::Stale => assert!(!model.in_flight, "a completion was lost"),
            Delivery::Owner { flooded, .. } => {
                assert!(model.in_flight && model.owned, "reached a wrong owner");
                if !more && model.unheard == Some(completion.result) {
                    assert_eq!((woken, flooded), (None, false), "heard of");
                    model.in_flight = false;
                    return;
                }
                model.gave = (more, more && model.gave.1);
                model.queue.push_back(completion);
                assert_eq!(woken, model.waiter.take());
                let most = match model.kind {
                    Kind::Accept => MAX_QUEUED_ACCEPTS,
                    _ => MAX_QUEUED,
                };
                assert_eq!(
                    flooded,
                    more && model.queue.len() == most,
                    "{} queued",
                    model.queue.len()
                );
            }
            Delivery::Orphan { kind, kept } => {
                assert!(model.in_flight && !model.owned, "reached no owner");
                assert_eq!((kind, kept.is_some()), (model.kind, model.keeps && !more));
            }
        }
        if !more {
            model.in_flight = false;
            model.keeps &= model.owned;
        }
    }

    fn poll(&mut self, picked: usize, who: Who, heard: bool, leaves: bool) {
        let key = self.models[picked].key;
        let polled = if heard {
            self.ops.poll(key, who.task())
        } else {
            self.ops.poll_unheard(key, who.task())
        };
        let model = &mut self.models[picked];
        model.unheard = model.unheard.filter(|_| !heard);
        let expected = match model.queue.pop_front() {
            Some(completion) => Polled::Ready(completion),
            None if !model.in_flight => Polled::Idle,
            None if matches!(who, Who::Waker(_)) => Polled::NeedsWaiter,
            None if matches!(model.waiter, Some(Who::Waker(_))) => Polled::NeedsWaiter,
            None => {
                model.waiter = Some(who);
                Polled::InFlight
            }
        };
        assert_eq!(polled, expected);
        if polled == Polled::NeedsWaiter && !leaves {
            self.set_waiter(picked, who);
        }
    }

    fn set_waiter(&mut self, picked: usize, who: Who) {
        let waiter = self.waiter(who);
        let former = self.ops.set_waiter(self.models[picked].key, waiter);
        let former = self.who(&former);
        assert_eq!(former, self.models[picked].waiter.replace(who));
    }

    fn orphan(&mut self, picked: usize, memory: bool) {
        let model = &mut self.models[picked];
        let left = memory.then(|| Box::new(Rc::clone(&model.memory)) as Box<dyn Any>);
        let orphaned = self.ops.orphan(model.key, left);
        assert_eq!(orphaned.in_flight, model.in_flight);
        assert!(orphaned.untaken.into_iter().eq(model.queue.drain(..)));
        let unused = orphaned.unused.iter().flatten().count();
        assert_eq!(unused, usize::from(memory && !model.in_flight));
        model.owned = false;
        model.keeps = memory && model.in_flight;
        let waiter = self.models[picked].waiter.take();
        assert_eq!(self.who(&orphaned.waiter), waiter);
    }

    fn take_waiters(&mut self, kind: Kind) {
        let taken = self.ops.take_waiters(kind);
        let mut taken: Vec<Who> = taken.iter().filter_map(|waiter| self.who(waiter)).collect();
        let of_kind = self.models.iter_mut().filter(|model| model.kind == kind);
        let mut expected: Vec<Who> = of_kind.filter_map(|model| model.waiter.take()).collect();
        taken.sort_unstable();
        expected.sort_unstable();
        assert_eq!(taken, expected);
    }

    fn silent(&mut self, most: usize) {
        let (mut others, mut silent, mut named) = (false, Vec::new(), Vec::new());
        for model in &mut self.models {
            if model.kind == Kind::Recv && model.owned && model.in_flight {
                let (lately, before) = model.gave;
                if before && !lately {
                    silent.push(model.key);
                }
                model.gave = (false, lately || before);
                others |= model.gave.1;
            }
        }
        assert_eq!(self.ops.silent(most, |key| named.push(key)), others);
        let expected = silent.len().min(most);
        let rest = silent.len() - expected;
        silent.retain(|key| !named.contains(key));
        assert_eq!((named.len(), silent.len()), (expected, rest), "{named:?}");
    }

    /// What holds after every step.
    fn check(&self) {
        let in_flight = self.models.iter().filter(|model| model.in_flight).count();
        assert_eq!(self.ops.in_flight(), in_flight);
        let live = self
            .models
            .iter()
            .filter(|model| model.owned || model.in_flight);
        assert_eq!(self.ops.slots.len(), live.count());
        for model in &self.models {
            let references = if model.keeps { 2 } else { 1 };
            assert_eq!(Rc::strong_count(&model.memory), references, "kept memory");
        }
        for (number, task) in self.tasks.iter().enumerate() {
            let with_it = self
                .models
                .iter()
                .filter(|model| model.waiter == Some(Who::Waker(number)));
            assert_eq!(
                Arc::strong_count(task),
                2 + with_it.count(),
                "wakers of a task"
            );
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_order_of_events_agrees_with_the_model(steps in prop::collection::vec(step(), 0..150)) {
        let mut world = World::new();
        for step in steps {
            world.run(step);
            world.check();
        }
    }
}
