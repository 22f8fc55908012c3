//! `bench probe`

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use records::Scheduling;
use serde::Serialize;

use super::options::ArmOptions;
use super::print;
use crate::host::{Host, Moment, STEP, agent};
use crate::interrupt::Interrupt;
use crate::{load, processors, subjects};

/// Readings by which their cost is told: more often than in a window, so that it takes a second only.
const COST_READINGS: u32 = 100;
const COST_STEP: Duration = Duration::from_millis(10);

#[derive(Args, Debug)]
pub struct Arguments {
    /// Tell in JSON what the readings of a window cost, taken of this arm's idle server; else requests are
    /// read from standard input, a line of JSON each, until its end
    #[arg(long, value_name = "ARM")]
    cost: Option<String>,

    #[command(flatten)]
    arms: ArmOptions,
}

/// What readings cost.
#[derive(Debug, Serialize)]
struct Cost {
    /// How many were taken.
    readings: u64,
    /// The time between two of them in a window.
    step_us: u128,
    /// CPU time of the thread that reads the server, a reading.
    sampler_cpu_us_per_reading: u64,
    /// CPU time of the thread that reads the load generator, a reading; here of this process.
    client_sampler_cpu_us_per_reading: u64,
    /// CPU time of the server that answers, a reading.
    server_cpu_us_per_reading: u64,
}

impl Arguments {
    /// Status 0 at the end of the requests.
    pub fn run(self) -> Result<ExitCode> {
        match &self.cost {
            None => agent::serve()?,
            Some(arm) => {
                let cost = self.measure_cost(arm)?;
                print(&(serde_json::to_string(&cost)? + "\n"))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn measure_cost(&self, arm: &str) -> Result<Cost> {
        let arms = self.arms.arms()?;
        let arm = arms.get(arm)?;
        let binaries = subjects::resolve([arm], &self.arms.directories()?, None)?;
        let mut host = Host::local(Scheduling::Other, Interrupt::on_signals()?);
        let cpus = &processors::available()?[..1];
        let mut server = host.start(arm, &binaries[&arm.entry.subject], 1, cpus)?;
        let before = server.sample(Moment::Before)?;
        server.watch(COST_STEP)?;
        let own = load::sample(i32::try_from(std::process::id())?, COST_STEP)?;
        sleep(COST_STEP * COST_READINGS);
        let (series, own) = (server.series()?, own.end());
        let after = server.sample(Moment::After)?;
        server.stop()?;
        let spent = after.server.since(&before.server)?;
        let readings = series.at_ms.len() as u64;
        Ok(Cost {
            readings,
            step_us: STEP.as_micros(),
            sampler_cpu_us_per_reading: series.cost_us / readings.max(1),
            client_sampler_cpu_us_per_reading: own.cost_ns / 1000 / (own.at_ms.len() as u64).max(1),
            server_cpu_us_per_reading: (spent.cpu_user_us + spent.cpu_system_us) / readings.max(1),
        })
    }
}
