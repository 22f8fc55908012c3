//! One thread's load: the loop between its ring and its connections.

use std::collections::VecDeque;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::args::Settings;
use crate::batch::{Batch, Expectation, Expected, Progress};
use crate::pace::Pace;
use crate::report::Tally;
use crate::ring::{Completion, Event, Ring};
use crate::source::Source;

/// An active connection.
struct Connection {
    stream: TcpStream,
    batch: Batch,
    state: State,
    /// Requests that it has still to send before it is closed; not counted when it stays.
    left: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Its answers are awaited.
    Busy,
    /// The answer to its last request is.
    BusyLast,
    /// The server has to close it.
    Ending,
    /// Nothing is in flight on it (an open loop).
    Free,
    /// It has had an error: a window with errors is void, and no load replaces it.
    Dead,
}

/// Which of the errors.
enum Fault {
    Connect,
    Read,
    Write,
    Answer,
}

/// What a thread is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task<'a> {
    pub(crate) settings: &'a Settings,
    /// The thread's number.
    pub(crate) number: usize,
    /// Readable when the window ends early.
    pub(crate) stop: RawFd,
}

/// A thread's load.
pub(crate) struct Worker<'a> {
    settings: &'a Settings,
    ring: Ring,
    source: Source,
    connections: Vec<Connection>,
    expected: Expectation,
    /// When requests are due, and the connections to send them on, in an open loop.
    pace: Option<Pace>,
    free: VecDeque<usize>,
    /// Connections without an error.
    alive: usize,
    tally: Tally,
}

impl<'a> Worker<'a> {
    /// Loads the server on `streams` until the window ends.
    pub(crate) fn load(
        task: Task<'a>,
        mut ring: Ring,
        streams: Vec<TcpStream>,
        expected: Expectation,
    ) -> Result<(Tally, Vec<TcpStream>)> {
        let settings = task.settings;
        let longest = expected
            .usual
            .batch_bytes()
            .max(expected.last.batch_bytes());
        ring.register_buffers(streams.len(), longest)?;
        let now = Instant::now();
        let (state, left) = first_state(settings);
        let connection = |stream| Connection {
            stream,
            batch: Batch::new(now),
            state,
            left,
        };
        let pace = settings
            .rate_per_s
            .map(|rate| Pace::new(now, rate, task.number, settings.threads));
        let mut worker = Self {
            settings,
            ring,
            source: Source::new(settings),
            alive: streams.len(),
            free: (0..streams.len()).filter(|_| pace.is_some()).collect(),
            connections: streams.into_iter().map(connection).collect(),
            expected,
            pace,
            tally: Tally::new(now)?,
        };
        worker.begin(task.stop)?;
        worker.run()?;
        worker.finish();
        let streams = worker.connections.into_iter().map(|c| c.stream);
        Ok((worker.tally, streams.collect()))
    }

    fn begin(&mut self, stop: RawFd) -> Result<()> {
        self.ring.end_after(self.settings.duration, stop)?;
        for (number, connection) in self.connections.iter().enumerate() {
            self.ring.receive(number, &connection.stream)?;
            if connection.state != State::Free {
                let last = connection.state == State::BusyLast;
                self.ring.send(number, &connection.stream, last)?;
            }
        }
        Ok(())
    }

    /// Turns until the end, or until no connection is left. The clock is read once a turn: a batch that
    /// completes in a turn ends, and the next begins, when the turn began, so that no time is lost
    /// between them.
    fn run(&mut self) -> Result<()> {
        let mut completions = Vec::new();
        while self.alive > 0 {
            let longest = self.send_due()?;
            self.ring.turn(&mut completions, longest)?;
            let now = Instant::now();
            self.tally.ended = now;
            for completion in &completions {
                if matches!(completion.event, Event::End) {
                    return Ok(());
                }
                self.process(*completion, now)?;
            }
        }
        Ok(())
    }

    /// Sends what is due on the connections that are free, each in its turn; returns how long nothing
    /// more is due, when a connection is left to send it on.
    #[inline]
    fn send_due(&mut self) -> Result<Option<Duration>> {
        let Some(pace) = &mut self.pace else {
            return Ok(None);
        };
        let now = Instant::now();
        while let Some(&number) = self.free.front() {
            let Some(due) = pace.take(now) else {
                return Ok(Some(pace.next().saturating_duration_since(now)));
            };
            self.free.pop_front();
            let connection = &mut self.connections[number];
            if connection.state == State::Dead {
                continue;
            }
            connection.batch = Batch::new(due);
            connection.state = State::Busy;
            self.ring.send(number, &connection.stream, false)?;
        }
        Ok(None)
    }

    #[inline]
    fn process(&mut self, completion: Completion, now: Instant) -> Result<()> {
        let connection = match completion.event {
            Event::Received {
                connection,
                buffer,
                length,
            } => {
                self.received(connection, buffer, length, now)?;
                connection
            }
            Event::OutOfBuffers { connection } => connection,
            Event::Closed { connection } => return self.closed(connection, now),
            Event::Connected { connection } => return self.connected(connection),
            Event::ConnectFailed { connection } => {
                self.retire(connection, &Fault::Connect);
                return Ok(());
            }
            Event::ReadFailed { connection } => {
                self.retire(connection, &Fault::Read);
                return Ok(());
            }
            Event::WriteFailed { connection } => {
                self.retire(connection, &Fault::Write);
                return Ok(());
            }
            Event::End => return Ok(()),
        };
        let reading = &self.connections[connection];
        if !completion.more && reading.state != State::Dead {
            self.ring.receive(connection, &reading.stream)?;
        }
        Ok(())
    }

    #[inline]
    fn received(&mut self, number: usize, buffer: u16, length: usize, now: Instant) -> Result<()> {
        let connection = &mut self.connections[number];
        let expected = expected_in(connection.state, &self.expected);
        let batch = &mut connection.batch;
        let progress = self
            .ring
            .take(buffer, length, |bytes| batch.receive(bytes, expected));
        match (connection.state, progress) {
            (State::Dead, _) => {}
            // Nothing was asked for.
            (State::Free | State::Ending, _) | (_, Progress::Wrong) => {
                self.retire(number, &Fault::Answer);
            }
            (State::Busy | State::BusyLast, Progress::Incomplete) => {}
            (State::Busy | State::BusyLast, Progress::Complete) => self.completed(number, now)?,
        }
        Ok(())
    }

    /// Counts a batch, and sends the next.
    #[inline]
    fn completed(&mut self, number: usize, now: Instant) -> Result<()> {
        let connection = &mut self.connections[number];
        let latency = now.duration_since(connection.batch.sent);
        self.tally.requests += self.settings.pipeline as u64;
        self.tally.bytes += expected_in(connection.state, &self.expected).batch_bytes() as u64;
        self.tally.errors_timeout += u64::from(latency > self.settings.timeout);
        self.tally.record(latency);
        if self.pace.is_some() {
            connection.state = State::Free;
            self.free.push_back(number);
            return Ok(());
        }
        if self.settings.requests_per_connection.is_some() {
            connection.left -= 1;
            connection.state = match connection.left {
                0 => State::Ending,
                1 => State::BusyLast,
                _ => State::Busy,
            };
            if connection.state == State::Ending {
                return Ok(());
            }
        }
        connection.batch = Batch::new(now);
        let last = connection.state == State::BusyLast;
        self.ring.send(number, &connection.stream, last)
    }

    /// The server has closed a connection: another takes the place of one that was to end.
    fn closed(&mut self, number: usize, now: Instant) -> Result<()> {
        if self.connections[number].state != State::Ending {
            self.retire(number, &Fault::Read);
            return Ok(());
        }
        let Ok(stream) = self.new_stream() else {
            self.retire(number, &Fault::Connect);
            return Ok(());
        };
        let (state, left) = first_state(self.settings);
        let connection = &mut self.connections[number];
        *connection = Connection {
            stream,
            batch: Batch::new(now),
            state,
            left,
        };
        self.ring.connect(number, &connection.stream)
    }

    fn new_stream(&mut self) -> io::Result<TcpStream> {
        self.source.socket().map(TcpStream::from)
    }

    fn connected(&mut self, number: usize) -> Result<()> {
        let connection = &self.connections[number];
        let last = connection.state == State::BusyLast;
        self.ring.receive(number, &connection.stream)?;
        self.ring.send(number, &connection.stream, last)
    }

    /// Counts the answers that a connection has had, and its error, and ends it. Its descriptor stays
    /// open, so that no other connection gets its number.
    #[cold]
    fn retire(&mut self, number: usize, fault: &Fault) {
        self.count_answers(number);
        let connection = &mut self.connections[number];
        if std::mem::replace(&mut connection.state, State::Dead) == State::Dead {
            return;
        }
        self.alive -= 1;
        match fault {
            Fault::Connect => self.tally.errors_connect += 1,
            Fault::Read => self.tally.errors_read += 1,
            Fault::Write => self.tally.errors_write += 1,
            Fault::Answer => self.tally.errors_status += 1,
        }
        // It ends the receive; the connection may have ended already.
        let _ = connection.stream.shutdown(Shutdown::Both);
    }

    /// Counts the whole answers of a batch that is not complete.
    fn count_answers(&mut self, number: usize) {
        let connection = &self.connections[number];
        if matches!(connection.state, State::Busy | State::BusyLast) {
            let expected = expected_in(connection.state, &self.expected);
            let answers = connection.batch.answers(expected);
            self.tally.requests += answers as u64;
            self.tally.bytes += (answers * expected.answer_bytes()) as u64;
        }
    }

    /// Counts what was under way at the end: whole answers, and those that are overdue.
    fn finish(&mut self) {
        let (ended, timeout) = (self.tally.ended, self.settings.timeout);
        for number in 0..self.connections.len() {
            self.count_answers(number);
            let connection = &self.connections[number];
            if matches!(connection.state, State::Busy | State::BusyLast) {
                let waited = ended.duration_since(connection.batch.sent);
                self.tally.errors_timeout += u64::from(waited > timeout);
            }
        }
        if let (Some(pace), Some(overdue)) = (&self.pace, ended.checked_sub(timeout)) {
            self.tally.errors_timeout += pace.waiting(overdue);
        }
        self.tally.connections_left = self.alive as u64;
    }
}

/// What a connection begins with: its state, and the requests that it will send before it is closed.
fn first_state(settings: &Settings) -> (State, u32) {
    match settings.requests_per_connection {
        _ if settings.rate_per_s.is_some() => (State::Free, 0),
        None => (State::Busy, 0),
        Some(1) => (State::BusyLast, 1),
        Some(requests) => (State::Busy, requests),
    }
}

fn expected_in(state: State, expected: &Expectation) -> &Expected {
    match state {
        State::BusyLast => &expected.last,
        State::Busy | State::Ending | State::Free | State::Dead => &expected.usual,
    }
}
