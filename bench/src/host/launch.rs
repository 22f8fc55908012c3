//! How a server is started.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use records::Scheduling;

use super::namespace::Namespace;
use crate::arms::Arm;
use crate::placeholders::Placeholders;

/// How to start a server.
#[derive(Clone, Debug)]
pub struct Launch {
    pub(super) program: PathBuf,
    pub(super) subject: String,
    pub(super) args: Vec<String>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) cpus: Vec<u32>,
    pub(super) scheduling: Scheduling,
    pub(super) address: SocketAddr,
    pub(super) reports: bool,
    /// Its standard input is kept open.
    pub(super) holds_stdin: bool,
    pub(super) namespace: Option<Namespace>,
    /// The network device that holds the address, of which the bytes are counted.
    pub(super) device: Option<String>,
}

impl Launch {
    /// The arm's command line, with `placeholders` filled in, to serve `address` on `cpus` by `program`.
    pub fn new(
        arm: &Arm,
        program: &Path,
        placeholders: &Placeholders,
        address: SocketAddr,
        cpus: &[u32],
    ) -> Self {
        let env = arm.entry.env.iter();
        Self {
            program: program.to_owned(),
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
            namespace: None,
            device: None,
        }
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
