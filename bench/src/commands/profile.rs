//! `bench profile`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use records::{Generator, LoadPoint, Plan};

use super::options::{ArmOptions, PlanOptions};
use super::print;
use crate::host::{Host, HostName};
use crate::interrupt::{self, Interrupt};
use crate::load::Generators;
use crate::measure::Measurer;
use crate::profile::{Perf, ProfileFolder, Profiler};
use crate::schedule::schedule;
use crate::{dates, machine, preflight, processors, subjects};

/// The experiment's name in a profile's plan, and the end of its folder's name.
const NAME: &str = "profile";
/// The experiment whose windows, warm-up and placement a profile has.
const LIKE: &str = "saturated";

#[derive(Args, Debug)]
pub struct Arguments {
    /// The arms, one after the other in every block
    #[arg(value_name = "ARM", required = true)]
    profiled: Vec<String>,

    /// Connections that load the server
    #[arg(long, value_name = "N", default_value_t = 50)]
    load: u32,

    /// What makes the load: flood, which keeps a server busier, or wrk
    #[arg(long, value_name = "flood|wrk", default_value = "flood", value_parser = super::options::word::<Generator>)]
    generator: Generator,

    /// Number of blocks
    #[arg(long, value_name = "N", default_value_t = 6)]
    blocks: u32,

    /// Length of a window in seconds; samples are taken in all but one of them
    #[arg(long, value_name = "S", default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..))]
    window: u32,

    /// Seed of the order in every block [default: from the time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// The results folder [default: results/DATE-HARDWARE-profile below the current directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    #[command(flatten)]
    arms: ArmOptions,
}

impl Arguments {
    /// Status 130 after Ctrl-C.
    pub fn run(self) -> Result<ExitCode> {
        let arms = self.arms.arms()?;
        let plan = self.plan(&arms)?;
        let perf = Perf::find()?;
        let chosen = plan
            .arms
            .iter()
            .map(|entry| Ok((entry.name.clone(), arms.get(&entry.name)?.clone())));
        let chosen = chosen.collect::<Result<BTreeMap<_, _>>>()?;
        let copies = subjects::directory_for_copies()?;
        let directories = self.arms.directories()?;
        let mut binaries = subjects::resolve(chosen.values(), &directories, Some(copies.path()))?;
        let generators = Generators::find(&plan, false, &directories, copies.path())?;
        binaries.extend(generators.binary());
        preflight::check(&plan, self.out.as_deref().unwrap_or(Path::new("results")))?;
        let versions = format!("{}; {}", generators.versions(), perf.version());
        let server = machine::facts(machine::LOOPBACK)?;
        let environment = machine::environment(&versions, &binaries, server, None);

        let interrupt = Interrupt::on_signals()?;
        processors::confine(&plan.client_cpus)?;
        let mut folder = ProfileFolder::create(
            self.out.as_deref(),
            &dates::today_utc(),
            &plan,
            &environment,
        )?;
        let measurer = Measurer {
            host: Host::local(plan.scheduling, interrupt.clone()),
            plan,
            arms: chosen,
            binaries,
            generators,
            interrupt: interrupt.clone(),
        };
        let mut profiler = Profiler { measurer, perf };
        if !take(&mut profiler, &mut folder, &interrupt)? {
            return Ok(ExitCode::from(interrupt::EXIT_STATUS));
        }
        print(&format!("{}\n", folder.path.display()))?;
        Ok(ExitCode::SUCCESS)
    }

    fn plan(&self, arms: &crate::arms::Arms) -> Result<Plan> {
        let like = PlanOptions {
            experiment: LIKE.to_owned(),
            arms: Some(self.profiled.clone()),
            blocks: Some(self.blocks),
            seed: self.seed,
            window: Some(self.window),
            placement: None,
            scheduling: None,
            oversubscribe: false,
        };
        let mut plan = like.draft(arms, None, &HostName::Local, None)?.plan;
        NAME.clone_into(&mut plan.experiment);
        plan.load_points = vec![LoadPoint {
            connections: self.load,
            generator: self.generator,
            ..LoadPoint::default()
        }];
        Ok(plan)
    }
}

/// Whether it came to its end. Every record is kept as it comes.
fn take(
    profiler: &mut Profiler,
    folder: &mut ProfileFolder,
    interrupt: &Interrupt,
) -> Result<bool> {
    let cells = schedule(&profiler.measurer.plan);
    let mut taken = 0;
    for cell in &cells {
        if interrupt.is_set() {
            return Ok(false);
        }
        let record = profiler.profile(cell);
        if interrupt.is_set() {
            return Ok(false);
        }
        folder.record(&record)?;
        let came_to = match record.error.as_str() {
            "" => format!("{} samples", record.samples),
            error => error.to_owned(),
        };
        let (place, of) = (cell.sequence + 1, cells.len());
        eprintln!(
            "{place} of {of}: block {}, {}: {came_to}",
            cell.block, cell.arm.name
        );
        taken += u32::from(record.error.is_empty());
    }
    ensure!(
        taken > 0,
        "no arm could be profiled; {} says why",
        folder.path.display()
    );
    Ok(true)
}
