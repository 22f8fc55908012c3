//! `bench run`

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use records::{CalibrationRecord, Environment, Placement, Plan};

use super::options::{ArmOptions, PlanOptions};
use super::print;
use crate::arms::{Arm, Arms};
use crate::experiment::Draft;
use crate::host::{Host, HostName, Remote};
use crate::interrupt::{self, Interrupt};
use crate::load::Generators;
use crate::measure::Measurer;
use crate::progress::Progress;
use crate::results::Folder;
use crate::runner::{self, Ended};
use crate::schedule::schedule;
use crate::subjects::{Binary, Directories};
use crate::{announcement, calibration, dates, preflight, processors, stop, subjects};

#[derive(Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    plan: PlanOptions,

    /// Where the servers run: local (this machine, loopback), netns (this machine, a network namespace for
    /// each side; needs root), or ssh://USER@HOST:PORT (another machine; see docs/hosts.md)
    #[arg(long, value_name = "HOST", default_value_t = HostName::Local)]
    host: HostName,

    /// With --host ssh://...: the address there that servers listen on and the load goes to [default: the
    /// one that the name stands for]
    #[arg(long, value_name = "ADDR")]
    server_address: Option<IpAddr>,

    /// The results folder [default: results/DATE-HARDWARE-EXPERIMENT below the current directory]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    out: Option<PathBuf>,

    /// Go on with the interrupted run in DIR: same experiment, same binaries, same machine
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,

    #[command(flatten)]
    arms: ArmOptions,
}

impl Arguments {
    /// Status 130 after Ctrl-C.
    pub fn run(self) -> Result<ExitCode> {
        let arms = self.arms.arms()?;
        let stored = self.resume.as_deref().map(Folder::plan).transpose()?;
        let directories = self.arms.directories()?;
        let interrupt = Interrupt::on_signals()?;
        let remote = self.remote(&directories, &interrupt)?;
        let server_cpus = remote.as_ref().map(Remote::cpus);
        let cpus = server_cpus.as_deref();
        let mut draft = self.plan.draft(&arms, stored.as_ref(), &self.host, cpus)?;
        if let Some(stored) = &stored {
            draft = Draft::from(draft.resolve_as(stored));
        }
        let plan = draft.plan.clone();
        let chosen = arms_of(&plan, &arms)?;
        let copies = subjects::directory_for_copies()?;
        let mut binaries = subjects::resolve(chosen.values(), &directories, Some(copies.path()))?;
        let calibrates = !draft.percents.is_empty();
        let generators = Generators::find(&plan, calibrates, &directories, copies.path())?;
        // Beside the servers: what loads them is as much part of the measurement.
        binaries.extend(generators.binary());
        let target = self.resume.as_deref().or(self.out.as_deref());
        let host = match (&self.host, remote) {
            (HostName::Netns, _) => Host::netns(plan.scheduling, interrupt.clone())?,
            (_, Some(remote)) => Host::ssh(remote, &plan, interrupt.clone())?,
            (_, None) => Host::local(plan.scheduling, interrupt.clone()),
        };
        // Of the load generator's side: from here on this thread is where the load is made.
        preflight::check(&plan, target.unwrap_or(Path::new("results")))?;
        let environment = host.environment(&generators.versions(), &binaries)?;

        let client_cpus = plan.client_cpus.clone();
        let mut cheapest = Vec::new();
        if stored.is_none() {
            cheapest = cheapest_arms(&arms, &directories, copies.path(), &mut binaries)?;
        }
        let mut measurer = Measurer {
            host,
            plan,
            arms: chosen,
            binaries,
            generators,
            interrupt: interrupt.clone(),
        };
        processors::confine(&client_cpus)?;
        // Before anything is started, which would disturb another run that writes to the folder.
        let resumed = self.resumed(&measurer.plan, &environment)?;
        try_arms(&mut measurer)?;
        if interrupt.is_set() {
            eprintln!("interrupted while the arms were tried; nothing was measured");
            return Ok(ExitCode::from(interrupt::EXIT_STATUS));
        }
        let mut calibrations = Vec::new();
        if resumed.is_none() {
            calibrations = calibrate(&mut measurer, draft, cheapest)?;
            if interrupt.is_set() {
                eprintln!("interrupted in the calibration; nothing was recorded");
                return Ok(ExitCode::from(interrupt::EXIT_STATUS));
            }
        }

        let calibrated = (resumed, calibrations.as_slice());
        self.record(&mut measurer, calibrated, &environment, &interrupt)
    }

    /// Measures into the folder that is resumed, or a new one.
    fn record(
        &self,
        measurer: &mut Measurer,
        (resumed, calibrations): (Option<Folder>, &[CalibrationRecord]),
        environment: &Environment,
        interrupt: &Interrupt,
    ) -> Result<ExitCode> {
        let mut folder = match resumed {
            Some(folder) => folder,
            None => Folder::create(
                self.out.as_deref(),
                &dates::today_utc(),
                &measurer.plan,
                environment,
            )?,
        };
        calibration::write(&folder.path, calibrations)?;
        let ended = self.measure(measurer, &mut folder, interrupt);
        if !matches!(ended, Ok(Ended::Complete)) {
            eprintln!(
                "The finished rows are kept. To go on with the run: {}",
                self.resume_command(&folder.path)
            );
        }
        Ok(match ended? {
            Ended::Complete => {
                print(&format!("{}\n", folder.path.display()))?;
                ExitCode::SUCCESS
            }
            Ended::Interrupted => ExitCode::from(interrupt::EXIT_STATUS),
        })
    }

    /// The connection to the server's machine, if that is another one.
    fn remote(&self, directories: &Directories, interrupt: &Interrupt) -> Result<Option<Remote>> {
        let HostName::Ssh(destination) = &self.host else {
            ensure!(
                self.server_address.is_none(),
                "--server-address is for --host ssh://... only; leave it out"
            );
            return Ok(None);
        };
        let destination = destination.clone();
        Remote::connect(destination, self.server_address, directories, interrupt).map(Some)
    }

    /// The folder to go on with, if there is one.
    fn resumed(&self, plan: &Plan, environment: &Environment) -> Result<Option<Folder>> {
        let Some(path) = &self.resume else {
            return Ok(None);
        };
        let folder = Folder::resume(path, plan, environment)?;
        for removed in &folder.removed {
            eprintln!("removed {removed}");
        }
        Ok(Some(folder))
    }

    fn measure(
        &self,
        measurer: &mut Measurer,
        folder: &mut Folder,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        let all = schedule(&measurer.plan);
        let total = all.len();
        let cells = runner::remaining(all, &folder.done);
        let mut progress = Progress::new(&measurer.plan, total, cells.len());
        for line in announcement::lines(&measurer.plan, &measurer.binaries, total, cells.len()) {
            progress.say(&line);
        }
        let plan = measurer.plan.clone();
        let ended = stop::run(
            &plan,
            &folder.path,
            &cells,
            measurer,
            &mut folder.recorder,
            &mut progress,
            interrupt,
        );
        progress.finish();
        if matches!(ended, Ok(Ended::Complete)) {
            progress.say(&stop::told(&folder.path)?);
        }
        ended
    }

    /// The command line that goes on with this run. Blocks, arms, window, seed and scheduling come from
    /// the folder.
    fn resume_command(&self, folder: &Path) -> String {
        let mut words = vec!["bench run".to_owned(), self.plan.experiment.clone()];
        words.push(format!("--resume {}", folder.display()));
        if self.host != HostName::Local {
            words.push(format!("--host {}", self.host));
        }
        if let Some(address) = self.server_address {
            words.push(format!("--server-address {address}"));
        }
        if let Some(placement) = self.plan.placement {
            let word = match placement {
                Placement::Apart => "apart",
                Placement::Shared => "shared",
            };
            words.push(format!("--placement {word}"));
        }
        if self.plan.oversubscribe {
            words.push("--oversubscribe".to_owned());
        }
        if let Some(file) = &self.arms.arms_file {
            words.push(format!("--arms-file {}", file.display()));
        }
        for subject in &self.arms.subject {
            words.push(format!("--subject {subject}"));
        }
        if let Some(directory) = &self.arms.subjects {
            words.push(format!("--subjects {}", directory.display()));
        }
        words.join(" ")
    }
}

fn arms_of(plan: &Plan, arms: &Arms) -> Result<BTreeMap<String, Arm>> {
    let named = |name: &String| Ok((name.clone(), arms.get(name)?.clone()));
    plan.arms.iter().map(|entry| named(&entry.name)).collect()
}

/// The arms that a ceiling can be measured with, whose binaries join the others; none is needed.
fn cheapest_arms(
    arms: &Arms,
    directories: &Directories,
    copies: &Path,
    binaries: &mut BTreeMap<String, Binary>,
) -> Result<Vec<Arm>> {
    let mut cheapest = Vec::new();
    for name in calibration::CHEAPEST {
        let arm = arms.get(name)?;
        if !binaries.contains_key(&arm.entry.subject) {
            let Ok(found) = subjects::resolve([arm], directories, Some(copies)) else {
                continue;
            };
            binaries.extend(found);
        }
        cheapest.push(arm.clone());
    }
    Ok(cheapest)
}

/// Measures the ceilings and capacities, and sets the plan's rates. A missing ceiling is told and no
/// more; a missing capacity leaves nothing to offer.
fn calibrate(
    measurer: &mut Measurer,
    draft: Draft,
    cheapest: Vec<Arm>,
) -> Result<Vec<CalibrationRecord>> {
    let serves = |arm: &Arm| {
        let name = &arm.entry.name;
        let known = measurer.arms.insert(name.clone(), arm.clone()).is_some();
        let tried = measurer.try_arm(name);
        if tried.is_err() && !known {
            measurer.arms.remove(name);
        }
        tried.is_ok()
    };
    let cheapest = cheapest.into_iter().find(serves).map(|arm| arm.entry);
    if cheapest.is_none() {
        eprintln!(
            "the load generator's ceiling is not measured: neither of {} serves; build them with `cargo build \
             --profile server -p floors`",
            calibration::CHEAPEST.join(" and ")
        );
    }
    let steps = calibration::steps(&draft, cheapest.as_ref());
    if !steps.is_empty() {
        eprintln!(
            "calibration: {} windows of 1 s before the first block",
            steps.len()
        );
    }
    let interrupt = measurer.interrupt.clone();
    let records = calibration::run(&steps, measurer, || interrupt.is_set())?;
    if !interrupt.is_set() {
        let slowest = calibration::slowest_per_s(&draft, &records)?;
        measurer.plan = draft.resolve(&slowest)?;
    }
    Ok(records)
}

/// Starts and verifies each arm once. One that fails stays in the run, whose rows then say why.
fn try_arms(measurer: &mut Measurer) -> Result<()> {
    let names: Vec<String> = measurer.arms.keys().cloned().collect();
    let mut failed = Vec::new();
    for name in &names {
        let tried = measurer.try_arm(name);
        if measurer.interrupt.is_set() {
            return Ok(());
        }
        if let Err(error) = tried {
            failed.push(format!("arm {name} is unavailable: {error:#}"));
        }
    }
    ensure!(
        failed.len() < names.len(),
        "no arm can be measured\n{}",
        failed.join("\n")
    );
    for line in failed {
        eprintln!("{line}");
    }
    Ok(())
}
