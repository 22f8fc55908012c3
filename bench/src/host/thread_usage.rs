//! CPU time by thread.

use procfs::process::Process;
use serde::{Deserialize, Serialize};

/// What one thread has used since it started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadUsage {
    /// When it was made, in ticks since the machine started.
    started_ticks: u64,
    tid: i32,
    cpu_ns: u64,
    user_ticks: u64,
    system_ticks: u64,
}

/// The threads of a process, in the order in which they were made. None where the kernel does not
/// keep such times.
pub fn threads(process: &Process) -> Vec<ThreadUsage> {
    let tasks = process.tasks().into_iter().flatten().flatten();
    // A thread may end between being listed and being read.
    let usage = tasks.filter_map(|task| {
        let stat = task.stat().ok()?;
        Some(ThreadUsage {
            started_ticks: stat.starttime,
            tid: task.tid,
            cpu_ns: task.schedstat().ok()?.sum_exec_runtime,
            user_ticks: stat.utime,
            system_ticks: stat.stime,
        })
    });
    let mut threads: Vec<ThreadUsage> = usage.collect();
    sort(&mut threads);
    threads
}

/// Puts threads in the order in which they were made.
pub fn sort(threads: &mut [ThreadUsage]) {
    threads.sort_by_key(|thread| (thread.started_ticks, thread.tid));
}

/// What each thread of `after` has used since `before`, in microseconds.
pub fn spent_us(before: &[ThreadUsage], after: &[ThreadUsage]) -> Vec<u64> {
    let spent = |thread: &ThreadUsage| thread.spent_us(thread.in_list(before));
    after.iter().map(spent).collect()
}

/// The part of [`spent_us`] in user mode, of the same threads in the same order.
pub fn spent_user_us(before: &[ThreadUsage], after: &[ThreadUsage]) -> Vec<u64> {
    let spent = |thread: &ThreadUsage| thread.spent_user_us(thread.in_list(before));
    after.iter().map(spent).collect()
}

impl ThreadUsage {
    /// The same thread in another reading.
    fn in_list<'a>(&self, list: &'a [Self]) -> Option<&'a Self> {
        let id = |thread: &Self| (thread.tid, thread.started_ticks);
        list.iter().find(|other| id(other) == id(self))
    }

    fn spent_us(&self, before: Option<&Self>) -> u64 {
        let before_ns = before.map_or(0, |before| before.cpu_ns);
        self.cpu_ns.saturating_sub(before_ns) / 1000
    }

    fn spent_user_us(&self, before: Option<&Self>) -> u64 {
        let since = before.map_or((0, 0), |before| (before.user_ticks, before.system_ticks));
        let now = (self.user_ticks, self.system_ticks);
        user_part(self.spent_us(before), since, now)
    }
}

/// The part in user mode of a CPU time that was spent between two readings of the ticks in user mode and
/// in the kernel. One too short for a tick is split like all that has been spent until the second.
pub fn user_part(cpu_us: u64, before: (u64, u64), after: (u64, u64)) -> u64 {
    let spent = (
        after.0.saturating_sub(before.0),
        after.1.saturating_sub(before.1),
    );
    let (user, system) = if spent == (0, 0) { after } else { spent };
    share(cpu_us, user, user + system)
}

/// `whole * part / parts`, without overflow; nothing of no parts.
fn share(whole: u64, part: u64, parts: u64) -> u64 {
    let share = u128::from(whole) * u128::from(part) / u128::from(parts.max(1));
    u64::try_from(share).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn thread(started_ticks: u64, tid: i32, cpu_us: u64) -> ThreadUsage {
        ThreadUsage {
            started_ticks,
            tid,
            cpu_ns: cpu_us * 1000,
            user_ticks: 0,
            system_ticks: 0,
        }
    }

    #[test]
    fn a_thread_that_is_new_has_used_all_it_has() {
        let before = [thread(1, 7, 10), thread(2, 8, 10)];
        // The number 8 was given again, to a younger thread.
        let after = [thread(1, 7, 15), thread(3, 8, 4)];
        assert_eq!(spent_us(&before, &after), [5, 4]);
    }

    #[test]
    fn a_threads_time_is_split_by_its_own_ticks() {
        let of = |tid, cpu_us, user_ticks, system_ticks| ThreadUsage {
            user_ticks,
            system_ticks,
            ..thread(1, tid, cpu_us)
        };
        let before = [of(1, 100, 5, 5), of(2, 100, 3, 1), of(3, 0, 0, 0)];
        let after = [of(1, 500, 6, 8), of(2, 140, 3, 1), of(3, 9, 0, 0)];
        // The second was too short for a tick, and the third had none yet.
        assert_eq!(spent_user_us(&before, &after), [100, 30, 0]);
        assert_eq!(spent_us(&before, &after), [400, 40, 9]);
    }

    #[test]
    fn the_threads_of_this_process_are_seen() {
        let (started, end) = std::sync::mpsc::channel::<()>();
        let child = thread::spawn(move || end.recv().is_err());
        let threads = threads(&Process::myself().unwrap());
        drop(started);
        assert!(child.join().unwrap());
        assert!(threads.len() >= 2);
        assert!(threads.iter().any(|thread| thread.cpu_ns > 0));
        let (all, user) = (spent_us(&[], &threads), spent_user_us(&[], &threads));
        assert_eq!(all.len(), user.len());
        assert!(all.iter().zip(&user).all(|(all, user)| user <= all));
        let order = |thread: &ThreadUsage| (thread.started_ticks, thread.tid);
        assert!(threads.is_sorted_by_key(order));
    }
}
