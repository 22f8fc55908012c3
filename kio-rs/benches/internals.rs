//! The parts of a worker that make no system call, and a wake-up across threads.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use criterion::{Criterion, criterion_group, criterion_main};
use kio_rs::bench_support::{
    find_entry, take_and_give_back_buffer, take_and_remove_entry, wake_and_poll,
    wake_and_poll_across_threads,
};

fn internals(criterion: &mut Criterion) {
    criterion.bench_function("slab/insert and remove", |bencher| {
        bencher.iter(take_and_remove_entry());
    });
    criterion.bench_function("slab/find one of 1000", |bencher| {
        bencher.iter(find_entry());
    });
    match take_and_give_back_buffer() {
        Ok(turn) => {
            let mut turn = turn;
            criterion.bench_function("buffer ring/take and give back", |bencher| {
                bencher.iter(&mut turn);
            });
        }
        Err(error) => eprintln!("internals: the buffer ring is left out: {error}"),
    }
    for tasks in [1, 64] {
        criterion.bench_function(&format!("wake and poll/{tasks} on the worker"), |bencher| {
            bencher.iter(wake_and_poll(tasks));
        });
    }
    criterion.bench_function("wake and poll/1 from another thread", |bencher| {
        bencher.iter(wake_and_poll_across_threads());
    });
}

criterion_group!(benches, internals);
criterion_main!(benches);
