//! The machine that servers run on: it starts a server and tells what it and the machine have used.
//!
//! There is one kind of host, this machine. Whatever is asked of a host is asked through [`Host`],
//! so that another kind has one place to come in.

mod lines;
mod log;
mod machine_usage;
mod ports;
mod process;
mod quiet;
mod server;
mod server_usage;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Result;
use records::Scheduling;

pub use lines::{Lines, Next};
pub use log::Log;
pub use machine_usage::MachineUsage;
pub use process::Process;
pub use server::{Launch, Server};
pub use server_usage::{ServerSpent, ServerUsage};

use crate::arms::Arm;
use crate::interrupt::Interrupt;
use crate::placeholders::Placeholders;
use crate::subjects::Binary;

/// This machine.
#[derive(Debug)]
pub struct Host {
    ports: ports::Ports,
    quiet: quiet::Quiet,
    scheduling: Scheduling,
    interrupt: Interrupt,
}

impl Host {
    /// The address that servers listen on.
    pub const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// This machine, whose servers run under `scheduling`; the waits for them end when `interrupt` is
    /// set.
    pub fn local(scheduling: Scheduling, interrupt: Interrupt) -> Self {
        Self {
            ports: ports::Ports::new(Self::ADDRESS),
            quiet: quiet::Quiet::default(),
            scheduling,
            interrupt,
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
        let address = match arm.port {
            Some(port) => SocketAddr::new(Self::ADDRESS, port),
            None => self.ports.free()?,
        };
        let placeholders = Placeholders::new(address, workers, cpus);
        let launch = Launch::new(arm, binary, &placeholders, address, cpus);
        Server::start(&launch.scheduled(self.scheduling), &self.interrupt)
    }

    /// What the machine has used until now.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn usage(&self) -> Result<MachineUsage> {
        MachineUsage::read()
    }

    /// Waits until nothing else keeps the machine busy, but not for long: before every cell.
    ///
    /// # Errors
    /// When the kernel does not say how busy it is, or at an interrupt.
    pub fn wait_for_quiet(&mut self) -> Result<()> {
        self.quiet.wait(&self.interrupt)
    }
}
