//! What nginx counts.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use server_kit::{CountersLine, Event, Kept, WorkerCounters};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads nginx's counters, which are those of all its workers together.
pub struct Status {
    socket: PathBuf,
    /// How often it was read: each took a connection and a request, which do not count.
    reads: u64,
}

impl Status {
    /// Reads them once, to see that it works.
    pub fn new(socket: &Path) -> Result<Self> {
        let mut status = Self {
            socket: socket.to_owned(),
            reads: 0,
        };
        status.read(Event::Start)?;
        Ok(status)
    }

    /// The counts at this moment.
    pub fn read(&mut self, event: Event) -> Result<CountersLine> {
        let text = ask(&self.socket).context("cannot read nginx's status")?;
        self.reads += 1;
        let worker = counters(&text, self.reads)
            .with_context(|| format!("nginx's status is not readable: {text}"))?;
        Ok(CountersLine {
            event,
            kept: Kept::Requests,
            workers: vec![worker],
        })
    }
}

fn ask(socket: &Path) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// Reads the numbers out of the answer, without those of reading them `reads` times. Now open is
/// also the connection of this reading.
fn counters(text: &str, reads: u64) -> Option<WorkerCounters> {
    let (_, numbers) = text.split_once("Active connections:")?;
    let mut numbers = numbers.split_whitespace().map(str::parse::<u64>);
    let open = numbers.next()?.ok()?;
    let [accepts, handled, requests] = {
        let mut numbers = numbers.filter_map(Result::ok);
        [numbers.next()?, numbers.next()?, numbers.next()?]
    };
    let accepts_of_clients = accepts.checked_sub(reads)?;
    Some(WorkerCounters {
        accepts: accepts_of_clients,
        closes: (accepts_of_clients + 1).checked_sub(open)?,
        requests: requests.checked_sub(reads)?,
        errors: accepts - handled,
        ..WorkerCounters::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readings_own_connections_do_not_count() {
        let text = "HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\nActive connections: 3 \n\
            server accepts handled requests\n 12 12 105 \n\
            Reading: 0 Writing: 1 Waiting: 2 \n";
        let counters = counters(text, 2).unwrap();
        assert_eq!((counters.accepts, counters.closes), (10, 8));
        assert_eq!((counters.requests, counters.errors), (103, 0));
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(counters("HTTP/1.1 404 Not Found\r\n\r\n", 1).is_none());
        assert!(counters("Active connections: 1 \nserver accepts\n 1 1", 1).is_none());
    }
}
