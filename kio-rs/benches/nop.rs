//! What an entry costs that does nothing: to the kernel and back, by the ring's set-up flags.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use io_uring::{Builder, IoUring, opcode};

/// Sets flags of a ring.
type SetUp = fn(&mut Builder);

const FLAGS: [(&str, SetUp); 5] = [
    ("none", |_| ()),
    ("COOP_TASKRUN", |ring| _ = ring.setup_coop_taskrun()),
    ("SINGLE_ISSUER", |ring| _ = ring.setup_single_issuer()),
    ("SINGLE_ISSUER COOP_TASKRUN", |ring| {
        _ = ring.setup_single_issuer().setup_coop_taskrun();
    }),
    ("SINGLE_ISSUER DEFER_TASKRUN", |ring| {
        _ = ring.setup_single_issuer().setup_defer_taskrun();
    }),
];

/// Submits as many in one entry into the kernel, and takes their completions out.
fn round(ring: &mut IoUring, entries: usize) {
    let nop = opcode::Nop::new().build();
    for _ in 0..entries {
        // SAFETY: the entry points to no memory.
        unsafe { ring.submission().push(&nop) }.expect("the queue is longer than a round");
    }
    let mut taken = 0;
    while taken < entries {
        ring.submit_and_wait(entries - taken)
            .expect("the kernel takes entries that do nothing");
        taken += ring.completion().count();
    }
}

fn nop(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("nop");
    for (name, set_up) in FLAGS {
        for entries in [1, 32] {
            let mut builder = IoUring::builder();
            set_up(&mut builder);
            let Ok(mut ring) = builder.build(64) else {
                eprintln!("nop: this kernel refuses {name}; left out");
                continue;
            };
            group.throughput(Throughput::Elements(entries as u64));
            group.bench_function(BenchmarkId::new(name, entries), |bencher| {
                bencher.iter(|| round(&mut ring, entries));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, nop);
criterion_main!(benches);
