//! Another machine as the server's host, over one long ssh session.

pub mod agent;
mod protocol;
mod session;
mod ssh;
mod store;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::rc::Rc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use records::Plan;

use self::protocol::{Answer, Prepare, Request, StartOrder};
use self::session::{Ready, Session};
use self::ssh::{Ssh, check_architecture};
use super::local_server::{Facts, ServerSeries, explain};
use super::name::Destination;
use super::sample::{Moment, Sample};
use crate::arms::Arm;
use crate::interrupt::Interrupt;
use crate::subjects::{Binary, Directories};

/// Pauses before each further try to connect.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(9),
];
/// A binary is sent in parts of so many bytes.
const PART_BYTES: u64 = 1 << 20;
/// Files that a server has open beside its connections.
const SLACK: u64 = 100;
/// What the other side waits for a question beyond a window and its warm-up.
const LEASE_SLACK_S: u64 = 120;

/// Another machine.
#[derive(Clone, Debug)]
pub struct Remote(Rc<RefCell<Connection>>);

#[derive(Debug)]
struct Connection {
    ssh: Ssh,
    program: Binary,
    address: IpAddr,
    ready: Ready,
    prepare: Option<Prepare>,
    session: Option<Session>,
    /// Sessions so far: a server of an earlier one is gone.
    sessions: u64,
    /// The binaries that are known to be there.
    held: BTreeSet<String>,
    interrupt: Interrupt,
}

impl Remote {
    /// Connects. Servers listen on `address`, or on the one that the name stands for; what is executed
    /// there is looked up in `directories` when this machine's own is of no use.
    ///
    /// # Errors
    /// When it cannot be reached, or `bench` cannot run there.
    pub fn connect(
        destination: Destination,
        address: Option<IpAddr>,
        directories: &Directories,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        let ssh = Ssh::to(destination, interrupt.clone())?;
        let address = address.map_or_else(|| ssh.address(), Ok)?;
        let program = ssh.program(directories)?;
        let (session, ready) = open(&ssh, &program, interrupt)?;
        Ok(Self(Rc::new(RefCell::new(Connection {
            ssh,
            program,
            address,
            ready,
            prepare: None,
            session: Some(session),
            sessions: 1,
            held: BTreeSet::new(),
            interrupt: interrupt.clone(),
        }))))
    }

    /// The processors that a server may use.
    pub fn cpus(&self) -> Vec<u32> {
        self.0.borrow().ready.cpus.clone()
    }

    /// Gets ready for the servers of a plan.
    ///
    /// # Errors
    /// When the machine does not have what they need.
    pub fn prepare(&self, plan: &Plan) -> Result<()> {
        let mut connection = self.0.borrow_mut();
        let open = plan
            .load_points
            .iter()
            .map(|load| u64::from(load.connections) + u64::from(load.idle_connections));
        let prepare = Prepare {
            address: connection.address,
            scheduling: plan.scheduling,
            open_files: open.max().unwrap_or(0) + SLACK,
            lease_s: u64::from(plan.window_s) + u64::from(plan.warm_up_ms) / 1000 + LEASE_SLACK_S,
        };
        connection.prepare = Some(prepare.clone());
        connection.done(&Request::Prepare(prepare))
    }

    /// Connects again when the connection was cut.
    ///
    /// # Errors
    /// When the machine cannot be reached any more.
    pub fn reach(&self) -> Result<()> {
        self.0.borrow_mut().reach()
    }

    /// Whether other programs leave the machine alone.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn is_quiet(&self) -> Result<bool> {
        match self.0.borrow_mut().ask(&Request::Look)? {
            Answer::Looked { quiet } => Ok(quiet),
            other => Err(unexpected(&other)),
        }
    }

    /// The address that the load goes to.
    pub fn address(&self) -> IpAddr {
        self.0.borrow().address
    }

    /// What the machine says of itself.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn environment(&self) -> Result<serde_json::Value> {
        match self.0.borrow_mut().ask(&Request::Environment)? {
            Answer::Environment { environment } => Ok(environment),
            other => Err(unexpected(&other)),
        }
    }

    /// Starts a server, whose binary is copied there when it is missing.
    ///
    /// # Errors
    /// When it does not start, or the machine cannot be reached.
    pub fn start(
        &self,
        arm: &Arm,
        binary: &Binary,
        workers: u32,
        cpus: &[u32],
    ) -> Result<RemoteServer> {
        let mut connection = self.0.borrow_mut();
        connection.provide(binary)?;
        let order = StartOrder {
            entry: arm.entry.clone(),
            reports: arm.reports,
            port: arm.port,
            ends_with_stdin: arm.ends_with_stdin,
            sha256: binary.file.sha256.clone(),
            workers,
            cpus: cpus.to_vec(),
        };
        match connection.ask(&Request::Start(Box::new(order)))? {
            Answer::Started(facts) => Ok(RemoteServer {
                remote: self.clone(),
                session: connection.sessions,
                facts,
                stopped: false,
            }),
            other => Err(unexpected(&other)),
        }
    }
}

fn open(ssh: &Ssh, program: &Binary, interrupt: &Interrupt) -> Result<(Session, Ready)> {
    let mut probe = ssh.probe(program)?;
    let opened = Session::open(&mut probe, interrupt);
    opened.with_context(|| format!("cannot run bench on {}", ssh.name()))
}

fn unexpected(answer: &Answer) -> anyhow::Error {
    anyhow!("the server's machine answered out of turn: {answer:?}")
}

impl Connection {
    fn ask(&mut self, request: &Request) -> Result<Answer> {
        let session = self.session.as_mut();
        let session = session.context("the connection to the server's machine was cut")?;
        match session.ask(request) {
            Ok(Answer::Failed { error }) => Err(anyhow!("{error}")),
            Ok(answer) => Ok(answer),
            Err(error) => {
                // Questions and answers may not fit together any more.
                self.session = None;
                Err(error)
            }
        }
    }

    fn done(&mut self, request: &Request) -> Result<()> {
        match self.ask(request)? {
            Answer::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    fn reach(&mut self) -> Result<()> {
        if self.session.is_some() {
            return Ok(());
        }
        let mut last = None;
        for pause in PAUSES {
            match self.open_again() {
                Ok(()) => return Ok(()),
                Err(error) => last = Some(error),
            }
            let deadline = Instant::now() + pause;
            while Instant::now() < deadline {
                self.interrupt.check()?;
                sleep(Duration::from_millis(50));
            }
        }
        let cause = last.map_or_else(String::new, |error| format!(": {error:#}"));
        bail!("{} cannot be reached any more{cause}", self.ssh.name())
    }

    fn open_again(&mut self) -> Result<()> {
        let (session, _) = open(&self.ssh, &self.program, &self.interrupt)?;
        self.session = Some(session);
        self.sessions += 1;
        self.held.clear();
        let Some(prepare) = self.prepare.clone() else {
            return Ok(());
        };
        let prepared = self.done(&Request::Prepare(prepare));
        if prepared.is_err() {
            self.session = None;
        }
        prepared
    }

    /// Sees to it that a binary is there.
    fn provide(&mut self, binary: &Binary) -> Result<()> {
        let sha256 = &binary.file.sha256;
        if self.held.contains(sha256) {
            return Ok(());
        }
        check_architecture(&binary.path, &self.ready.architecture)?;
        let has = Request::Has {
            sha256: sha256.clone(),
        };
        let Answer::Held { held } = self.ask(&has)? else {
            bail!("the server's machine does not say whether it has {sha256}");
        };
        if !held {
            self.send(binary)?;
        }
        self.held.insert(sha256.clone());
        Ok(())
    }

    fn send(&mut self, binary: &Binary) -> Result<()> {
        let place = || format!("cannot read {}", binary.path.display());
        let mut file = File::open(&binary.path).with_context(place)?;
        let mut left = binary.file.bytes;
        loop {
            let mut part = Vec::new();
            let n = (&mut file).take(PART_BYTES).read_to_end(&mut part);
            let n = n.with_context(place)? as u64;
            left = left.saturating_sub(n);
            let last = left == 0 || n == 0;
            self.done(&Request::Receive {
                sha256: binary.file.sha256.clone(),
                part: STANDARD.encode(part),
                last,
            })?;
            if last {
                return Ok(());
            }
        }
    }
}

/// A running server on another machine. Dropping it kills it.
#[derive(Debug)]
pub struct RemoteServer {
    remote: Remote,
    session: u64,
    facts: Facts,
    stopped: bool,
}

impl RemoteServer {
    /// What is known of it.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    fn ask(&self, request: &Request) -> Result<Answer> {
        let mut connection = self.remote.0.borrow_mut();
        if connection.sessions != self.session {
            bail!("the server ended with the connection to its machine");
        }
        connection.ask(request)
    }

    /// See [`super::Server::sample`].
    pub fn sample(&self, moment: Moment) -> Result<Sample> {
        match self.ask(&Request::Sample { moment })? {
            Answer::Sampled(sample) => Ok(*sample),
            other => Err(unexpected(&other)),
        }
    }

    /// See [`super::Server::watch`].
    pub fn watch(&self, step: Duration) -> Result<()> {
        let step_ms = u64::try_from(step.as_millis())?;
        self.ask(&Request::Watch { step_ms }).map(drop)
    }

    /// See [`super::Server::series`].
    pub fn series(&self) -> Result<ServerSeries> {
        match self.ask(&Request::Series)? {
            Answer::Series(series) => Ok(series),
            other => Err(unexpected(&other)),
        }
    }

    /// See [`super::Server::stop`].
    pub fn stop(mut self) -> Result<()> {
        self.stopped = true;
        self.ask(&Request::Stop).map(drop)
    }

    /// See [`super::Server::explain`].
    pub fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        let was_open = self.remote.0.borrow().session.is_some();
        match self.ask(&Request::End) {
            Ok(Answer::Ended { end }) => explain(error, end),
            // The load generator can notice it before this side does.
            Err(cut) if was_open => explain(error, Some(format!("{cut:#}"))),
            _ => error,
        }
    }
}

impl Drop for RemoteServer {
    fn drop(&mut self) {
        if !self.stopped {
            // When this fails the connection is gone, and the server with it.
            let _ = self.ask(&Request::Kill);
        }
    }
}
