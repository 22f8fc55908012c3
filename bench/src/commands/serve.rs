//! `bench serve`

use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use server_kit::Cpus;

use super::options::ArmOptions;
use crate::host::Launch;
use crate::placeholders::Placeholders;
use crate::{machine, processors, subjects};

#[derive(Args, Debug)]
pub struct Arguments {
    /// The arm's name
    arm: String,

    /// Address and port to listen on
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Worker threads [default: one a processor in --cpus, or 1]
    #[arg(long, value_name = "N")]
    workers: Option<u32>,

    /// Processors the server is confined to: a list such as 0,2-3, or none
    #[arg(long, value_name = "LIST|none", default_value = "none")]
    cpus: Cpus,

    #[command(flatten)]
    arms: ArmOptions,
}

impl Arguments {
    /// Becomes the server, so that it has this process and gets its signals.
    pub fn run(self) -> Result<ExitCode> {
        let arms = self.arms.arms()?;
        let arm = arms.get(&self.arm)?;
        let binaries = subjects::resolve([arm], &self.arms.directories()?, None)?;
        let binary = &binaries[&arm.entry.subject];
        let cpus = self.cpus.0.iter().map(|cpu| u32::try_from(*cpu));
        let cpus: Vec<u32> = cpus.collect::<Result<_, _>>()?;
        let workers = match self.workers {
            Some(workers) => workers,
            None => u32::try_from(cpus.len())?.max(1),
        };
        check_port(self.listen)?;
        machine::raise_nofile()?;
        processors::confine(&cpus).with_context(|| {
            format!("cannot run on processors {}; `lscpu` lists them", self.cpus)
        })?;
        let values = Placeholders::new(self.listen, workers, &cpus);
        let launch = Launch::new(arm, &binary.path, &values, self.listen, &cpus);
        let error = launch.command().exec();
        Err(error).with_context(|| format!("cannot run {}", binary.path.display()))
    }
}

/// A server with `SO_REUSEPORT` would share a taken port with another one like it in silence.
fn check_port(listen: SocketAddr) -> Result<()> {
    TcpListener::bind(listen).map(drop).with_context(|| {
        format!(
            "cannot listen on {listen}; when the port is taken, end the process that holds it (`ss -ltnp`) or \
             choose another with --listen"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_named_with_a_remedy() {
        let holder = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = holder.local_addr().unwrap();
        let message = check_port(address).unwrap_err().to_string();
        assert!(message.contains(&address.to_string()) && message.contains("--listen"));
        // Not the same port after the holder has gone: others take ports at the same time.
        check_port(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    }
}
