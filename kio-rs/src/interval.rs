//! Waiting again and again for the same time, at no cost between.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::context;
use crate::driver::{Driver, Request, Socket};
use crate::net::stopping;
use crate::op::{Kind, Polled};
use crate::slab::Key;

/// Ticks every `period`, by a timer of the kernel's. While a task sleeps ([`crate::sleep`]), its
/// worker reads the clock whenever it looks at the kernel; an interval costs nothing but its ticks.
///
/// # Errors
/// When the process may open no more files, or the period is zero.
///
/// # Panics
/// On a thread that is no worker's.
pub fn interval(period: Duration) -> io::Result<Interval> {
    let driver = context::driver("interval");
    if period.is_zero() {
        let what = "an interval's period is longer than zero";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
    let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
    let expiration = Expiration::Interval(TimeSpec::from_duration(period));
    timer.set(expiration, TimerSetTimeFlags::empty())?;
    let readable = driver.create(Kind::Poll);
    Ok(Interval {
        driver,
        timer: Rc::new(timer),
        readable,
    })
}

/// What [`interval`] gives.
pub struct Interval {
    driver: Rc<Driver>,
    timer: Rc<TimerFd>,
    readable: Key,
}

impl Interval {
    /// The next tick. Those that were missed are one.
    ///
    /// Dropping the future before it is ready loses none.
    ///
    /// # Errors
    /// [`io::ErrorKind::ConnectionAborted`] once the runtime was asked to stop.
    pub async fn tick(&mut self) -> io::Result<()> {
        poll_fn(|context| self.poll_tick(context)).await
    }

    fn poll_tick(&mut self, context: &Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.driver.stopping() {
                return Poll::Ready(Err(stopping()));
            }
            match self.driver.poll(self.readable, context) {
                Polled::Ready(_) => {
                    self.driver.counters().kernel_entries.add(1);
                    match self.timer.wait() {
                        // The edge of a tick that was taken already.
                        Err(Errno::EAGAIN) => {}
                        result => return Poll::Ready(result.map_err(io::Error::from)),
                    }
                }
                Polled::InFlight | Polled::NeedsWaiter => return Poll::Pending,
                Polled::Idle => {
                    let request = Request::Readable { fd: self.raw() };
                    // SAFETY: the request points to no memory.
                    unsafe { self.driver.submit(self.readable, &request) }?;
                }
            }
        }
    }

    fn raw(&self) -> RawFd {
        self.timer.as_fd().as_raw_fd()
    }
}

impl Drop for Interval {
    fn drop(&mut self) {
        self.driver.forget(self.raw());
        // The timer is closed when the wait for it has ended.
        let timer = Box::new(Rc::clone(&self.timer));
        let socket = Socket::Fd(self.raw());
        self.driver
            .orphan(self.readable, Kind::Poll, socket, Some(timer));
    }
}
