//! `bench list`

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use records::{LoadPoint, Scheduling};
use server_kit::Cpus;

use super::options::{ArmOptions, PlanOptions};
use super::print;
use crate::arms::Arms;
use crate::experiment::Draft;
use crate::host::{Host, HostName};
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
        let draft = self.plan.draft(&arms, None, &HostName::Local, None)?;
        print(&listing(&draft, &arms)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Every cell with its two command lines. The harness chooses the port, so the word PORT stands for it,
/// and it confines and schedules processes itself, for
/// which `taskset` and `chrt` stand.
fn listing(draft: &Draft, arms: &Arms) -> Result<String> {
    let plan = &draft.plan;
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
    text += &open_rates(draft);
    let client_prefix = taskset(&plan.client_cpus);
    for cell in cells {
        let load = &cell.load;
        let arm = arms.get(&cell.arm.name)?.with_body(load.body_bytes).entry;
        let workers = load.workers.unwrap_or(plan.workers);
        let cpus: Vec<u32> = (plan.server_cpus.iter().copied())
            .take(workers as usize)
            .collect();
        let values = Placeholders::with_port_open(&Host::ADDRESS.to_string(), workers, &cpus);
        let server_prefix = batch(plan.scheduling).to_owned() + &taskset(&cpus);
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
            "block {} cell {}: {} at {}{}\n  {env}{server_prefix}{} {args}\n  {client_prefix}{client} \
             {client_args}\n",
            cell.block,
            cell.sequence,
            arm.name,
            counted(load.connections),
            conditions(load),
            arm.subject,
        );
    }
    Ok(text)
}

/// The loads that are not as they will be: those whose rates the calibration sets, and those left out.
fn open_rates(draft: &Draft) -> String {
    let mut text = String::new();
    for (number, percent) in &draft.percents {
        let load = &draft.plan.load_points[*number];
        text += &format!(
            "# {} of {}: the calibration sets --rate to {percent} % of what the slowest arm can do\n",
            load::name(load.generator),
            counted(load.connections),
        );
    }
    for left_out in &draft.plan.left_out {
        text += &format!("# left out: {}\n", left_out.because);
    }
    text
}

fn counted(connections: u32) -> String {
    format!(
        "{connections} connection{}",
        if connections == 1 { "" } else { "s" }
    )
}

fn conditions(load: &LoadPoint) -> String {
    let mut text = String::new();
    let mut add = |is: bool, words: String| text += if is { &words } else { "" };
    let of = |number: Option<u32>| number.unwrap_or_default();
    add(
        load.idle_connections > 0,
        format!(" beside {} idle ones", load.idle_connections),
    );
    let requests = load.requests_per_connection;
    add(
        requests.is_some(),
        format!(", {} requests on each", of(requests)),
    );
    add(
        load.body_bytes.is_some(),
        format!(", bodies of {} bytes", of(load.body_bytes)),
    );
    add(
        load.workers.is_some(),
        format!(", {} workers", of(load.workers)),
    );
    let files = load.client_nofile;
    add(
        files.is_some(),
        format!(", the load generator with {} files", of(files)),
    );
    text
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
    use crate::experiment::Experiment;
    use crate::preflight::Limits;
    use crate::processors::{Wanted, lay_out};

    fn smoke(cpus: &[u32]) -> Draft {
        let arms = Arms::load(None, &[]).unwrap();
        let mut draft = Experiment::load("smoke")
            .unwrap()
            .draft(
                &arms,
                cpus,
                |wanted: &Wanted| lay_out(cpus, wanted, true),
                5,
                &Limits::default(),
            )
            .unwrap();
        draft.plan.blocks = 1;
        draft
    }

    fn listed(draft: &Draft) -> String {
        listing(draft, &Arms::load(None, &[]).unwrap()).unwrap()
    }

    #[test]
    fn the_listing_is_as_it_was() {
        insta::assert_snapshot!(listed(&smoke(&[0, 1])));
    }

    #[test]
    fn flood_idle_connections_and_scheduling_are_told() {
        let mut draft = smoke(&[0, 1]);
        let plan = &mut draft.plan;
        plan.scheduling = Scheduling::Batch;
        for load in &mut plan.load_points {
            load.generator = Generator::Flood;
            load.idle_connections = 7;
        }
        let text = listed(&draft);
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
        let text = listed(&smoke(&[0]));
        assert!(
            !text.contains("taskset") && text.contains("--cpus none"),
            "{text}"
        );
    }

    #[test]
    fn open_rates_and_unusual_loads_are_told() {
        let arms = Arms::load(None, &[]).unwrap();
        let limits = Limits {
            nofile: Some(10_500),
            client_ports: None,
            one_address: false,
        };
        let text = |name: &str, cpus: &[u32]| {
            let experiment = Experiment::load(name).unwrap();
            listed(
                &experiment
                    .draft(
                        &arms,
                        cpus,
                        |wanted: &Wanted| lay_out(cpus, wanted, true),
                        1,
                        &limits,
                    )
                    .unwrap(),
            )
        };
        let told = |text: &str, parts: &[&str]| {
            for part in parts {
                assert!(text.contains(part), "{part} in {text}");
            }
        };
        let latency = text("latency", &[0, 1]);
        told(
            &latency,
            &["# flood of 50 connections: the calibration sets --rate to 75 %"],
        );
        let connections = text("scale-connections", &[0, 1]);
        told(
            &connections,
            &[
                "# left out: 20000 connections need 20100 open files",
                "at 1 connection\n",
            ],
        );
        let churn = text("churn", &[0, 1]);
        told(
            &churn,
            &[
                "at 50 connections, 1 requests on each\n",
                "--requests-per-connection 1",
            ],
        );
        let payload = text("payload", &[0, 1]);
        told(
            &payload,
            &[", bodies of 65536 bytes\n", "--body-bytes 65536"],
        );
        let workers = text("scale-workers", &[0, 1, 2, 3, 4, 5]);
        told(
            &workers,
            &[
                ", 3 workers\n",
                "taskset -c 0,1 kio-rs",
                "--workers 2 --cpus 0,1",
            ],
        );
        let forensics = text("card-forensics", &[0, 1]);
        told(
            &forensics,
            &["at 2000 connections, the load generator with 1024 files\n"],
        );
    }
}
