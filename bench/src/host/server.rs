//! One server process: started, ready, asked for its counters, stopped.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::sys::signal::Signal;
use records::Scheduling;
use server_kit::{CountersLine, Event, StartLine};

use super::lines::{Lines, Next};
use super::log::Log;
use super::process::Process;
use super::server_usage::ServerUsage;
use crate::arms::Arm;
use crate::interrupt::Interrupt;
use crate::placeholders::Placeholders;
use crate::subjects::Binary;

/// Longest wait for a server to be ready, to answer a signal, to stop.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause between two looks whether a server without a start line is ready.
const PAUSE: Duration = Duration::from_millis(2);

/// How to start a server.
#[derive(Clone, Debug)]
pub struct Launch {
    program: PathBuf,
    subject: String,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    cpus: Vec<u32>,
    scheduling: Scheduling,
    address: SocketAddr,
    reports: bool,
    /// Its standard input is kept open.
    holds_stdin: bool,
}

impl Launch {
    /// The arm's command line, with `placeholders` filled in, to serve `address` on `cpus`.
    pub fn new(
        arm: &Arm,
        binary: &Binary,
        placeholders: &Placeholders,
        address: SocketAddr,
        cpus: &[u32],
    ) -> Self {
        let env = arm.entry.env.iter();
        Self {
            program: binary.path.clone(),
            subject: arm.entry.subject.clone(),
            args: placeholders.expand_all(&arm.entry.args),
            env: env
                .map(|(name, value)| (name.clone(), placeholders.expand(value)))
                .collect(),
            cpus: cpus.to_vec(),
            scheduling: Scheduling::Other,
            address,
            reports: arm.reports,
            holds_stdin: arm.ends_with_stdin,
        }
    }

    /// The same under a scheduling policy.
    #[must_use]
    pub fn scheduled(mut self, scheduling: Scheduling) -> Self {
        self.scheduling = scheduling;
        self
    }

    /// The command, without its standard streams.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(&self.env);
        command
    }

    /// The command line as it is recorded: the binary by its subject's name, so that no path is in it.
    pub fn command_line(&self) -> Vec<String> {
        let mut line = vec![self.subject.clone()];
        line.extend(self.args.iter().cloned());
        line
    }
}

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    process: Process,
    address: SocketAddr,
    command_line: Vec<String>,
    /// Of a server that reports.
    reports: Option<Reports>,
    /// Its standard error, and its standard output when it does not report.
    log: Log,
}

#[derive(Debug)]
struct Reports {
    lines: Lines,
    start_text: String,
    start: StartLine,
}

impl Server {
    /// Starts a server and waits until its sockets listen.
    ///
    /// # Errors
    /// When it ends or stays silent instead; the message has what it wrote on standard error.
    pub fn start(launch: &Launch, interrupt: &Interrupt) -> Result<Self> {
        let log = Log::new().context("cannot make a temporary file")?;
        let mut command = launch.command();
        // A pipe's other end is open for as long as the process is held.
        let input = if launch.holds_stdin {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        command.stdin(input).stderr(log.stdio()?);
        if launch.reports {
            command.stdout(Stdio::piped());
        } else {
            command.stdout(log.stdio()?);
        }
        let process = Process::start(&mut command, &launch.cpus, launch.scheduling)
            .with_context(|| format!("cannot start {}", launch.subject))?;
        let mut server = Self {
            process,
            address: launch.address,
            command_line: launch.command_line(),
            reports: None,
            log,
        };
        let ready = if launch.reports {
            server.read_start_line(interrupt)
        } else {
            server.wait_for_port(interrupt)
        };
        match ready {
            Ok(()) => Ok(server),
            Err(error) => Err(server.explain(error)),
        }
    }

    fn read_start_line(&mut self, interrupt: &Interrupt) -> Result<()> {
        let output = self.process.take_output().context("no standard output")?;
        let mut lines = Lines::new(output, interrupt.clone());
        let start_text = match lines.next(Instant::now() + PATIENCE)? {
            Next::Line(text) => text,
            Next::Closed => bail!("the server ended before it listened"),
            Next::Late => bail!("the server printed no start line in {PATIENCE:?}"),
        };
        let start: StartLine = serde_json::from_str(&start_text)
            .with_context(|| format!("the start line is not one: {start_text}"))?;
        ensure!(
            start.address == self.address,
            "the server listens on {} in place of {}",
            start.address,
            self.address
        );
        self.reports = Some(Reports {
            lines,
            start_text,
            start,
        });
        Ok(())
    }

    fn wait_for_port(&mut self, interrupt: &Interrupt) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address).is_err() {
            interrupt.check()?;
            ensure!(
                self.process.ended()?.is_none(),
                "the server ended before it listened"
            );
            ensure!(
                Instant::now() < deadline,
                "nothing listens on {} after {PATIENCE:?}",
                self.address
            );
            sleep(PAUSE);
        }
        Ok(())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its command line, with the subject's name for the binary.
    pub fn command_line(&self) -> &[String] {
        &self.command_line
    }

    /// Its start line as it printed it; empty when it does not report.
    pub fn start_line(&self) -> &str {
        self.reports.as_ref().map_or("", |r| &r.start_text)
    }

    /// The words of its start line that tell its configuration; nothing when it does not report.
    pub fn start_words(&self) -> Option<Vec<String>> {
        let start = &self.reports.as_ref()?.start;
        let configuration = start.configuration();
        let words = configuration.split_whitespace().map(str::to_owned);
        Some(words.chain([start.server.clone()]).collect())
    }

    /// Its effective configuration; empty when it does not report.
    pub fn configuration(&self) -> String {
        let reports = self.reports.as_ref();
        reports.map_or_else(String::new, |r| r.start.configuration())
    }

    /// Its counters, when it reports.
    ///
    /// # Errors
    /// When it should and does not.
    pub fn counters(&mut self) -> Result<Option<CountersLine>> {
        let Some(reports) = &mut self.reports else {
            return Ok(None);
        };
        self.process.signal(Signal::SIGUSR1)?;
        read_counters(&mut reports.lines, Event::Counters).map(Some)
    }

    /// What it has used until now.
    ///
    /// # Errors
    /// When it has ended.
    pub fn usage(&self) -> Result<ServerUsage> {
        ServerUsage::read(self.process.pid())
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Errors
    /// When it does not stop, or reports and ends otherwise than with a stop line and status 0.
    pub fn stop(mut self) -> Result<()> {
        self.process.signal(Signal::SIGTERM)?;
        if let Some(reports) = &mut self.reports {
            let last = read_counters(&mut reports.lines, Event::Stop);
            if let Err(error) = last.context("the server did not stop cleanly") {
                return Err(self.explain(error));
            }
        }
        let status = self.process.wait_until(Instant::now() + PATIENCE)?;
        let Some(status) = status else {
            bail!("the server still ran {PATIENCE:?} after SIGTERM and was killed");
        };
        if self.reports.is_some() && !status.success() {
            return Err(self.explain(anyhow!("the server did not stop cleanly")));
        }
        Ok(())
    }

    /// The error, with how the server ended, if it has, and what it wrote on standard error.
    pub fn explain(&mut self, error: anyhow::Error) -> anyhow::Error {
        // A server whose output has just closed may need a moment to end.
        let soon = Instant::now() + Duration::from_millis(100);
        let Ok(Some(status)) = self.process.wait_until(soon) else {
            return error;
        };
        anyhow!(
            "{error:#} (it ended with {status}{})",
            self.log.last_words()
        )
    }
}

fn read_counters(lines: &mut Lines, event: Event) -> Result<CountersLine> {
    let text = match lines.next(Instant::now() + PATIENCE)? {
        Next::Line(text) => text,
        Next::Closed => bail!("the server ended without its counters"),
        Next::Late => bail!("the server did not report its counters in {PATIENCE:?}"),
    };
    let line: CountersLine = serde_json::from_str(&text)
        .with_context(|| format!("the server's counters are not readable: {text}"))?;
    ensure!(
        line.event == event,
        "the server reported out of turn: {text}"
    );
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interrupt::Interrupted;

    /// A server that is a shell script.
    fn launch(script: &str, reports: bool) -> Launch {
        Launch {
            program: "sh".into(),
            subject: "sh".to_owned(),
            args: vec!["-c".to_owned(), script.to_owned()],
            env: BTreeMap::new(),
            cpus: Vec::new(),
            scheduling: Scheduling::Other,
            address: "127.0.0.1:9".parse().unwrap(),
            reports,
            holds_stdin: false,
        }
    }

    fn start_line(port: u16) -> String {
        format!(
            r#"{{"event":"start","server":"s","version":"1","pid":1,"address":"127.0.0.1:{port}","workers":1,"cpus":[],"driver":"d","ring_flags":[],"features":["f"]}}"#
        )
    }

    fn start(script: &str) -> Result<Server> {
        Server::start(&launch(script, true), &Interrupt::default())
    }

    #[test]
    fn a_server_that_does_not_start_is_explained() {
        let refused = |script: &str, part: &str| {
            let message = format!("{:#}", start(script).unwrap_err());
            assert!(message.contains(part), "{message}");
        };
        refused("echo no ring >&2; exit 3", "exit status: 3: no ring");
        refused("echo hello", "the start line is not one: hello");
        refused(
            &format!("echo '{}'; sleep 60", start_line(10)),
            "in place of 127.0.0.1:9",
        );
        let missing = Launch {
            program: "/no/such/server".into(),
            ..launch("", true)
        };
        let error = Server::start(&missing, &Interrupt::default()).unwrap_err();
        assert!(
            format!("{error:#}").starts_with("cannot start sh"),
            "{error:#}"
        );
    }

    #[test]
    fn counters_and_a_clean_stop_are_read() {
        let counters = |event: &str| format!(r#"{{"event":"{event}","workers":[]}}"#);
        let script = format!(
            "trap \"echo '{}'\" USR1; trap \"echo '{}'; exit 0\" TERM; echo '{}'; \
             while :; do sleep 0.01; done",
            counters("counters").replace('"', "\\\""),
            counters("stop").replace('"', "\\\""),
            start_line(9)
        );
        let mut server = start(&script).unwrap();
        assert_eq!(server.configuration(), "d workers=1 unpinned f");
        assert_eq!(server.start_line(), start_line(9));
        assert_eq!(server.counters().unwrap().unwrap().event, Event::Counters);
        server.stop().unwrap();
    }

    #[test]
    fn a_server_that_dies_of_the_signal_did_not_stop_cleanly() {
        let server = start(&format!("echo '{}'; exec sleep 60", start_line(9))).unwrap();
        let message = format!("{:#}", server.stop().unwrap_err());
        assert!(message.contains("did not stop cleanly"), "{message}");
    }

    #[test]
    fn waiting_for_a_port_ends_at_an_interrupt_or_the_servers_end() {
        let interrupt = Interrupt::default();
        let ended = Server::start(&launch("exit 4", false), &interrupt).unwrap_err();
        assert!(format!("{ended:#}").contains("exit status: 4"), "{ended:#}");
        interrupt.set();
        let error = Server::start(&launch("sleep 60", false), &interrupt).unwrap_err();
        assert!(error.is::<Interrupted>(), "{error:#}");
    }
}
