//! Options that several commands share.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use records::{Placement, Plan, Scheduling};
use serde::de::{DeserializeOwned, IntoDeserializer};

use crate::arms::{Arms, SubjectOption};
use crate::dates;
use crate::experiment::{Changes, Draft, Experiment};
use crate::host::HostName;
use crate::preflight::Limits;
use crate::processors::{self, Wanted};
use crate::subjects::Directories;

/// Which arms there are, and where their binaries are.
#[derive(Args, Clone, Debug)]
pub struct ArmOptions {
    /// More arms, in a file like the study's own arms.toml, with `command = "/path/or/name"`
    #[arg(long, value_name = "FILE")]
    pub arms_file: Option<PathBuf>,

    /// An arm NAME that runs `PATH --listen ADDR:PORT --workers N --cpus LIST|none`; the same is in
    /// its environment as LISTEN, PORT, WORKERS and CPUS. It must answer byte for byte what the
    /// study's servers answer
    #[arg(long, value_name = "NAME=PATH")]
    pub subject: Vec<SubjectOption>,

    /// Directory of the study's servers [default: this program's, then `server` beside it]
    #[arg(long, value_name = "DIR", env = "KIO_SUBJECTS")]
    pub subjects: Option<PathBuf>,
}

impl ArmOptions {
    /// All arms.
    pub fn arms(&self) -> Result<Arms> {
        Arms::load(self.arms_file.as_deref(), &self.subject)
    }

    /// Where the study's servers are.
    pub fn directories(&self) -> Result<Directories> {
        Directories::new(self.subjects.as_deref())
    }
}

/// What makes a plan of an experiment.
#[derive(Args, Clone, Debug)]
pub struct PlanOptions {
    /// smoke, quick, card, card-forensics, ladder, options, peers, latency, scale-connections,
    /// scale-workers, pipeline, churn, payload, saturated, single, idle or shared, or the path of a TOML
    /// file like theirs
    pub experiment: String,

    /// Arms to measure in place of the experiment's
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub arms: Option<Vec<String>>,

    /// Number of blocks in place of the experiment's
    #[arg(long, value_name = "N")]
    pub blocks: Option<u32>,

    /// Seed of the order in every block [default: from the time]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Length of a window in seconds in place of the experiment's
    #[arg(long, value_name = "S")]
    pub window: Option<u32>,

    /// Processors in place of the experiment's: each side on its own, or both on all
    #[arg(long, value_name = "apart|shared", value_parser = word::<Placement>)]
    pub placement: Option<Placement>,

    /// Scheduling policy of every server in place of the experiment's
    #[arg(long, value_name = "other|batch", value_parser = word::<Scheduling>)]
    pub scheduling: Option<Scheduling>,

    /// Run an experiment that needs more processors than there are: nothing is pinned then
    #[arg(long)]
    pub oversubscribe: bool,
}

impl PlanOptions {
    /// The plan on this machine, with the server on a `host` and on another machine's processors where
    /// those are given, and with rates that are still open. What is not given comes from `stored`, the plan of a run to go on
    /// with, where there is one.
    pub fn draft(
        &self,
        arms: &Arms,
        stored: Option<&Plan>,
        host: &HostName,
        server_cpus: Option<&[u32]>,
    ) -> Result<Draft> {
        let names = |plan: &Plan| plan.arms.iter().map(|arm| arm.name.clone()).collect();
        let changes = Changes {
            arms: self.arms.clone().or_else(|| stored.map(names)),
            blocks: self.blocks.or(stored.map(|plan| plan.blocks)),
            window_s: self.window.or(stored.map(|plan| plan.window_s)),
            // Not from the plan: an oversubscribed run is shared there without having been asked to be.
            placement: self.placement,
            scheduling: self.scheduling.or(stored.map(|plan| plan.scheduling)),
        };
        let seed = match self.seed.or(stored.map(|plan| plan.seed)) {
            Some(seed) => seed,
            None => seed_from_time()?,
        };
        let experiment = Experiment::load(&self.experiment)?.changed(&changes, arms)?;
        let (own, oversubscribe) = (processors::available()?, self.oversubscribe);
        let limits = Limits::of_this_machine(host.kind())?;
        let lay_out = |wanted: &Wanted| match server_cpus {
            None => processors::lay_out(&own, wanted, oversubscribe),
            Some(theirs) => processors::lay_out_apart(theirs, &own, wanted, oversubscribe),
        };
        let mut draft = experiment.draft(arms, &own, lay_out, seed, &limits)?;
        host.kind().clone_into(&mut draft.plan.host);
        Ok(draft)
    }
}

/// A word as it stands in the experiments.
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Result<T, serde::de::value::Error> {
    T::deserialize(text.into_deserializer())
}

fn seed_from_time() -> Result<u64> {
    let since = dates::since_1970();
    Ok(since.context("the clock is set before 1970")?.as_secs())
}
