//! The servers, and starting one.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conformance::server::Server;

/// What a server waits with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// kio-rs on io_uring.
    Ring,
    /// kio-rs on epoll.
    Epoll,
    /// The Tokio server.
    Tokio,
}

/// A server with the flags of an arm.
#[derive(Debug)]
pub struct Subject {
    /// The arm's name.
    pub name: &'static str,
    /// What it waits with.
    pub kind: Kind,
    program: &'static str,
    flags: &'static [&'static str],
}

/// The servers that faults are injected into.
pub const SUBJECTS: &[Subject] = &[
    Subject {
        name: "kio-uring",
        kind: Kind::Ring,
        program: "kio-rs",
        flags: &[],
    },
    Subject {
        name: "kio-uring-oneshot",
        kind: Kind::Ring,
        program: "kio-rs",
        flags: &[
            "--ops",
            "one-shot",
            "--task-run",
            "cooperative",
            "--descriptors",
            "process",
            "--ring-fd",
            "plain",
        ],
    },
    Subject {
        name: "kio-epoll",
        kind: Kind::Epoll,
        program: "kio-rs",
        flags: &["--driver", "epoll"],
    },
    Subject {
        name: "tokio-published",
        kind: Kind::Tokio,
        program: "tokio-baseline",
        flags: &[],
    },
    Subject {
        name: "tokio-per-core",
        kind: Kind::Tokio,
        program: "tokio-baseline",
        flags: &["--runtime", "per-core", "--accept", "per-worker"],
    },
];

impl Subject {
    /// Whether it is kio-rs, which has limits and time-outs that the Tokio server has not.
    pub fn is_kio(&self) -> bool {
        self.kind != Kind::Tokio
    }

    /// Whether connections share receive buffers: one-shot receives have a buffer each.
    pub(crate) fn shares_buffers(&self) -> bool {
        self.is_kio() && !self.flags.contains(&"one-shot")
    }
}

/// How much of the faults that are a matter of quantity.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Connections that are opened and closed.
    pub connections: u64,
    /// How long the servers are soaked.
    pub soak: Duration,
}

/// A server to be tried, and where the programs are.
#[derive(Clone, Debug)]
pub struct Stand {
    /// The server.
    pub subject: &'static Subject,
    /// How much.
    pub scale: Scale,
    program: PathBuf,
    ordinary: bool,
}

/// An ordinary user and group: nobody's.
const ORDINARY: u32 = 65_534;

impl Stand {
    /// # Errors
    /// When the server is not in `folder`.
    pub fn new(folder: &Path, subject: &'static Subject, scale: Scale) -> Result<Self> {
        let program = folder.join(subject.program);
        ensure!(
            program.exists(),
            "{} is not in {}: build it with `cargo build -p kio-rs -p tokio-baseline`, or name its \
             folder with --subjects",
            subject.program,
            folder.display()
        );
        Ok(Self {
            subject,
            scale,
            program,
            ordinary: false,
        })
    }

    /// The same, started by root for somebody else.
    pub(crate) fn of_an_ordinary_user(&self) -> Self {
        Self {
            ordinary: true,
            ..self.clone()
        }
    }

    /// Another program of the same folder.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) fn beside(&self, program: &str) -> Result<PathBuf> {
        let path = self.program.with_file_name(program);
        let missing = || {
            format!(
                "{} is not there: build it with `cargo build -p {program}`",
                path.display()
            )
        };
        ensure!(path.exists(), missing());
        Ok(path)
    }

    /// Starts the server with one worker, so that every client meets the same.
    pub(crate) fn start(&self, flags: &[&str]) -> Result<Server> {
        let mut command = Command::new(&self.program);
        command.args(["--workers", "1", "--listen", "127.0.0.1:0"]);
        command.args(self.subject.flags).args(flags);
        if self.ordinary {
            command.uid(ORDINARY).gid(ORDINARY);
        }
        Server::start(&mut command)
    }

    /// The same after a command of the shell, such as `ulimit`.
    pub(crate) fn start_after(&self, command: &str, flags: &[&str]) -> Result<Server> {
        let program = self.program.to_str();
        let program = program.context("the folder's name is no UTF-8: give another")?;
        let script = format!("{command} && exec \"$0\" \"$@\"");
        let own = ["-c", &script, program, "--workers", "1"];
        let flags = [&own, self.subject.flags, flags].concat();
        Server::spawn("/bin/sh", &flags)
    }
}
