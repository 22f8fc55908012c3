//! One thread's load: the loop between its ring and its connections.

use std::net::{Shutdown, TcpStream};
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::batch::{Batch, Expected, Progress};
use crate::report::Tally;
use crate::ring::{Completion, Event, Ring};

/// An active connection.
struct Connection {
    stream: TcpStream,
    batch: Batch,
    /// Not after its first error: a window with errors is void, and no load replaces it.
    alive: bool,
}

/// Which of the errors.
enum Fault {
    Read,
    Write,
    Answer,
}

/// A thread's load.
pub(crate) struct Worker {
    ring: Ring,
    connections: Vec<Connection>,
    expected: Expected,
    pipeline: usize,
    timeout: Duration,
    /// Connections without an error.
    alive: usize,
    tally: Tally,
}

impl Worker {
    /// Loads the server on `streams` for `duration`, or until `stop` can be read from.
    pub(crate) fn load(
        mut ring: Ring,
        streams: Vec<TcpStream>,
        expected: Expected,
        pipeline: usize,
        timeout: Duration,
        duration: Duration,
        stop: RawFd,
    ) -> Result<(Tally, Vec<TcpStream>)> {
        ring.register_buffers(streams.len(), expected.batch_bytes())?;
        let now = Instant::now();
        let connection = |stream| Connection {
            stream,
            batch: Batch::new(now),
            alive: true,
        };
        let mut worker = Self {
            alive: streams.len(),
            ring,
            connections: streams.into_iter().map(connection).collect(),
            expected,
            pipeline,
            timeout,
            tally: Tally::new(now)?,
        };
        worker.begin(duration, stop)?;
        worker.run()?;
        worker.finish();
        let streams = worker.connections.into_iter().map(|c| c.stream);
        Ok((worker.tally, streams.collect()))
    }

    fn begin(&mut self, duration: Duration, stop: RawFd) -> Result<()> {
        self.ring.end_after(duration, stop)?;
        for (number, connection) in self.connections.iter().enumerate() {
            self.ring.receive(number, &connection.stream)?;
            self.ring.send(number, &connection.stream)?;
        }
        Ok(())
    }

    /// Turns until the end, or until no connection is left. The clock is read once a turn: a batch that completes in a turn ends, and
    /// the next begins, when the turn began, so that no time is lost between them.
    fn run(&mut self) -> Result<()> {
        let mut completions = Vec::new();
        while self.alive > 0 {
            self.ring.turn(&mut completions)?;
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
            Event::ReadFailed { connection } => {
                self.retire(connection, &Fault::Read);
                return Ok(());
            }
            Event::OutOfBuffers { connection } => connection,
            Event::WriteFailed { connection } => {
                self.retire(connection, &Fault::Write);
                return Ok(());
            }
            Event::End => return Ok(()),
        };
        let reading = &self.connections[connection];
        if !completion.more && reading.alive {
            self.ring.receive(connection, &reading.stream)?;
        }
        Ok(())
    }

    #[inline]
    fn received(&mut self, number: usize, buffer: u16, length: usize, now: Instant) -> Result<()> {
        let connection = &mut self.connections[number];
        let expected = &self.expected;
        let batch = &mut connection.batch;
        let progress = self
            .ring
            .take(buffer, length, |bytes| batch.receive(bytes, expected));
        if !connection.alive {
            return Ok(());
        }
        match progress {
            Progress::Incomplete => {}
            Progress::Complete => {
                let latency = now.duration_since(connection.batch.sent);
                self.tally.requests += self.pipeline as u64;
                self.tally.errors_timeout += u64::from(latency > self.timeout);
                self.tally.record(latency);
                connection.batch = Batch::new(now);
                self.ring.send(number, &connection.stream)?;
            }
            Progress::Wrong => self.retire(number, &Fault::Answer),
        }
        Ok(())
    }

    /// Counts the answers that a connection has had, and its error, and ends it. Its descriptor stays
    /// open, so that no other connection gets its number.
    #[cold]
    fn retire(&mut self, number: usize, fault: &Fault) {
        let connection = &mut self.connections[number];
        if !std::mem::replace(&mut connection.alive, false) {
            return;
        }
        self.alive -= 1;
        self.tally.requests += connection.batch.answers(&self.expected) as u64;
        match fault {
            Fault::Read => self.tally.errors_read += 1,
            Fault::Write => self.tally.errors_write += 1,
            Fault::Answer => self.tally.errors_status += 1,
        }
        // It ends the receive; the connection may have ended already.
        let _ = connection.stream.shutdown(Shutdown::Both);
    }

    /// Counts what was under way at the end: whole answers, and those that are overdue.
    fn finish(&mut self) {
        for connection in self.connections.iter().filter(|c| c.alive) {
            let batch = &connection.batch;
            self.tally.requests += batch.answers(&self.expected) as u64;
            let waited = self.tally.ended.duration_since(batch.sent);
            self.tally.errors_timeout += u64::from(waited > self.timeout);
        }
        self.tally.connections_left = self.alive as u64;
        self.tally.bytes = self.tally.requests * self.expected.answer_bytes() as u64;
    }
}
