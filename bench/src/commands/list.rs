//! `bench list`

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use records::{LoadPoint, Plan, Scheduling};
use server_kit::Cpus;

use super::options::{ArmOptions, PlanOptions};
use super::print;
use crate::host::Host;
use crate::load;
use crate::placeholders::Placeholders;
use crate::plan::estimate_ms;
use crate::schedule::schedule;

#[derive(Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    plan: PlanOptions,

    #[command(flatten)]
    arms: ArmOptions,
}

impl Arguments {
    pub fn run(self) -> Result<ExitCode> {
        let arms = self.arms.arms()?;
        let plan = self.plan.plan(&arms, None, None)?;
        print(&listing(&plan))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Every cell with its two command lines. The harness chooses the port, so the word PORT stands for it,
/// and it confines and schedules processes itself, for
/// which `taskset` and `chrt` stand.
fn listing(plan: &Plan) -> String {
    let cells = schedule(plan);
    let mut text = format!(
        "# {}, seed {}: {} cells of {} s after {} ms of warm-up, about {} s\n",
        plan.experiment,
        plan.seed,
        cells.len(),
        plan.window_s,
        plan.warm_up_ms,
        estimate_ms(plan, cells.len()).div_ceil(1000),
    );
    let values =
        Placeholders::with_port_open(&Host::ADDRESS.to_string(), plan.workers, &plan.server_cpus);
    let server_prefix = batch(plan.scheduling).to_owned() + &taskset(&plan.server_cpus);
    let client_prefix = taskset(&plan.client_cpus);
    for cell in cells {
        let (arm, load) = (&cell.arm, &cell.load);
        let env: String = arm
            .env
            .iter()
            .map(|(name, value)| format!("{name}={} ", values.expand(value)))
            .collect();
        let args = values.expand_all(&arm.args).join(" ");
        let address = values.expand("{listen}");
        let client = load::name(load.generator);
        let client_args = load::arguments(plan, load, &address).join(" ");
        text += &format!(
            "block {} cell {}: {} at {} connections{}\n  {env}{server_prefix}{} {args}\n  {client_prefix}{client} \
             {client_args}\n",
            cell.block,
            cell.sequence,
            arm.name,
            load.connections,
            idle(load),
            arm.subject,
        );
    }
    text
}

fn idle(load: &LoadPoint) -> String {
    match load.idle_connections {
        0 => String::new(),
        idle => format!(" beside {idle} idle ones"),
    }
}

fn batch(scheduling: Scheduling) -> &'static str {
    match scheduling {
        Scheduling::Other => "",
        Scheduling::Batch => "chrt --batch 0 ",
    }
}

fn taskset(cpus: &[u32]) -> String {
    if cpus.is_empty() {
        return String::new();
    }
    let cpus = Cpus(cpus.iter().map(|cpu| *cpu as usize).collect());
    format!("taskset -c {cpus} ")
}

#[cfg(test)]
mod tests {
    use records::Generator;

    use super::*;
    use crate::arms::Arms;
    use crate::experiment::Experiment;

    fn smoke(cpus: &[u32]) -> Plan {
        let arms = Arms::load(None, &[]).unwrap();
        let mut plan = Experiment::load("smoke")
            .unwrap()
            .plan(&arms, cpus, true, 5)
            .unwrap();
        plan.blocks = 1;
        plan
    }

    #[test]
    fn the_listing_is_as_it_was() {
        insta::assert_snapshot!(listing(&smoke(&[0, 1])));
    }

    #[test]
    fn flood_idle_connections_and_scheduling_are_told() {
        let mut plan = smoke(&[0, 1]);
        plan.scheduling = Scheduling::Batch;
        for load in &mut plan.load_points {
            load.generator = Generator::Flood;
            load.idle_connections = 7;
        }
        let text = listing(&plan);
        for part in [
            "tokio-published at 50 connections beside 7 idle ones\n",
            "\n  chrt --batch 0 taskset -c 0 kio-rs --listen",
            "\n  taskset -c 1 flood --address 127.0.0.1:PORT --connections 10 --idle 7 ",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn nothing_is_pinned_when_processors_are_shared() {
        let text = listing(&smoke(&[0]));
        assert!(
            !text.contains("taskset") && text.contains("--cpus none"),
            "{text}"
        );
    }
}
