//! Lines of a child's output, read with a deadline.

use std::io::Read;
use std::os::fd::AsFd;
use std::process::ChildStdout;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::interrupt::Interrupt;

/// A wait is cut into pieces of this length, since a signal may reach another thread.
const SLICE: Duration = Duration::from_millis(500);

/// The output of a child.
#[derive(Debug)]
pub struct Lines {
    output: ChildStdout,
    interrupt: Interrupt,
    read: Vec<u8>,
}

/// What came first.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// A whole line, without its end.
    Line(String),
    /// The end of the output; a last line without an end is dropped.
    Closed,
    /// The deadline.
    Late,
}

impl Lines {
    /// Reads `output`; the waits end when `interrupt` is set.
    pub fn new(output: ChildStdout, interrupt: Interrupt) -> Self {
        Self {
            output,
            interrupt,
            read: Vec::new(),
        }
    }

    /// The next line.
    ///
    /// # Errors
    /// When the output cannot be read, or at an interrupt.
    pub fn next(&mut self, deadline: Instant) -> Result<Next> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Ok(Next::Line(
                    String::from_utf8_lossy(&line[..end]).into_owned(),
                ));
            }
            if !self.wait_readable(deadline)? {
                return Ok(Next::Late);
            }
            let mut chunk = [0; 65536];
            let n = self.output.read(&mut chunk).context("cannot read output")?;
            if n == 0 {
                return Ok(Next::Closed);
            }
            self.read.extend_from_slice(&chunk[..n]);
        }
    }

    /// Whether there is something to read, or the end, before `deadline`.
    ///
    /// # Errors
    /// At an interrupt.
    pub fn wait_readable(&self, deadline: Instant) -> Result<bool> {
        loop {
            self.interrupt.check()?;
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = PollTimeout::try_from(left.min(SLICE)).unwrap_or(PollTimeout::ZERO);
            let mut fds = [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, timeout) {
                Ok(0) if left <= SLICE => return Ok(false),
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(true),
                Err(error) => return Err(error).context("cannot wait for output"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use records::Scheduling;

    use super::*;
    use crate::host::process::Process;
    use crate::interrupt::Interrupted;

    fn lines(script: &str) -> (Process, Lines, Interrupt) {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdout(Stdio::piped());
        let mut process = Process::start(&mut command, &[], Scheduling::Other).unwrap();
        let interrupt = Interrupt::default();
        let lines = Lines::new(process.take_output().unwrap(), interrupt.clone());
        (process, lines, interrupt)
    }

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn lines_come_whole_and_a_torn_one_is_dropped() {
        let (_process, mut lines, _) = lines("printf 'a\\nb'; printf 'c\\nd'");
        assert_eq!(lines.next(far()).unwrap(), Next::Line("a".to_owned()));
        assert_eq!(lines.next(far()).unwrap(), Next::Line("bc".to_owned()));
        assert_eq!(lines.next(far()).unwrap(), Next::Closed);
    }

    #[test]
    fn a_wait_ends_at_its_deadline_and_at_an_interrupt() {
        let (_process, mut lines, interrupt) = lines("sleep 60");
        assert_eq!(lines.next(Instant::now()).unwrap(), Next::Late);
        interrupt.set();
        assert!(lines.next(far()).unwrap_err().is::<Interrupted>());
    }
}
