//! What an entry costs that does nothing: to the kernel and back, by the ring's set-up flags, and by how
//! the ring is named.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::io;
use std::os::fd::AsRawFd;
use std::ptr;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use io_uring::{Builder, IoUring, opcode};

// From `linux/io_uring.h`; the bindings keep theirs private.
const IORING_REGISTER_RING_FDS: u32 = 20;
const IORING_ENTER_GETEVENTS: u32 = 1;
const IORING_ENTER_SQ_WAKEUP: u32 = 1 << 1;
const IORING_ENTER_REGISTERED_RING: u32 = 1 << 4;

/// How long the kernel's thread looks for entries before it sleeps: longer than any round, so that it is
/// not woken.
const SQPOLL_IDLE_MS: u32 = 100;

/// Sets flags of a ring.
type SetUp = fn(&mut Builder);

const FLAGS: [(&str, SetUp); 8] = [
    ("none", |_| ()),
    ("COOP_TASKRUN", |ring| _ = ring.setup_coop_taskrun()),
    ("SINGLE_ISSUER", |ring| _ = ring.setup_single_issuer()),
    ("SINGLE_ISSUER COOP_TASKRUN", |ring| {
        _ = ring.setup_single_issuer().setup_coop_taskrun();
    }),
    (DEFAULT, defer),
    ("SINGLE_ISSUER DEFER_TASKRUN TASKRUN_FLAG", |ring| {
        defer(ring);
        ring.setup_taskrun_flag();
    }),
    ("SINGLE_ISSUER DEFER_TASKRUN NO_SQARRAY", |ring| {
        defer(ring);
        ring.setup_no_sqarray();
    }),
    ("SINGLE_ISSUER SQPOLL", |ring| {
        _ = ring.setup_single_issuer().setup_sqpoll(SQPOLL_IDLE_MS);
    }),
];

const DEFAULT: &str = "SINGLE_ISSUER DEFER_TASKRUN";

fn defer(ring: &mut Builder) {
    ring.setup_single_issuer().setup_defer_taskrun();
}

/// A ring, and its index where it is entered by that rather than by its descriptor.
struct Ring {
    uring: IoUring,
    index: Option<i32>,
}

impl Ring {
    fn make(set_up: SetUp) -> io::Result<Self> {
        let mut builder = IoUring::builder();
        set_up(&mut builder);
        let uring = builder.build(64)?;
        Ok(Self { uring, index: None })
    }

    fn registered(mut self) -> io::Result<Self> {
        /// `struct io_uring_rsrc_update` of `linux/io_uring.h`.
        #[repr(C)]
        struct Update {
            offset: u32,
            reserved: u32,
            data: u64,
        }
        let fd = self.uring.as_raw_fd();
        // The kernel picks the index when none is asked for.
        let mut update = Update {
            offset: u32::MAX,
            reserved: 0,
            data: u64::from(fd.unsigned_abs()),
        };
        let (update_at, one) = (ptr::from_mut(&mut update), 1);
        // SAFETY: one `Update` is passed, which the kernel reads and writes during the call.
        let registered = unsafe {
            libc::syscall(
                libc::SYS_io_uring_register,
                fd,
                IORING_REGISTER_RING_FDS,
                update_at,
                one,
            )
        };
        if registered != 1 {
            return Err(io::Error::last_os_error());
        }
        self.index = Some(update.offset.cast_signed());
        Ok(self)
    }

    /// Submits what is queued, and waits for as many completions: one call for all, since the crate's
    /// name a ring by its descriptor only.
    fn enter(&mut self, want: usize) -> io::Result<()> {
        let sqpoll = self.uring.params().is_setup_sqpoll();
        let queue = self.uring.submission();
        let queued = queue.len();
        let mut flags = IORING_ENTER_GETEVENTS;
        if sqpoll && queue.need_wakeup() {
            flags |= IORING_ENTER_SQ_WAKEUP;
        }
        drop(queue);
        let name = match self.index {
            Some(index) => {
                flags |= IORING_ENTER_REGISTERED_RING;
                index
            }
            None => self.uring.as_raw_fd(),
        };
        let argument: *const libc::c_void = ptr::null();
        let bytes = 0_usize;
        // SAFETY: the ring is live, and its entries point to no memory; no argument is passed.
        let entered = unsafe {
            libc::syscall(
                libc::SYS_io_uring_enter,
                name,
                queued,
                want,
                flags,
                argument,
                bytes,
            )
        };
        if entered < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// Submits as many in one entry into the kernel, and takes their completions out.
    fn round(&mut self, entries: usize) {
        let nop = opcode::Nop::new().build();
        for _ in 0..entries {
            // SAFETY: the entry points to no memory.
            unsafe { self.uring.submission().push(&nop) }
                .expect("the queue is longer than a round");
        }
        let mut taken = 0;
        while taken < entries {
            self.enter(entries - taken)
                .expect("the kernel takes entries that do nothing");
            taken += self.uring.completion().count();
        }
    }
}

fn nop(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("nop");
    let mut measure = |name: &str, make: &dyn Fn() -> io::Result<Ring>| {
        for entries in [1, 32] {
            let mut ring = match make() {
                Ok(ring) => ring,
                Err(error) => {
                    eprintln!("nop: this kernel refuses {name}; left out: {error}");
                    continue;
                }
            };
            group.throughput(Throughput::Elements(entries as u64));
            group.bench_function(BenchmarkId::new(name, entries), |bencher| {
                bencher.iter(|| ring.round(entries));
            });
        }
    };
    for (name, set_up) in FLAGS {
        measure(name, &|| Ring::make(set_up));
    }
    let registered = format!("{DEFAULT}, a registered ring");
    measure(&registered, &|| Ring::make(defer)?.registered());
    group.finish();
}

criterion_group!(benches, nop);
criterion_main!(benches);
