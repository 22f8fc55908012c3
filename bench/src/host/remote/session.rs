//! One connection: ssh at work, with `bench probe` at its other end.

use std::io::Write;
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use records::Scheduling;

use super::protocol::{Answer, Request};
use crate::host::lines::{Lines, Next};
use crate::host::log::Log;
use crate::host::process::Process;
use crate::interrupt::Interrupt;

/// Longest wait for an answer: longer than the probe itself waits for a server.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the user's login there may print before the probe begins.
const MOST_NOISE_LINES: u32 = 100;

/// A connection. Dropping it ends the probe, and its server.
#[derive(Debug)]
pub struct Session {
    process: Process,
    input: ChildStdin,
    lines: Lines,
    log: Log,
}

/// What the probe says first.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The machine's architecture.
    pub architecture: String,
    /// The processors that may be used there.
    pub cpus: Vec<u32>,
}

impl Session {
    /// Starts `command`, which runs the probe, and waits until it is ready.
    ///
    /// # Errors
    /// When it ends instead; the message has what it wrote on standard error.
    pub fn open(command: &mut Command, interrupt: &Interrupt) -> Result<(Self, Ready)> {
        let log = Log::new().context("cannot make a temporary file")?;
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.stdio()?);
        let mut process =
            Process::start(command, &[], Scheduling::Other).context("cannot start ssh")?;
        let input = process.take_input().context("there is no input")?;
        let output = process.take_output().context("there is no output")?;
        let mut session = Self {
            process,
            input,
            lines: Lines::new(output, interrupt.clone()),
            log,
        };
        for _ in 0..MOST_NOISE_LINES {
            let line = session.line()?;
            if let Ok(Answer::Ready { architecture, cpus }) = serde_json::from_str(&line) {
                return Ok((session, Ready { architecture, cpus }));
            }
        }
        bail!("the login on the server's machine prints without end; `bench probe` never began")
    }

    /// The answer to a request. After an error other than [`Answer::Failed`] nothing more can be asked.
    ///
    /// # Errors
    /// When there is no answer, or at an interrupt.
    pub fn ask(&mut self, request: &Request) -> Result<Answer> {
        let mut text = serde_json::to_vec(request)?;
        text.push(b'\n');
        let sent = self.input.write_all(&text);
        if sent.and_then(|()| self.input.flush()).is_err() {
            return Err(self.cut());
        }
        let line = self.line()?;
        serde_json::from_str(&line).with_context(|| format!("the answer is not readable: {line}"))
    }

    fn line(&mut self) -> Result<String> {
        match self.lines.next(Instant::now() + PATIENCE)? {
            Next::Line(line) => Ok(line),
            Next::Closed => Err(self.cut()),
            Next::Late => bail!("the server's machine did not answer in {PATIENCE:?}"),
        }
    }

    fn cut(&mut self) -> anyhow::Error {
        let soon = Instant::now() + Duration::from_secs(1);
        let status = self.process.wait_until(soon);
        let status = status.ok().flatten();
        let how = status.map_or_else(String::new, |status| format!(" (ssh ended with {status})"));
        anyhow!(
            "the connection to the server's machine was cut{how}{}",
            self.log.last_words()
        )
    }
}
