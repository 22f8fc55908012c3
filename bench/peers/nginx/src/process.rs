//! The nginx process.

use std::cell::RefCell;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::configuration::STATUS_SOCKET;
use crate::status::Status;

/// Longest wait for nginx to be ready or to end, and the pause between two looks.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(2);

/// `/usr/sbin` is not in everyone's `PATH`.
const NAMES: [&str; 2] = ["nginx", "/usr/sbin/nginx"];

const MISSING: &str = "nginx is not installed; on Debian or Ubuntu: apt-get install nginx-light";

/// The version of the system's nginx.
pub fn version() -> Result<String> {
    let (_, text) = find()?;
    // `nginx version: nginx/1.22.1`, on Ubuntu with ` (Ubuntu)` behind.
    let version = text.split_once("nginx/").map(|(_, version)| version);
    let version = version.and_then(|version| version.split_whitespace().next());
    let version = version.with_context(|| format!("not a version of nginx: {text}"))?;
    Ok(version.to_owned())
}

/// The name that works, and what it says of its version.
fn find() -> Result<(&'static str, String)> {
    for name in NAMES {
        match Command::new(name).arg("-v").output() {
            Ok(output) => {
                return Ok((name, String::from_utf8_lossy(&output.stderr).into_owned()));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).context("cannot run nginx"),
        }
    }
    bail!(MISSING)
}

/// A running nginx. Dropping it kills it.
pub struct Nginx {
    child: RefCell<Child>,
    socket: PathBuf,
}

impl Nginx {
    /// Starts it in the foreground, with its files in `directory`.
    pub fn start(directory: &Path, configuration: &str) -> Result<Self> {
        let file = directory.join("nginx.conf");
        fs::write(&file, configuration)
            .with_context(|| format!("cannot write {}", file.display()))?;
        // The kernel ends nginx when this process is killed; its own handling ends its workers.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", find()?.0, "-e", "stderr", "-p"])
            .arg(directory)
            .arg("-c")
            .arg(file)
            .stdin(Stdio::null())
            // The report lines are this process's.
            .stdout(Stdio::null())
            .spawn()
            .context("cannot run setpriv (package util-linux)")?;
        Ok(Self {
            child: RefCell::new(child),
            socket: directory.join(STATUS_SOCKET),
        })
    }

    /// Waits until a worker answers.
    pub fn wait_until_ready(&self) -> Result<Status> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(status) = Status::new(&self.socket) {
                return Ok(status);
            }
            ensure!(
                self.is_running()?,
                "nginx ended before it listened; see its messages above"
            );
            ensure!(
                Instant::now() < deadline,
                "nginx does not answer after {PATIENCE:?}"
            );
            sleep(PAUSE);
        }
    }

    /// Whether it has not ended.
    pub fn is_running(&self) -> Result<bool> {
        Ok(self.status()?.is_none())
    }

    fn status(&self) -> Result<Option<ExitStatus>> {
        let status = self.child.borrow_mut().try_wait();
        status.context("cannot ask for nginx")
    }

    /// Ends it and waits for its end.
    pub fn stop(self) -> Result<()> {
        let pid = Pid::from_raw(self.child.borrow().id().cast_signed());
        kill(pid, Signal::SIGTERM).context("cannot end nginx")?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.status()? {
                ensure!(status.success(), "nginx ended with {status}");
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "nginx still ran {PATIENCE:?} after SIGTERM and was killed"
            );
            sleep(PAUSE);
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let child = self.child.get_mut();
        // SIGTERM, since SIGKILL would leave the workers; errors say that nothing is left to end.
        if matches!(child.try_wait(), Ok(None)) {
            _ = kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM);
            _ = child.wait();
        }
    }
}
