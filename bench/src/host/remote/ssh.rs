//! The system's `ssh`, and `bench` itself on the other machine.

use std::env;
use std::env::consts::ARCH;
use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use records::Scheduling;

use super::store;
use crate::host::lines::{Lines, Next};
use crate::host::log::Log;
use crate::host::name::Destination;
use crate::host::process::Process;
use crate::interrupt::Interrupt;
use crate::subjects::{Binary, Directories, find_command};

/// More options for ssh, between spaces; all else is in its configuration.
pub const OPTIONS_VARIABLE: &str = "KIO_SSH_OPTIONS";
/// Longest wait for a short command there.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest wait until `bench` is copied there.
const COPY_PATIENCE: Duration = Duration::from_secs(600);
/// A connection that is dead for three of these is given up.
const ALIVE_S: u32 = 5;

/// How to reach the other machine.
#[derive(Debug)]
pub struct Ssh {
    destination: Destination,
    options: Vec<String>,
    interrupt: Interrupt,
}

impl Ssh {
    /// By the ssh in `PATH`.
    ///
    /// # Errors
    /// When there is none.
    pub fn to(destination: Destination, interrupt: Interrupt) -> Result<Self> {
        find_command(Path::new("ssh")).context(
            "ssh is not in PATH; install it with `apt-get install openssh-client` (Debian, Ubuntu)",
        )?;
        let options = env::var(OPTIONS_VARIABLE).unwrap_or_default();
        Ok(Self {
            destination,
            options: options.split_whitespace().map(str::to_owned).collect(),
            interrupt,
        })
    }

    /// The other machine as the user named it.
    pub fn name(&self) -> String {
        self.destination.to_string()
    }

    /// ssh, with `options` of its own before the machine.
    fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new("ssh");
        command.args(["-T", "-o", "BatchMode=yes", "-o", "ServerAliveCountMax=3"]);
        command.args(["-o", &format!("ServerAliveInterval={ALIVE_S}")]);
        command.args(&self.options).args(options);
        if let Some(port) = self.destination.port {
            command.args(["-p", &port.to_string()]);
        }
        if let Some(user) = &self.destination.user {
            command.args(["-l", user]);
        }
        command.args(["--", &self.destination.host]);
        command
    }

    /// A script for `sh` there, whatever the user's own shell is. It has no single quotes.
    pub fn script(&self, script: &str) -> Command {
        let mut command = self.command(&[]);
        command.arg(format!("exec sh -c '{script}'"));
        command
    }

    /// Runs a script there and returns what it prints.
    fn run(&self, script: &str, input: Stdio, patience: Duration) -> Result<String> {
        let mut log = Log::new().context("cannot make a temporary file")?;
        let mut command = self.script(script);
        command
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(log.stdio()?);
        let mut process =
            Process::start(&mut command, &[], Scheduling::Other).context("cannot start ssh")?;
        let output = process.take_output().context("there is no output")?;
        let mut lines = Lines::new(output, self.interrupt.clone());
        let deadline = Instant::now() + patience;
        let mut text = String::new();
        loop {
            match lines.next(deadline)? {
                Next::Line(line) => text += &(line + "\n"),
                Next::Closed => break,
                Next::Late => bail!("{} did not answer in {patience:?}", self.destination),
            }
        }
        let status = process.wait_until(deadline)?;
        ensure!(
            status.is_some_and(|status| status.success()),
            "cannot run a command on {} by ssh{}; `ssh {}` must work without a question (a key, a known host); \
             further options of ssh are taken from its configuration and {OPTIONS_VARIABLE}",
            self.destination,
            log.last_words(),
            self.destination.host,
        );
        Ok(text)
    }

    /// The address behind the name that ssh has.
    ///
    /// # Errors
    /// When this machine does not know it.
    pub fn address(&self) -> Result<IpAddr> {
        let unknown = || {
            format!(
                "cannot tell the address of {} from its name; give it with --server-address",
                self.destination
            )
        };
        let output = self.command(&["-G"]).stdin(Stdio::null()).output();
        let text = output.context("cannot run ssh")?.stdout;
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        let found = lines.find(|(key, _)| *key == "hostname");
        let (_, host) = found.with_context(unknown)?;
        let addresses = (host, 0).to_socket_addrs().with_context(unknown)?;
        let addresses: Vec<IpAddr> = addresses.map(|address| address.ip()).collect();
        let first = addresses.iter().find(|a| a.is_ipv4()).or(addresses.first());
        first.copied().with_context(unknown)
    }

    /// The `bench` for the other machine: this one, where both are of a kind.
    ///
    /// # Errors
    /// When the machine cannot be reached, or is of another kind and there is no `bench` for it.
    pub fn program(&self, directories: &Directories) -> Result<Binary> {
        let architecture = self.run("uname -m", Stdio::null(), PATIENCE)?;
        let architecture = architecture.trim();
        let path = if architecture == ARCH {
            // Still the file that runs when a build has put another in its place.
            "/proc/self/exe".into()
        } else {
            let path = directories.find_binary("bench");
            path.with_context(|| other_architecture(architecture))?
        };
        check_architecture(&path, architecture)?;
        Binary::read("bench", path, None)
    }

    /// Sees to it that `program` is there, and returns the command that starts it as a probe. The copy is
    /// checked by its hash before it is executed, each time.
    ///
    /// # Errors
    /// When that is not possible.
    pub fn probe(&self, program: &Binary) -> Result<Command> {
        let hash = &program.file.sha256;
        let folder = format!("d=${{XDG_CACHE_HOME:-$HOME/.cache}}/{}", store::FOLDER);
        let checked = format!(r#"[ "$(sha256sum <"$f")" = "{hash}  -" ]"#);
        let place = format!("{folder}; f=$d/{hash}");
        let held = self.run(
            &format!(r#"{place}; if [ -f "$f" ] && {checked}; then echo held; fi"#),
            Stdio::null(),
            PATIENCE,
        )?;
        if held.trim() != "held" {
            let file = File::open(&program.path).context("cannot read this program")?;
            let script = format!(
                r#"umask 077; {folder}; mkdir -p "$d" && f=$(mktemp "$d/.new.XXXXXX") && cat >"$f" && {checked} && chmod 700 "$f" && mv -f "$f" "$d/{hash}" && exit 0; rm -f "$f"; exit 1"#
            );
            let copied = self.run(&script, file.into(), COPY_PATIENCE);
            copied.with_context(|| format!("cannot copy bench to {}", self.destination))?;
        }
        let changed = "the copy of bench there was changed";
        Ok(self.script(&format!(
            r#"{place}; if {checked}; then exec "$f" probe; fi; echo "{changed}" >&2; exit 1"#
        )))
    }
}

/// Refuses a program for another kind of machine. A script is for any.
///
/// # Errors
/// When it is one.
pub fn check_architecture(program: &Path, architecture: &str) -> Result<()> {
    let place = || format!("cannot read {}", program.display());
    let mut head = [0; 20];
    let n = File::open(program).and_then(|mut file| file.read(&mut head));
    let is_elf = n.with_context(place)? == head.len() && head.starts_with(b"\x7fELF");
    let machine = u16::from_le_bytes([head[18], head[19]]);
    let known = [("x86_64", 62), ("aarch64", 183), ("riscv64", 243)];
    let wanted = known.iter().find(|(name, _)| *name == architecture);
    let other = is_elf && wanted.is_some_and(|(_, number)| *number != machine);
    ensure!(
        !other,
        "{} is for another kind of machine: {}",
        program.display(),
        other_architecture(architecture)
    );
    Ok(())
}

fn other_architecture(architecture: &str) -> String {
    format!(
        "the server's machine is {architecture}, this one {ARCH}; build the servers and `bench` for it (`cargo build \
         --profile server --target {architecture}-unknown-linux-gnu -p kio-rs -p tokio-baseline -p bench`) and name \
         their directory with --subjects"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_for_another_machine_is_refused_and_a_script_is_not() {
        let own = env::current_exe().unwrap();
        check_architecture(&own, ARCH).unwrap();
        let other = if ARCH == "aarch64" {
            "x86_64"
        } else {
            "aarch64"
        };
        let message = check_architecture(&own, other).unwrap_err().to_string();
        assert!(
            message.contains("--subjects") && message.contains(other),
            "{message}"
        );
        let script = tempfile::NamedTempFile::new().unwrap();
        check_architecture(script.path(), other).unwrap();
    }

    #[test]
    fn the_destination_is_never_an_option() {
        let destination = Destination {
            user: Some("me".to_owned()),
            host: "there".to_owned(),
            port: Some(2222),
        };
        let ssh = Ssh {
            destination,
            options: vec!["-F".to_owned(), "file".to_owned()],
            interrupt: Interrupt::default(),
        };
        let command = ssh.script("true");
        let words: Vec<_> = command
            .get_args()
            .map(|word| word.to_string_lossy())
            .collect();
        let line = words.join(" ");
        assert!(
            line.ends_with("-F file -p 2222 -l me -- there exec sh -c 'true'"),
            "{line}"
        );
        assert!(line.contains("BatchMode=yes"));
    }
}
