//! wrk: found, started, watched, read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use records::LoadPoint;
use tempfile::TempDir;

use super::histogram::Latencies;
use super::report::{self, Window};
use crate::host::{Lines, Log, Next, Process};
use crate::interrupt::Interrupt;
use crate::subjects::find_command;

const SCRIPT_NAME: &str = "report.lua";
const SCRIPT: &str = include_str!("report.lua");
/// How late wrk's report may be: its threads notice the end every 100 ms, on a busy machine later.
const PATIENCE: Duration = Duration::from_secs(20);

/// An installed wrk.
#[derive(Debug)]
pub struct Wrk {
    program: PathBuf,
    version: String,
    directory: TempDir,
}

impl Wrk {
    /// The wrk in `PATH`.
    ///
    /// # Errors
    /// When there is none; the message says how to get it.
    pub fn find() -> Result<Self> {
        let program = find_command(Path::new("wrk")).context(
            "wrk, the load generator, is not in PATH; install it with `apt-get install wrk` \
             (Debian, Ubuntu)",
        )?;
        // `wrk -v` prints its version above its usage, and ends with status 1.
        let output = Command::new(&program)
            .arg("-v")
            .output()
            .context("cannot run wrk")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text.lines().next().unwrap_or("").trim().to_owned();
        let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
        fs::write(directory.path().join(SCRIPT_NAME), SCRIPT)
            .context("cannot write wrk's script")?;
        Ok(Self {
            program,
            version,
            directory,
        })
    }

    /// Its version line.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Starts a window, with [`arguments`], on the processors `cpus`.
    ///
    /// # Errors
    /// When wrk cannot be started.
    pub fn start(
        &self,
        arguments: &[String],
        cpus: &[u32],
        window_s: u32,
        interrupt: &Interrupt,
    ) -> Result<Run> {
        let log = Log::new().context("cannot make a temporary file")?;
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.stdio()?);
        let mut process = Process::start(&mut command, cpus).context("cannot start wrk")?;
        let output = process.take_output().context("wrk has no output")?;
        let window = Duration::from_secs(window_s.into());
        let started = Instant::now();
        Ok(Run {
            process,
            lines: Lines::new(output, interrupt.clone()),
            log,
            connected: started + CONNECTED,
            middle: started + window / 2,
            deadline: started + window + PATIENCE,
        })
    }
}

/// wrk's arguments for a load on `address` (`ADDR:PORT`).
pub fn arguments(threads: u32, load: &LoadPoint, window_s: u32, address: &str) -> Vec<String> {
    let mut arguments = vec![
        format!("-t{threads}"),
        format!("-c{}", load.connections),
        format!("-d{window_s}s"),
        "--latency".to_owned(),
        "-s".to_owned(),
        SCRIPT_NAME.to_owned(),
        format!("http://{address}/"),
    ];
    if load.pipeline > 1 {
        arguments.push(load.pipeline.to_string());
    }
    arguments
}

/// After this long wrk has opened its connections: several times what 2000 of them take on one
/// processor.
const CONNECTED: Duration = Duration::from_millis(200);

/// wrk at work.
#[derive(Debug)]
pub struct Run {
    process: Process,
    lines: Lines,
    log: Log,
    connected: Instant,
    middle: Instant,
    deadline: Instant,
}

impl Run {
    /// Waits until the connections are open: 2000 of them take some tens of milliseconds.
    ///
    /// # Errors
    /// When wrk ends before, or at an interrupt.
    pub fn wait_until_connected(&mut self) -> Result<()> {
        if self.lines.wait_readable(self.connected)? {
            return Err(self.ended_early());
        }
        Ok(())
    }

    /// Waits for the middle of the window, then counts the sockets that wrk holds.
    ///
    /// # Errors
    /// When wrk ends before, or at an interrupt.
    pub fn sockets_in_the_middle(&mut self) -> Result<u64> {
        if self.lines.wait_readable(self.middle)? {
            return Err(self.ended_early());
        }
        let directory = format!("/proc/{}/fd", self.process.pid());
        let files = fs::read_dir(&directory).context("cannot count wrk's sockets")?;
        // wrk's other files are its standard streams and an epoll instance a thread.
        let is_socket = |target: &PathBuf| {
            target
                .as_os_str()
                .as_encoded_bytes()
                .starts_with(b"socket:")
        };
        let targets = files
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok());
        Ok(targets.filter(is_socket).count() as u64)
    }

    /// Waits for the end of the window. wrk still holds its connections when this returns.
    ///
    /// # Errors
    /// When wrk fails, or at an interrupt.
    pub fn window(&mut self) -> Result<Window> {
        loop {
            match self.lines.next(self.deadline)? {
                Next::Line(text) => {
                    if let Some(window) = report::window(&text)? {
                        return Ok(window);
                    }
                }
                Next::Closed => return Err(self.ended_early()),
                Next::Late => bail!("wrk did not report {PATIENCE:?} after its window"),
            }
        }
    }

    /// Reads the latencies and waits for wrk's end.
    ///
    /// # Errors
    /// When wrk fails, or at an interrupt.
    pub fn latencies(mut self, window: &Window, load: &LoadPoint) -> Result<Latencies> {
        let pairs = match self.lines.next(self.deadline)? {
            Next::Line(text) => report::histogram(&text)?,
            Next::Closed => return Err(self.ended_early()),
            Next::Late => bail!("wrk did not report its histogram in {PATIENCE:?}"),
        };
        match self.process.wait_until(self.deadline)? {
            Some(status) if status.success() => {}
            Some(status) => bail!("wrk ended with {status}"),
            None => bail!("wrk did not end after its report"),
        }
        Ok(Latencies::new(
            pairs,
            window,
            load.connections,
            load.pipeline,
        ))
    }

    fn ended_early(&mut self) -> anyhow::Error {
        let how = match self.process.wait_until(Instant::now() + PATIENCE) {
            Ok(Some(status)) => format!("wrk ended early with {status}"),
            _ => "wrk closed its output early".to_owned(),
        };
        anyhow!("{how}{}", self.log.last_words())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn load(connections: u32, pipeline: u32) -> LoadPoint {
        LoadPoint {
            connections,
            pipeline,
            offered_rate_per_s: None,
        }
    }

    #[test]
    fn a_depth_is_given_only_where_requests_are_pipelined() {
        let plain = arguments(2, &load(50, 1), 3, "127.0.0.1:1");
        assert_eq!(
            plain.join(" "),
            "-t2 -c50 -d3s --latency -s report.lua http://127.0.0.1:1/"
        );
        let deep = arguments(2, &load(50, 16), 3, "127.0.0.1:1");
        assert_eq!(deep.last().unwrap(), "16");
    }

    #[test]
    fn a_server_that_is_not_there_is_told_in_wrks_words() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let wrk = Wrk::find().unwrap();
        assert!(wrk.version().starts_with("wrk "));
        let arguments = arguments(1, &load(1, 1), 60, &address);
        let mut run = wrk
            .start(&arguments, &[], 60, &Interrupt::default())
            .unwrap();
        let message = run.sockets_in_the_middle().unwrap_err().to_string();
        assert!(
            message.contains("exit status: 1: unable to connect"),
            "{message}"
        );
    }
}
