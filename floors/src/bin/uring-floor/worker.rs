//! The loop of a worker: completions in, the connections' next steps out.

use std::os::fd::{AsFd, AsRawFd};

use anyhow::{Context, Error, Result};
use floors::{Linger, Seat};
use hello_http::Mode;
use io_uring::{cqueue, squeue};
use server_kit::Counters;

use crate::args::{Args, Receive};
use crate::buffers::Buffers;
use crate::connection::{Connection, Step};
use crate::entries::{self, Entries, Operation, operation};
use crate::queues::Queues;
use crate::unconfirmed::Unconfirmed;

pub(crate) struct Worker<'r> {
    queues: Queues<'r>,
    entries: Entries,
    /// None when connections have buffers of their own.
    buffers: Option<Buffers>,
    own_bytes: usize,
    mode: Mode,
    /// By descriptor.
    connections: Vec<Connection>,
    unconfirmed: Unconfirmed,
    linger: Linger,
    listener: i32,
    accepting_failed: bool,
    stopping: bool,
    counters: &'r Counters,
}

impl<'r> Worker<'r> {
    pub(crate) fn new(
        seat: &'r Seat,
        args: &Args,
        queues: Queues<'r>,
        buffers: Option<Buffers>,
    ) -> Result<Self> {
        // A listener that does not block makes accept operations fail rather than wait.
        seat.listener
            .set_nonblocking(false)
            .context("cannot make the listener blocking")?;
        let mut worker = Self {
            queues,
            entries: Entries::new(args),
            buffers,
            own_bytes: match args.recv {
                Receive::OneShot => args.buffer_bytes as usize,
                Receive::Multishot | Receive::Bundle => 0,
            },
            mode: Mode::new(args.common.no_parse, args.common.body_bytes),
            connections: Vec::new(),
            unconfirmed: Unconfirmed::default(),
            linger: Linger::default(),
            listener: seat.listener.as_raw_fd(),
            accepting_failed: false,
            stopping: false,
            counters: &seat.counters,
        };
        worker.push_own(&entries::stop(seat.stop.as_fd().as_raw_fd()));
        worker.push_own(&worker.entries.accept(worker.listener));
        Ok(worker)
    }

    pub(crate) fn run(&mut self) -> Result<()> {
        while !self.stopping {
            self.turn()?;
        }
        // Whatever was answered goes to the kernel.
        self.queues.turn(false).context("io_uring_enter failed")?;
        let open = self
            .connections
            .iter()
            .filter(|connection| connection.is_open());
        self.counters.closes.add(open.count() as u64);
        Ok(())
    }

    #[inline]
    fn turn(&mut self) -> Result<()> {
        if let Some(buffers) = &mut self.buffers {
            buffers.publish();
        }
        let wait = !self.unconfirmed.hurry;
        self.queues.turn(wait).context("io_uring_enter failed")?;
        self.unconfirmed.called(&self.queues);
        while let Some(completion) = self.queues.completion() {
            self.dispatch(&completion)?;
        }
        if self.entries.skips_sends() {
            self.confirm();
        }
        Ok(())
    }

    fn confirm(&mut self) {
        let confirmed = self.unconfirmed.confirmed();
        for &(connection, send) in &confirmed {
            self.connections[connection as usize].confirm(send);
            self.step(connection);
        }
        self.unconfirmed.settle(confirmed, &self.connections);
    }

    #[inline]
    fn dispatch(&mut self, completion: &cqueue::Entry) -> Result<()> {
        let (result, flags) = (completion.result(), completion.flags());
        let (operation, connection) = operation(completion.user_data());
        match operation {
            Operation::Receive => self.received(connection, result, flags),
            Operation::Send => self.sent(connection, result, flags),
            Operation::Shutdown => {
                // A peer that is gone ends the receive too, which is waited for anyway.
                self.connections[connection as usize].send_ended();
                self.step(connection);
            }
            Operation::Cancel => {
                if result < 0 {
                    self.connections[connection as usize].cancel_failed();
                    self.step(connection);
                }
            }
            // Linux has closed it whatever it says.
            Operation::Close => {}
            Operation::Accept => self.accepted(result, flags),
            Operation::Pause => self.push_own(&self.entries.accept(self.listener)),
            Operation::Tick => self.tick(),
            Operation::Stop if result < 0 => {
                let error = std::io::Error::from_raw_os_error(-result);
                return Err(Error::new(error).context("cannot wait for the signal to stop"));
            }
            Operation::Stop => self.stopping = true,
        }
        Ok(())
    }

    #[inline]
    fn received(&mut self, number: u32, result: i32, flags: u32) {
        let connection = &mut self.connections[number as usize];
        if !cqueue::more(flags) {
            connection.receive_ended();
        }
        let length = u32::try_from(result).unwrap_or(0);
        let mut requests = 0;
        match &mut self.buffers {
            Some(buffers) => {
                buffers.take(flags, length, |bytes| requests += connection.input(bytes))
            }
            None => requests = connection.input_own(length as usize),
        }
        match -result {
            0 => connection.peer_ended(),
            ..0 => {}
            libc::ENOBUFS => self.counters.buffers_exhausted.add(1),
            // It is armed again if it is still wanted.
            libc::ECANCELED | libc::EINTR | libc::EAGAIN => {}
            _ => self.counters.errors.add(u64::from(connection.fail())),
        }
        // Counted before they are sent: whoever has an answer finds it counted.
        self.counters.requests.add(u64::from(requests));
        self.step(number);
    }

    #[inline]
    fn sent(&mut self, number: u32, result: i32, flags: u32) {
        let connection = &mut self.connections[number as usize];
        if cqueue::notif(flags) {
            connection.notified();
            return self.step(number);
        }
        if cqueue::more(flags) {
            connection.notification_due();
        }
        match -result {
            ..=0 => connection.sent(result.unsigned_abs() as usize),
            libc::EAGAIN | libc::EINTR => connection.send_again(),
            _ => {
                connection.send_ended();
                self.counters.errors.add(u64::from(connection.fail()));
            }
        }
        self.step(number);
    }

    /// Submits whatever the connection's state asks for.
    #[inline]
    fn step(&mut self, number: u32) {
        loop {
            let connection = &mut self.connections[number as usize];
            let entry = match connection.next() {
                Step::Wait => {
                    if self.entries.skips_sends() && connection.needs_confirmation() {
                        self.unconfirmed.follow_up = true;
                    }
                    return;
                }
                Step::Send => {
                    let quick = self.entries.skips_sends() && connection.may_send_unconfirmed();
                    if quick {
                        connection.send_unconfirmed(self.unconfirmed.push(number));
                    }
                    self.entries.send(number, connection.outbox.unsent(), quick)
                }
                Step::Receive => self.entries.receive(number, connection.own()),
                Step::CancelReceive => self.entries.cancel_receive(number),
                Step::Shutdown => {
                    self.begin_lingering(number);
                    self.entries.shutdown(number)
                }
                Step::Close => {
                    self.counters.closes.add(1);
                    self.entries.close(number)
                }
            };
            // SAFETY: an entry points to the connection's staged answers or its own buffer, if to
            // anything. Both stay in place, and nobody writes to the former or looks at the latter,
            // until the connection hears of the completion, or of the call's end where there is
            // none. The worker is never dropped.
            unsafe { self.queues.push(&entry) };
        }
    }

    fn begin_lingering(&mut self, number: u32) {
        if self.linger.is_empty() {
            self.push_own(&entries::tick());
        }
        let stamp = self.linger.add(number);
        self.connections[number as usize].drain(stamp);
    }

    fn tick(&mut self) {
        self.linger.tick();
        while let Some((number, stamp)) = self.linger.overdue() {
            self.connections[number as usize].overdue(stamp);
            self.step(number);
        }
        if !self.linger.is_empty() {
            self.push_own(&entries::tick());
        }
    }

    fn accepted(&mut self, result: i32, flags: u32) {
        match u32::try_from(result) {
            Ok(number) => {
                self.counters.accepts.add(1);
                let least = number as usize + 1;
                if self.connections.len() < least {
                    self.connections.resize_with(least, Connection::default);
                }
                self.connections[number as usize].open(self.mode, self.own_bytes);
                self.step(number);
            }
            // Cancelled or interrupted.
            Err(_) if matches!(-result, libc::ECANCELED | libc::EINTR) => {}
            Err(_) => self.counters.errors.add(1),
        }
        if cqueue::more(flags) {
            return;
        }
        // The peer left before it was accepted, or completions had to be taken out first.
        if result >= 0 || matches!(-result, libc::ECONNABORTED | libc::ECANCELED | libc::EINTR) {
            return self.push_own(&self.entries.accept(self.listener));
        }
        // Most likely no descriptor is left: accepting at once again would spin.
        if !std::mem::replace(&mut self.accepting_failed, true) {
            let error = std::io::Error::from_raw_os_error(-result);
            eprintln!("uring-floor: accepting failed; trying again: {error}");
        }
        self.push_own(&entries::pause());
    }

    /// Puts in an entry that is not a connection's.
    fn push_own(&mut self, entry: &squeue::Entry) {
        // SAFETY: such entries point to no memory, or to static memory.
        unsafe { self.queues.push(entry) };
    }
}
