//! Where servers run and where the load is made: what starts a server, and what tells what it, its
//! machine and its network have used.
//!
//! There are three kinds of host. On `local` both sides are on this machine, over loopback. On `netns` each has a
//! network namespace of its own. On `ssh` the server is on another machine, where the same program
//! answers this one's questions. Whatever is asked of a host is asked through [`Host`] and
//! [`Server`]; the load generator is always this machine's.

mod launch;
mod launcher;
mod lines;
mod link;
mod local_server;
mod log;
mod machine_usage;
mod name;
mod namespace;
mod network_usage;
mod ports;
mod process;
mod quiet;
mod remote;
mod round_trip;
mod sample;
mod sampler;
mod server;
mod server_usage;
mod thread_usage;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, Result};
use records::{Environment, Machine, Plan, Scheduling};

pub use launch::Launch;
pub use lines::{Lines, Next};
pub use local_server::{Facts, LocalServer, ServerSeries};
pub use log::Log;
pub use machine_usage::{CpuUsage, MachineUsage};
pub use name::{Destination, HostName};
pub use network_usage::NetworkUsage;
pub use process::{Confinement, Process};
pub use remote::{Remote, RemoteServer, agent};
pub use sample::{Moment, Sample};
pub use sampler::{Readings, STEP, Sampler};
pub use server::Server;
pub use server_usage::{ServerSpent, ServerUsage, cpu_ns};
pub use thread_usage::{ThreadUsage, spent_us, threads};

use self::launcher::Launcher;
use self::link::Link;
use crate::arms::Arm;
use crate::interrupt::Interrupt;
use crate::machine;
use crate::subjects::Binary;

/// Where servers run.
#[derive(Debug)]
pub struct Host {
    place: Place,
    quiet: quiet::Quiet,
    interrupt: Interrupt,
}

#[derive(Debug)]
enum Place {
    Local(Launcher),
    Netns(Launcher, Link),
    Ssh(Remote),
}

/// What the load generator's side has used, as far as it is not the server's too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientUsage {
    /// Its machine.
    pub machine: Option<MachineUsage>,
    /// Its network namespace.
    pub network: Option<NetworkUsage>,
}

impl Host {
    /// The address that servers on this machine listen on.
    pub const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// This machine, whose servers run under `scheduling`; the waits for them end when `interrupt` is
    /// set.
    pub fn local(scheduling: Scheduling, interrupt: Interrupt) -> Self {
        let launcher = Launcher::new(Self::ADDRESS, scheduling, interrupt.clone());
        Self::at(Place::Local(launcher), interrupt)
    }

    /// This machine, with a network namespace for each side. The calling thread moves into that of the load
    /// generator, with all that it starts from now on.
    ///
    /// # Errors
    /// When the namespaces cannot be made.
    pub fn netns(scheduling: Scheduling, interrupt: Interrupt) -> Result<Self> {
        let link = Link::make()?;
        let entered = link.client.enter();
        entered.context("cannot enter a network namespace")?;
        let launcher = Launcher::new(Link::ADDRESS, scheduling, interrupt.clone())
            .within(link.server.clone())
            .counting(Some(Link::DEVICE.to_owned()));
        Ok(Self::at(Place::Netns(launcher, link), interrupt))
    }

    /// Another machine, to which there is a connection.
    ///
    /// # Errors
    /// When it does not have what the plan's servers need.
    pub fn ssh(remote: Remote, plan: &Plan, interrupt: Interrupt) -> Result<Self> {
        remote.prepare(plan)?;
        Ok(Self::at(Place::Ssh(remote), interrupt))
    }

    fn at(place: Place, interrupt: Interrupt) -> Self {
        Self {
            place,
            quiet: quiet::Quiet::default(),
            interrupt,
        }
    }

    /// Connects again to another machine when the connection was cut.
    ///
    /// # Errors
    /// When it cannot be reached any more: then nothing more can be measured.
    pub fn reach(&self) -> Result<()> {
        match &self.place {
            Place::Local(_) | Place::Netns(..) => Ok(()),
            Place::Ssh(remote) => remote.reach(),
        }
    }

    /// Starts a server on a free port and waits until it answers.
    ///
    /// # Errors
    /// When it does not; the message has what the server said.
    pub fn start(
        &mut self,
        arm: &Arm,
        binary: &Binary,
        workers: u32,
        cpus: &[u32],
    ) -> Result<Server> {
        match &mut self.place {
            Place::Local(launcher) | Place::Netns(launcher, _) => {
                let server = launcher.start(arm, &binary.path, workers, cpus)?;
                Ok(Server::Here(server))
            }
            Place::Ssh(remote) => Ok(Server::There(remote.start(arm, binary, workers, cpus)?)),
        }
    }

    /// What the load generator's side has used until now, as far as it is not the server's too.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn client_usage(&self) -> Result<ClientUsage> {
        let machine = matches!(self.place, Place::Ssh(_)).then(MachineUsage::read);
        let shared = matches!(self.place, Place::Local(_));
        let network = (!shared).then(NetworkUsage::of_this_thread);
        Ok(ClientUsage {
            machine: machine.transpose()?,
            network: network.transpose()?,
        })
    }

    /// Waits until nothing else keeps the machines busy, but not for long: before every cell.
    ///
    /// # Errors
    /// When a kernel does not say how busy it is, or at an interrupt.
    pub fn wait_for_quiet(&mut self) -> Result<()> {
        let place = &self.place;
        let interrupt = &self.interrupt;
        self.quiet.wait(|| {
            interrupt.check()?;
            let here = quiet::is_quiet()?;
            match place {
                Place::Ssh(remote) if here => remote.is_quiet(),
                _ => Ok(here),
            }
        })
    }

    /// A cache line's way from the server's first processor to the load generator's and back, where
    /// both are pinned on this machine.
    ///
    /// # Errors
    /// When one of them is not available.
    pub fn core_round_trip_ns(&self, plan: &Plan) -> Result<Option<u64>> {
        match (
            &self.place,
            plan.server_cpus.first(),
            plan.client_cpus.first(),
        ) {
            (Place::Ssh(_), _, _) | (_, None, _) | (_, _, None) => Ok(None),
            (_, Some(server), Some(client)) => round_trip::median_ns(*server, *client),
        }
    }

    /// The server's machine as the servers see it, what they are, and what made the load.
    ///
    /// # Errors
    /// When a kernel does not say what it must, or the machine cannot be reached.
    pub fn environment(
        &self,
        load_generator: &str,
        binaries: &BTreeMap<String, Binary>,
    ) -> Result<Environment> {
        let towards = |address| machine::facts(&machine::device_towards(address)?);
        let (server, client) = match &self.place {
            Place::Local(_) => (machine::facts(machine::LOOPBACK)?, None),
            Place::Netns(_, link) => {
                let server = link.server.inside(|| machine::facts(Link::DEVICE))?;
                (server, Some(towards(Link::ADDRESS)?))
            }
            Place::Ssh(remote) => {
                let there = serde_json::from_value(remote.environment()?);
                let server: Machine = there.context("the other machine's description")?;
                (server, Some(towards(remote.address())?))
            }
        };
        Ok(machine::environment(
            load_generator,
            binaries,
            server,
            client,
        ))
    }
}
