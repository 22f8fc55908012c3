//! What is made known to a ring after its set-up, and what it is asked whether it can do.

use std::io;
use std::os::fd::AsRawFd;

use io_uring::types::Napi;
use io_uring::{IoUring, Probe, opcode};
use server_kit::closes_direct_descriptors_at_once;

use crate::config::{Config, Ops};
use crate::driver::places;
use crate::error::Error;

// From `linux/io_uring.h`; the bindings keep theirs private.
const IORING_REGISTER_RING_FDS: u32 = 20;
const IORING_UNREGISTER_RING_FDS: u32 = 21;

/// `struct io_uring_rsrc_update` of `linux/io_uring.h`.
#[repr(C)]
struct Update {
    offset: u32,
    reserved: u32,
    data: u64,
}

/// Finds out whether the kernel has the operations that the configuration asks for.
///
/// Multishot has no feature bit. The release that brought multishot accept brought the operation
/// SOCKET too (5.19), and that of multishot receive SEND_ZC (6.0).
pub(super) fn probe(uring: &IoUring, config: &Config) -> Result<(), Error> {
    let has = uring.params();
    // Multishot poll, by which other threads wake a worker, came with the tags of resources.
    let features = [
        (
            true,
            has.is_feature_ext_arg(),
            "waiting with a time-out",
            "5.11",
        ),
        (
            true,
            has.is_feature_resource_tagging(),
            "multishot poll",
            "5.13",
        ),
        (
            config.min_wait.is_some(),
            has.is_feature_min_timeout(),
            "a minimal wait",
            "6.12",
        ),
    ];
    for (wanted, there, feature, needs) in features {
        if wanted && !there {
            return Err(Error::unsupported(feature, needs));
        }
    }
    if config.ops == Ops::OneShot {
        return Ok(());
    }
    let mut probe = Probe::new();
    uring
        .submitter()
        .register_probe(&mut probe)
        .map_err(Error::ring("asking io_uring for its operations"))?;
    if !probe.is_supported(opcode::Socket::CODE) {
        return Err(Error::unsupported("multishot accept", "5.19"));
    }
    if !probe.is_supported(opcode::SendZc::CODE) {
        return Err(Error::unsupported("multishot receive", "6.0"));
    }
    Ok(())
}

/// Makes the ring known to this thread by an index, which saves looking its descriptor up at every
/// entry.
pub(super) fn ring_index(uring: &IoUring) -> Result<i32, Error> {
    // The kernel picks the index when none is asked for.
    let mut update = Update {
        offset: u32::MAX,
        reserved: 0,
        data: u64::from(uring.as_raw_fd().unsigned_abs()),
    };
    if ring_fds(uring, IORING_REGISTER_RING_FDS, &mut update) == 1 {
        return Ok(update.offset.cast_signed());
    }
    let source = io::Error::last_os_error();
    Err(match source.raw_os_error() {
        Some(libc::EINVAL) => Error::unsupported("a registered ring", "5.18"),
        _ => Error::ring("registering the ring")(source),
    })
}

/// Gives the index back. The registration would keep the ring alive until the thread ends.
pub(super) fn forget_ring_index(uring: &IoUring, index: i32) {
    let mut update = Update {
        offset: index.cast_unsigned(),
        reserved: 0,
        data: 0,
    };
    ring_fds(uring, IORING_UNREGISTER_RING_FDS, &mut update);
}

fn ring_fds(uring: &IoUring, operation: u32, update: &mut Update) -> i64 {
    let one = 1;
    // SAFETY: one `Update` is passed, which the kernel reads and writes during the call.
    unsafe {
        libc::syscall(
            libc::SYS_io_uring_register,
            uring.as_raw_fd(),
            operation,
            std::ptr::from_mut(update),
            one,
        )
    }
}

/// Makes the table of direct descriptors, where closing one of them is worth its name.
pub(super) fn direct_table(uring: &IoUring, config: &Config) -> Result<(), Error> {
    let length = places::table_length(config)?;
    let at_once = closes_direct_descriptors_at_once();
    if !at_once.map_err(Error::ring("trying direct descriptors"))? {
        return Err(Error::unsupported(
            "closing direct descriptors at once",
            "6.13",
        ));
    }
    uring
        .submitter()
        .register_files_sparse(length)
        .map_err(|source| match source.raw_os_error() {
            Some(libc::EINVAL) => {
                Error::unsupported("direct descriptors for accepted sockets", "5.19")
            }
            _ => Error::ring("making the table of direct descriptors")(source),
        })
}

/// Makes the kernel poll the network devices of the ring's sockets while a worker waits.
pub(super) fn napi(uring: &IoUring, busy_poll_us: u32) -> Result<(), Error> {
    let mut napi = Napi::new()
        .set_busy_poll_timeout(busy_poll_us)
        .set_prefer_busy_poll(true);
    uring
        .submitter()
        .register_napi(&mut napi)
        .map_err(|source| match source.raw_os_error() {
            Some(libc::EINVAL) => Error::unsupported("NAPI busy polling", "6.9"),
            Some(libc::EOPNOTSUPP) => {
                Error::left_out("NAPI busy polling", "CONFIG_NET_RX_BUSY_POLL")
            }
            _ => Error::ring("asking for NAPI busy polling")(source),
        })
}
