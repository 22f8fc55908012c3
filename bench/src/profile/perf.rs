//! perf: samples of a process's stacks, as text.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

const PROGRAM: &str = "perf";
const PARANOID: &str = "/proc/sys/kernel/perf_event_paranoid";
/// The clock of the process, as virtual machines often have no other counter.
const EVENT: &str = "cpu-clock";
/// The same in the kernel only. Where that is not allowed, perf takes `cpu-clock` of user mode alone and says
/// nothing; of this one nothing would be left, so that it fails.
const EVENT_IN_KERNEL: &str = "cpu-clock:k";

/// perf, which was seen to take samples here.
#[derive(Debug)]
pub struct Perf {
    version: String,
    directory: TempDir,
}

impl Perf {
    /// Finds perf and tries it.
    ///
    /// # Errors
    /// When it is missing or may not take samples, of the kernel too; the message says how to get it or allow it.
    pub fn find() -> Result<Self> {
        let output = Command::new(PROGRAM).arg("--version").output();
        let output = output.ok().filter(|output| output.status.success());
        let output = output.context(
            "perf is not here, and takes the samples; install it (Debian: `apt install linux-perf`, Ubuntu: \
             `apt install linux-tools-generic`)",
        )?;
        let perf = Self {
            version: String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            directory: tempfile::tempdir().context("cannot make a temporary directory")?,
        };
        perf.take(EVENT_IN_KERNEL, &["--", "true"], 1).with_context(|| {
            let level = fs::read_to_string(PARANOID).unwrap_or_default();
            format!(
                "perf may not take samples of the kernel here; run this as root outside of a container, or set \
                 kernel.perf_event_paranoid to 1 (it is {})",
                level.trim()
            )
        })?;
        Ok(perf)
    }

    /// Its version line.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Samples the process `pid` for a time, and returns what `perf script` says of the samples.
    ///
    /// # Errors
    /// When perf fails; the message has what it said.
    pub fn record(&self, pid: u32, frequency_hz: u32, length: Duration) -> Result<String> {
        let (pid, seconds) = (pid.to_string(), length.as_secs_f64().to_string());
        let what = ["-p", &pid, "--", "sleep", &seconds];
        self.take(EVENT, &what, frequency_hz)?;
        let mut script = Command::new(PROGRAM);
        // Without inlined functions, for which perf would look into the binary sample by sample.
        script.args([
            "script",
            "--no-inline",
            "--fields",
            "comm,ip,sym,dso",
            "--input",
        ]);
        run(script.arg(self.directory.path().join("samples")))
    }

    fn take(&self, event: &str, what: &[&str], frequency_hz: u32) -> Result<()> {
        let mut record = Command::new(PROGRAM);
        record.args(["record", "--quiet", "--event", event, "--call-graph", "fp"]);
        record.args(["--freq", &frequency_hz.to_string(), "--output"]);
        record.arg(self.directory.path().join("samples")).args(what);
        run(&mut record).map(drop)
    }
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.context("cannot start perf")?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let words = words.trim();
        ensure!(!words.is_empty(), "perf ended with {}", output.status);
        bail!("perf ended with {}: {words}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
