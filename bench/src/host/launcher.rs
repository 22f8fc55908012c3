//! Starts servers on this machine.

use std::net::IpAddr;
use std::path::Path;

use anyhow::Result;
use records::Scheduling;

use super::launch::Launch;
use super::local_server::LocalServer;
use super::namespace::Namespace;
use super::ports::Ports;
use crate::arms::Arm;
use crate::interrupt::Interrupt;
use crate::placeholders::Placeholders;

/// Starts servers on one address of this machine.
#[derive(Debug)]
pub struct Launcher {
    ports: Ports,
    scheduling: Scheduling,
    namespace: Option<Namespace>,
    device: Option<String>,
    interrupt: Interrupt,
}

impl Launcher {
    /// For servers on `address`, under `scheduling`; the waits for them end when `interrupt` is set.
    pub fn new(address: IpAddr, scheduling: Scheduling, interrupt: Interrupt) -> Self {
        Self {
            ports: Ports::new(address),
            scheduling,
            namespace: None,
            device: None,
            interrupt,
        }
    }

    /// The same with servers in a network namespace.
    #[must_use]
    pub fn within(mut self, namespace: Namespace) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// The same where the bytes that `device` sends are counted.
    #[must_use]
    pub fn counting(mut self, device: Option<String>) -> Self {
        self.device = device;
        self
    }

    /// Starts `program` as an arm's server on a free port, and waits until it answers.
    ///
    /// # Errors
    /// When it does not; the message has what the server said.
    pub fn start(
        &mut self,
        arm: &Arm,
        program: &Path,
        workers: u32,
        cpus: &[u32],
    ) -> Result<LocalServer> {
        let ports = &mut self.ports;
        let mut address = || match arm.port {
            Some(port) => Ok(ports.fixed(port)),
            None => ports.free(),
        };
        let address = match &self.namespace {
            Some(namespace) => namespace.inside(address)?,
            None => address()?,
        };
        let placeholders = Placeholders::new(address, workers, cpus);
        let mut launch = Launch::new(arm, program, &placeholders, address, cpus);
        launch.scheduling = self.scheduling;
        launch.namespace.clone_from(&self.namespace);
        launch.device.clone_from(&self.device);
        LocalServer::start(&launch, &self.interrupt)
    }
}
