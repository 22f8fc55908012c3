//! Sleeps against a list that is sorted whenever it is looked at.

use std::sync::Arc;
use std::task::Wake;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::testing::config;

#[test]
fn sleeps_end_by_their_moment_and_removed_ones_never() {
    let mut timers = Timers::default();
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let keys = [30, 10, 20, 10].map(|ms| timers.create(at(ms)));
    keys.iter()
        .for_each(|&key| drop(timers.set(key, Waker::noop().clone())));
    assert_eq!(timers.next(|| at(4)), Some(Duration::from_millis(6)));
    assert_eq!(timers.next(|| at(15)), Some(Duration::ZERO));
    assert!(timers.ended(|| at(9)).is_empty());
    assert_eq!(timers.ended(|| at(10)).len(), 2);
    assert!(timers.remove(keys[2]).is_some());
    assert_eq!(timers.ended(|| at(100)).len(), 1);
    assert_eq!(timers.next(|| at(100)), None);
}

struct Task;

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

#[derive(Clone, Debug)]
enum Step {
    /// A sleep of so many milliseconds from the model's present.
    Create(u64),
    /// A sleep is polled by a task, for the first time or again.
    Set(Index, usize),
    Remove(Index),
    /// Milliseconds pass.
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    // Few different moments, so that many sleeps end at the same one.
    prop_oneof![
        (0..8_u64).prop_map(Step::Create),
        (any::<Index>(), 0..2_usize).prop_map(|(pick, task)| Step::Set(pick, task)),
        any::<Index>().prop_map(Step::Remove),
        (0..4_u64).prop_map(Step::Pass),
    ]
}

struct Model {
    end: u64,
    key: TimerKey,
    /// The task that is woken at the end.
    task: Option<usize>,
}

/// Takes the tasks of what has ended, by the moment and then by the order of creation.
fn ended(models: &mut [Model], now: u64) -> Vec<usize> {
    let mut due: Vec<&mut Model> = models
        .iter_mut()
        .filter(|model| model.end <= now && model.task.is_some())
        .collect();
    due.sort_by_key(|model| model.end);
    due.into_iter()
        .filter_map(|model| model.task.take())
        .collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_order_of_sleeps_agrees_with_a_sorted_list(steps in prop::collection::vec(step(), 0..200)) {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let wakers: [Waker; 2] = std::array::from_fn(|_| Waker::from(Arc::new(Task)));
        let task_of = |waker: Waker| wakers.iter().position(|known| known.will_wake(&waker));
        let (mut timers, mut now, mut models) = (Timers::default(), 0, Vec::<Model>::new());
        for step in steps {
            match step {
                Step::Create(ms) => {
                    let key = timers.create(at(now + ms));
                    models.push(Model { end: now + ms, key, task: None });
                }
                Step::Pass(ms) => {
                    now += ms;
                    let woken: Vec<_> = timers.ended(|| at(now)).into_iter().filter_map(task_of).collect();
                    prop_assert_eq!(woken, ended(&mut models, now));
                }
                Step::Set(..) | Step::Remove(_) if models.is_empty() => {}
                Step::Set(pick, task) => {
                    let picked = pick.index(models.len());
                    let model = &mut models[picked];
                    prop_assert_eq!(timers.knows(model.key, &wakers[task]), model.task == Some(task));
                    let former = timers.set(model.key, wakers[task].clone());
                    prop_assert_eq!(former.and_then(task_of), model.task.replace(task));
                }
                Step::Remove(pick) => {
                    let picked = pick.index(models.len());
                    let model = models.swap_remove(picked);
                    prop_assert_eq!(timers.remove(model.key).and_then(task_of), model.task);
                }
            }
            models.sort_by_key(|model| model.key.number);
            let first = models.iter().filter(|model| model.task.is_some()).map(|model| model.end).min();
            let next = first.map(|end| Duration::from_millis(end.saturating_sub(now)));
            prop_assert_eq!(timers.next(|| at(now)), next);
            for model in &models {
                prop_assert_eq!(model.key.has_ended(at(now)), model.end <= now);
            }
        }
    }
}
