//! Counts the system calls that the workers make on sockets and epoll.
//!
//! Tokio makes these calls itself, through functions of the C library, so they cannot be counted
//! where the server calls Tokio: a read may take one `recv` or two. A tracer would see them but
//! slows the server down. So this file defines the functions: symbols of the binary come before
//! those of a shared library, hence Tokio and the standard library call these, which count on the
//! thread's own worker and make the system call. The library's own would do the same without the
//! count; none is a cancellation point that anything here relies on. Waiting is where a worker may
//! spin, see [`tokio_baseline::wait`].
//!
//! Not counted: `futex`, by which the workers of the multi-thread runtime sleep and wake each
//! other, and the allocator's calls for memory. Threads that are not workers count nothing.

use std::ptr::null_mut;

use libc::{c_int, c_long, c_void, epoll_event, size_t, sockaddr, socklen_t, ssize_t, syscall};

#[inline]
fn count() {
    tokio_baseline::count(|counters| counters.kernel_entries.add(1));
}

const NO_ADDRESS: *mut sockaddr = null_mut();
const NO_LENGTH: *mut socklen_t = null_mut();

#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_wait(
    epoll: c_int,
    events: *mut epoll_event,
    capacity: c_int,
    timeout_ms: c_int,
) -> c_int {
    let (epoll, capacity) = (c_long::from(epoll), c_long::from(capacity));
    // `epoll_pwait`, because not every architecture has the older call. No mask of signals.
    let (mask, mask_bytes) = (null_mut::<c_void>(), size_of::<u64>());
    tokio_baseline::wait(timeout_ms, |timeout_ms| {
        count();
        let (number, timeout_ms) = (libc::SYS_epoll_pwait, c_long::from(timeout_ms));
        // SAFETY: `events` points to `capacity` events, as epoll_wait(2) asks of the caller.
        unsafe {
            syscall(
                number, epoll, events, capacity, timeout_ms, mask, mask_bytes,
            ) as c_int
        }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_ctl(
    epoll: c_int,
    operation: c_int,
    file: c_int,
    event: *mut epoll_event,
) -> c_int {
    count();
    let (epoll, operation) = (c_long::from(epoll), c_long::from(operation));
    // SAFETY: `event` is null or points to an event, as epoll_ctl(2) asks of the caller.
    unsafe {
        syscall(
            libc::SYS_epoll_ctl,
            epoll,
            operation,
            c_long::from(file),
            event,
        ) as c_int
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn accept4(
    listener: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
    flags: c_int,
) -> c_int {
    count();
    let (listener, flags) = (c_long::from(listener), c_long::from(flags));
    // SAFETY: `address` and `length` are null or describe a buffer, as accept4(2) asks.
    unsafe { syscall(libc::SYS_accept4, listener, address, length, flags) as c_int }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn recv(
    socket: c_int,
    buffer: *mut c_void,
    length: size_t,
    flags: c_int,
) -> ssize_t {
    count();
    let (socket, flags) = (c_long::from(socket), c_long::from(flags));
    let number = libc::SYS_recvfrom;
    // SAFETY: `buffer` points to `length` bytes to write to, as recv(2) asks of the caller.
    unsafe { syscall(number, socket, buffer, length, flags, NO_ADDRESS, NO_LENGTH) as ssize_t }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn send(
    socket: c_int,
    buffer: *const c_void,
    length: size_t,
    flags: c_int,
) -> ssize_t {
    count();
    let (socket, flags) = (c_long::from(socket), c_long::from(flags));
    let (number, no_length) = (libc::SYS_sendto, 0 as c_long);
    // SAFETY: `buffer` points to `length` bytes to read, as send(2) asks of the caller.
    unsafe { syscall(number, socket, buffer, length, flags, NO_ADDRESS, no_length) as ssize_t }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn read(file: c_int, buffer: *mut c_void, length: size_t) -> ssize_t {
    count();
    // SAFETY: `buffer` points to `length` bytes to write to, as read(2) asks of the caller.
    unsafe { syscall(libc::SYS_read, c_long::from(file), buffer, length) as ssize_t }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn write(file: c_int, buffer: *const c_void, length: size_t) -> ssize_t {
    count();
    // SAFETY: `buffer` points to `length` bytes to read, as write(2) asks of the caller.
    unsafe { syscall(libc::SYS_write, c_long::from(file), buffer, length) as ssize_t }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn shutdown(socket: c_int, how: c_int) -> c_int {
    count();
    // SAFETY: shutdown(2) takes two numbers and no memory.
    unsafe { syscall(libc::SYS_shutdown, c_long::from(socket), c_long::from(how)) as c_int }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn close(file: c_int) -> c_int {
    count();
    // SAFETY: the caller owns `file` and does not use it again, as close(2) asks.
    unsafe { syscall(libc::SYS_close, c_long::from(file)) as c_int }
}
