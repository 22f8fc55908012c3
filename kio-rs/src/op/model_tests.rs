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

#[derive(Clone, Copy, Debug)]
enum Step {
    Create(Kind),
    Submit(Index),
    /// The submission just made is taken back.
    Fail(Index),
    Complete(Index, bool),
    /// As often as makes an owner who does not look fall behind, the one at the limit being the last
    /// or not.
    Flood(Index, bool),
    /// A task polls and, when it is asked for its waker, leaves it or goes away first.
    Poll(Index, usize, bool),
    SetWaker(Index, usize),
    Rest(Index, usize),
    Orphan(Index, bool),
    TakeWakers(Kind),
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec![Kind::Accept, Kind::Recv, Kind::Send]);
    let pick = any::<Index>;
    prop_oneof![
        2 => kind.clone().prop_map(Step::Create),
        3 => pick().prop_map(Step::Submit),
        1 => pick().prop_map(Step::Fail),
        4 => (pick(), any::<bool>()).prop_map(|(key, more)| Step::Complete(key, more)),
        1 => (pick(), any::<bool>()).prop_map(|(key, more)| Step::Flood(key, more)),
        4 => (pick(), 0..TASKS, any::<bool>()).prop_map(|(key, task, leaves)| Step::Poll(key, task, leaves)),
        1 => (pick(), 0..TASKS).prop_map(|(key, task)| Step::SetWaker(key, task)),
        2 => (pick(), 0..TASKS).prop_map(|(key, task)| Step::Rest(key, task)),
        1 => (pick(), any::<bool>()).prop_map(|(key, memory)| Step::Orphan(key, memory)),
        1 => kind.prop_map(Step::TakeWakers),
    ]
}

/// What the model knows of one key that was ever given out.
struct Model {
    key: Key,
    kind: Kind,
    owned: bool,
    in_flight: bool,
    queue: VecDeque<Completion>,
    waiting: bool,
    /// The task whose waker it has.
    waker: Option<usize>,
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
            waiting: false,
            waker: None,
            memory: Rc::new(()),
            keeps: false,
        }
    }

    fn take_waker(&mut self) -> Option<usize> {
        if std::mem::take(&mut self.waiting) {
            self.waker.take()
        } else {
            None
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

    fn task_of(&self, waker: &Waker) -> usize {
        let found = self.wakers.iter().position(|known| known.will_wake(waker));
        found.expect("a waker that was handed in")
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
            Step::TakeWakers(kind) => return self.take_wakers(kind),
            _ if self.models.is_empty() => return,
            Step::Submit(pick)
            | Step::Fail(pick)
            | Step::Complete(pick, _)
            | Step::Flood(pick, _)
            | Step::Poll(pick, ..)
            | Step::SetWaker(pick, _)
            | Step::Rest(pick, _)
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
            // Wakers come back some time after they were woken: to any operation, or to none.
            Step::Rest(_, task) => self.rest(picked, task),
            // Everything else is an owner's to do.
            _ if !self.models[picked].owned => {}
            Step::Submit(_) => self.submit(picked),
            Step::Fail(_) => {
                self.ops.failed(self.models[picked].key);
                self.models[picked].in_flight = false;
            }
            Step::Poll(_, task, leaves) => self.poll(picked, task, leaves),
            Step::SetWaker(_, task) => self.set_waker(picked, task),
            Step::Orphan(_, memory) => self.orphan(picked, memory),
            Step::Create(_) | Step::TakeWakers(_) => unreachable!("done above"),
        }
    }

    fn submit(&mut self, picked: usize) {
        let model = &mut self.models[picked];
        if !model.in_flight {
            self.ops.submitted(model.key);
            model.in_flight = true;
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
            Delivery::Owner { waker, .. } => waker.as_ref().map(|waker| self.task_of(waker)),
            Delivery::Orphan { .. } | Delivery::Stale => None,
        };
        let model = &mut self.models[picked];
        match delivery {
            Delivery::Stale => assert!(!model.in_flight, "a completion was lost"),
            Delivery::Owner { flooded, .. } => {
                assert!(model.in_flight && model.owned, "reached a wrong owner");
                model.queue.push_back(completion);
                assert_eq!(woken, model.take_waker());
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

    fn poll(&mut self, picked: usize, task: usize, leaves: bool) {
        let key = self.models[picked].key;
        let polled = self.ops.poll(key, &self.wakers[task]);
        let model = &mut self.models[picked];
        let expected = match model.queue.pop_front() {
            Some(completion) => Polled::Ready(completion),
            None if !model.in_flight => Polled::Idle,
            None => {
                model.waiting = true;
                if model.waker == Some(task) {
                    Polled::InFlight
                } else {
                    Polled::NeedsWaker
                }
            }
        };
        assert_eq!(polled, expected);
        if polled == Polled::NeedsWaker && !leaves {
            self.set_waker(picked, task);
        }
    }

    fn set_waker(&mut self, picked: usize, task: usize) {
        let waker = self.wakers[task].clone();
        let former = self.ops.set_waker(self.models[picked].key, waker);
        let former = former.map(|waker| self.task_of(&waker));
        assert_eq!(former, self.models[picked].waker.replace(task));
    }

    fn rest(&mut self, picked: usize, task: usize) {
        let model = &mut self.models[picked];
        let unwanted = self.ops.rest(model.key, self.wakers[task].clone());
        let kept = model.owned && model.waker.is_none();
        assert_eq!(unwanted.is_none(), kept);
        if kept {
            model.waker = Some(task);
        }
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
        model.waiting = false;
        model.keeps = memory && model.in_flight;
        let waker = self.models[picked].waker.take();
        assert_eq!(orphaned.waker.map(|waker| self.task_of(&waker)), waker);
    }

    fn take_wakers(&mut self, kind: Kind) {
        let taken = self.ops.take_wakers(kind);
        let mut taken: Vec<usize> = taken.iter().map(|waker| self.task_of(waker)).collect();
        let of_kind = self.models.iter_mut().filter(|model| model.kind == kind);
        let mut expected: Vec<usize> = of_kind.filter_map(Model::take_waker).collect();
        taken.sort_unstable();
        expected.sort_unstable();
        assert_eq!(taken, expected);
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
                .filter(|model| model.waker == Some(number));
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
