//! `bench probe`: the end that does what is asked, on the server's machine.
//!
//! It ends, and its server with it, when its standard input does: with the harness, with the connection,
//! or when nothing has been asked for as long as agreed.

use std::io::{self, BufRead};
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use server_kit::print_line;

use super::protocol::{Answer, Prepare, Request, StartOrder};
use super::store::Store;
use crate::arms::{Answers, Arm};
use crate::host::launcher::Launcher;
use crate::host::local_server::LocalServer;
use crate::host::quiet;
use crate::interrupt::Interrupt;
use crate::{machine, processors};

/// Longest wait for the first questions.
const FIRST_LEASE: Duration = Duration::from_secs(600);

/// Answers until there are no more questions.
///
/// # Errors
/// When an answer cannot be written.
pub fn serve() -> Result<()> {
    let interrupt = Interrupt::default();
    let questions = read_questions(interrupt.clone())?;
    let mut agent = Agent {
        store: Store::of_the_user()?,
        cpus: processors::available()?,
        lease: FIRST_LEASE,
        launcher: None,
        server: None,
        interrupt,
    };
    print_line(&Answer::Ready {
        architecture: std::env::consts::ARCH.to_owned(),
        cpus: agent.cpus.clone(),
    })?;
    while let Ok(line) = questions.recv_timeout(agent.lease) {
        let request = serde_json::from_str(&line).context("a question is not readable");
        let answer = request.and_then(|request| agent.answer(request));
        let failed = |error: anyhow::Error| Answer::Failed {
            error: format!("{error:#}"),
        };
        print_line(&answer.unwrap_or_else(failed))?;
    }
    Ok(())
}

/// Reads on a thread of its own, so that the end of the questions ends what is being done.
fn read_questions(interrupt: Interrupt) -> Result<Receiver<String>> {
    let (asked, questions) = channel();
    let read = move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if asked.send(line).is_err() {
                break;
            }
        }
        interrupt.set();
    };
    let thread = thread::Builder::new().name("questions".to_owned());
    thread.spawn(read).context("cannot start a thread")?;
    Ok(questions)
}

struct Agent {
    store: Store,
    cpus: Vec<u32>,
    lease: Duration,
    launcher: Option<Launcher>,
    server: Option<LocalServer>,
    interrupt: Interrupt,
}

impl Agent {
    fn answer(&mut self, request: Request) -> Result<Answer> {
        Ok(match request {
            Request::Prepare(prepare) => {
                self.prepare(&prepare)?;
                Answer::Done
            }
            Request::Environment => Answer::Environment {
                environment: serde_json::to_value(machine::facts(&device_of_load()?)?)?,
            },
            Request::Has { sha256 } => Answer::Held {
                held: self.store.find(&sha256)?.is_some(),
            },
            Request::Receive { sha256, part, last } => {
                let part = STANDARD.decode(part)?;
                self.store.receive(&sha256, &part, last)?;
                Answer::Done
            }
            Request::Look => Answer::Looked {
                quiet: quiet::is_quiet()?,
            },
            Request::Start(order) => self.start(*order)?,
            Request::Sample { moment } => Answer::Sampled(Box::new(self.server()?.sample(moment)?)),
            Request::Watch { step_ms } => {
                self.server()?.watch(Duration::from_millis(step_ms))?;
                Answer::Done
            }
            Request::Series => Answer::Series(self.server()?.series()),
            Request::Stop => {
                let server = self.server.take();
                server.context("no server runs")?.stop()?;
                Answer::Done
            }
            Request::End => Answer::Ended {
                end: self.server.as_mut().and_then(LocalServer::end),
            },
            Request::Kill => {
                self.server = None;
                Answer::Done
            }
        })
    }

    fn server(&mut self) -> Result<&mut LocalServer> {
        self.server.as_mut().context("no server runs")
    }

    fn prepare(&mut self, prepare: &Prepare) -> Result<()> {
        let limit = machine::raise_nofile()?;
        let needed = prepare.open_files;
        ensure!(
            limit >= needed,
            "the server needs {needed} open files on its machine, and is allowed {limit} there; raise the hard \
             limit for that user: `* hard nofile {needed}` in /etc/security/limits.conf and a new login"
        );
        let address = prepare.address;
        let device = device(address)?;
        let launcher = Launcher::new(address, prepare.scheduling, self.interrupt.clone());
        self.launcher = Some(launcher.counting(device));
        self.lease = Duration::from_secs(prepare.lease_s);
        Ok(())
    }

    fn start(&mut self, order: StartOrder) -> Result<Answer> {
        self.server = None;
        let launcher = self.launcher.as_mut().context("nothing is prepared")?;
        let program = self.store.find(&order.sha256)?;
        let program = program.context("the binary is not here, or was changed here")?;
        // What the probe does in a window keeps off the server's processors, where it can.
        let others = self.cpus.iter().filter(|cpu| !order.cpus.contains(cpu));
        let others: Vec<u32> = others.copied().collect();
        let own = if others.is_empty() {
            &self.cpus
        } else {
            &others
        };
        processors::confine(own).context("cannot leave the server's processors")?;
        let arm = Arm {
            entry: order.entry,
            command: None,
            reports: order.reports,
            port: order.port,
            ends_with_stdin: order.ends_with_stdin,
            answers: Answers::default(),
        };
        let server = launcher.start(&arm, program, order.workers, &order.cpus)?;
        let facts = server.facts().clone();
        self.server = Some(server);
        Ok(Answer::Started(facts))
    }
}

/// The network device that has an address; nothing for a loopback.
fn device(address: IpAddr) -> Result<Option<String>> {
    let found = machine::device_with(address)?.with_context(|| {
        format!(
            "the server's machine does not have the address {address}; give one that it has, and that this machine \
             reaches, with --server-address"
        )
    })?;
    Ok((!address.is_loopback()).then_some(found))
}

/// The device over which the load comes: the one towards who asks, as the ssh server tells.
fn device_of_load() -> Result<String> {
    let connection = std::env::var("SSH_CONNECTION").unwrap_or_default();
    let client = connection.split_whitespace().next();
    match client.and_then(|client| client.parse().ok()) {
        Some(client) => machine::device_towards(client),
        None => Ok(machine::LOOPBACK.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_no_device_and_anothers_address_is_refused() {
        assert_eq!(device([127, 0, 0, 1].into()).unwrap(), None);
        let error = device([192, 0, 2, 1].into()).unwrap_err();
        assert!(error.to_string().contains("--server-address"), "{error:#}");
    }
}
