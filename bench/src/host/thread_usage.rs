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
}

/// The threads of a process, in the order in which they were made. None where the kernel does not
/// keep such times.
pub fn threads(process: &Process) -> Vec<ThreadUsage> {
    let tasks = process.tasks().into_iter().flatten().flatten();
    // A thread may end between being listed and being read.
    let usage = tasks.filter_map(|task| {
        Some(ThreadUsage {
            started_ticks: task.stat().ok()?.starttime,
            tid: task.tid,
            cpu_ns: task.schedstat().ok()?.sum_exec_runtime,
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
    let used = |thread: &ThreadUsage| {
        let same = |other: &&ThreadUsage| {
            (other.tid, other.started_ticks) == (thread.tid, thread.started_ticks)
        };
        let before_ns = before.iter().find(same).map_or(0, |other| other.cpu_ns);
        thread.cpu_ns.saturating_sub(before_ns) / 1000
    };
    after.iter().map(used).collect()
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
    fn the_threads_of_this_process_are_seen() {
        let (started, end) = std::sync::mpsc::channel::<()>();
        let child = thread::spawn(move || end.recv().is_err());
        let threads = threads(&Process::myself().unwrap());
        drop(started);
        assert!(child.join().unwrap());
        assert!(threads.len() >= 2);
        assert!(threads.iter().any(|thread| thread.cpu_ns > 0));
        let order = |thread: &ThreadUsage| (thread.started_ticks, thread.tid);
        assert!(threads.is_sorted_by_key(order));
    }
}
