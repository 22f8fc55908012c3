//! A server's binary, started for a test.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::from_str;
use server_kit::{CountersLine, Event, StartLine};

/// How long a server may take for a line, so that a test ends even when the server hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. It is killed when this is dropped, hence also when a test panics.
#[derive(Debug)]
pub struct Server {
    /// What it said when its sockets listened.
    pub start: StartLine,
    process: Process,
    lines: Receiver<String>,
}

impl Server {
    /// Starts the binary at `path` and waits until it listens. It listens on a free port of the
    /// loopback address unless `args` have `--listen`.
    ///
    /// # Errors
    /// When it cannot be started, or ends or says something else before its start line.
    pub fn spawn(path: impl AsRef<Path>, args: &[&str]) -> Result<Self> {
        let mut command = Command::new(path.as_ref());
        command.args(args);
        if !args.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        Self::start(&mut command)
    }

    /// Starts a command as it is, but for its standard input and output, and waits until it listens.
    ///
    /// # Errors
    /// When it cannot be started, or ends or says something else before its start line.
    pub fn start(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| {
            let program = Path::new(command.get_program());
            format!("cannot start {}; is it built?", program.display())
        })?;
        let stdout = child.stdout.take();
        let mut process = Process(child);
        let lines = read_lines(stdout.context("the server has no standard output")?);
        let line = next_line(&lines, &mut process)?;
        let start: StartLine =
            from_str(&line).with_context(|| format!("not a start line: {line}"))?;
        ensure!(start.event == Event::Start, "not a start line: {line}");
        Ok(Self {
            start,
            process,
            lines,
        })
    }

    /// The counts at this moment.
    ///
    /// # Errors
    /// When the server has ended or does not answer the signal.
    pub fn counters(&mut self) -> Result<CountersLine> {
        self.ask(Signal::SIGUSR1, Event::Counters)
    }

    /// How the server has ended, if it has.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let ended = self.process.0.try_wait();
        ended.context("cannot ask how the server ended")
    }

    /// Ends the server in its own way: how it ended, and its last counts.
    ///
    /// # Errors
    /// When it has ended already or does not end at the signal.
    pub fn stop(mut self) -> Result<(ExitStatus, CountersLine)> {
        let counters = self.ask(Signal::SIGTERM, Event::Stop)?;
        match self.lines.recv_timeout(PATIENCE) {
            Err(RecvTimeoutError::Disconnected) => {}
            Err(RecvTimeoutError::Timeout) => bail!("the server does not end after its stop line"),
            Ok(line) => bail!("the server went on after its stop line: {line}"),
        }
        let status = self
            .process
            .0
            .wait()
            .context("cannot wait for the server")?;
        Ok((status, counters))
    }

    fn ask(&mut self, signal: Signal, event: Event) -> Result<CountersLine> {
        let pid = Pid::from_raw(self.process.0.id().try_into()?);
        kill(pid, signal).with_context(|| format!("cannot send {signal}"))?;
        let line = next_line(&self.lines, &mut self.process)?;
        let counters: CountersLine =
            from_str(&line).with_context(|| format!("not a line of counters: {line}"))?;
        ensure!(counters.event == event, "not the {event:?} line: {line}");
        Ok(counters)
    }
}

/// A child that is killed and waited for when it goes out of sight.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Hands the lines over one by one, so that waiting for one can have an end.
fn read_lines(stdout: ChildStdout) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

fn next_line(lines: &Receiver<String>, process: &mut Process) -> Result<String> {
    match lines.recv_timeout(PATIENCE) {
        Ok(line) => Ok(line),
        Err(RecvTimeoutError::Timeout) => {
            bail!("the server has said nothing for {} s", PATIENCE.as_secs())
        }
        Err(RecvTimeoutError::Disconnected) => {
            let status = process.0.wait().context("cannot wait for the server")?;
            Err(anyhow!(
                "the server ended ({status}); see its standard error"
            ))
        }
    }
}

/// The most by which a case may make a server grow: a case sends several times as much to clients that
/// do not read, and 2000 connections with a buffer each take less.
const MOST_GROWTH_KIB: u64 = 64 << 10;

/// A line of `/proc/PID/status`, such as `VmHWM`, in KiB.
fn memory_kib(pid: u32, field: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let value = line.and_then(|line| line.trim_start_matches(':').split_whitespace().next());
    let value = value.with_context(|| format!("/proc/{pid}/status has no {field}"))?;
    Ok(value.parse()?)
}

/// Runs one case against a server of its own; [`crate::conformance_tests!`] calls it.
///
/// # Panics
/// When the server cannot be started, does not pass, takes much more memory meanwhile, or does not stop
/// cleanly afterwards.
#[track_caller]
pub fn assert_passes(path: impl AsRef<Path>, args: &[&str], case: &str) {
    let check = || {
        let server = Server::spawn(path, args)?;
        let case = crate::cases()
            .iter()
            .find(|known| known.name == case)
            .with_context(|| format!("there is no case {case}"))?;
        let pid = server.start.pid;
        let before = memory_kib(pid, "VmRSS")?;
        case.run(server.start.address)?;
        let growth = memory_kib(pid, "VmHWM")?.saturating_sub(before);
        ensure!(
            growth <= MOST_GROWTH_KIB,
            "the server grew by {growth} KiB; {MOST_GROWTH_KIB} are allowed"
        );
        let (status, _) = server.stop()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    };
    let checked: Result<()> = check();
    if let Err(error) = checked {
        panic!("{case}: {error:#}");
    }
}
