//! The load generators of a plan, as one.

use std::path::Path;

use anyhow::{Context, Result};
use records::{Generator, LoadPoint, Plan};

use super::flood::{self, Flood};
use super::run::{Connected, Run};
use super::wrk::{self, Wrk};
use crate::interrupt::Interrupt;
use crate::subjects::{Binary, Directories};

/// The load generators that a plan needs.
#[derive(Debug, Default)]
pub struct Generators {
    wrk: Option<Wrk>,
    flood: Option<Flood>,
}

/// The name of a load generator's program.
pub fn name(generator: Generator) -> &'static str {
    match generator {
        Generator::Wrk => "wrk",
        Generator::Flood => flood::NAME,
    }
}

/// A load generator's arguments for a load of a plan on `address` (`ADDR:PORT`).
pub fn arguments(plan: &Plan, load: &LoadPoint, address: &str) -> Vec<String> {
    let (threads, window_s) = (plan.client_threads, plan.window_s);
    match load.generator {
        Generator::Wrk => wrk::arguments(threads, load, window_s, address),
        Generator::Flood => flood::arguments(threads, load, window_s, address, &plan.client_cpus),
    }
}

impl Generators {
    /// Finds those that `plan` needs: wrk in `PATH`, flood among the study's servers, of which a copy
    /// in `copies` is executed.
    ///
    /// # Errors
    /// When one is missing; the message says how to get it.
    pub fn find(plan: &Plan, directories: &Directories, copies: &Path) -> Result<Self> {
        let needed = |generator| plan.load_points.iter().any(|l| l.generator == generator);
        let wrk = needed(Generator::Wrk).then(Wrk::find).transpose()?;
        let flood = needed(Generator::Flood).then(|| Flood::find(directories, copies));
        Ok(Self {
            wrk,
            flood: flood.transpose()?,
        })
    }

    /// The version lines of all.
    pub fn versions(&self) -> String {
        let wrk = self.wrk.as_ref().map(Wrk::version);
        let flood = self.flood.as_ref().map(Flood::version);
        let versions: Vec<&str> = wrk.into_iter().chain(flood).collect();
        versions.join("; ")
    }

    /// The binary of the one that is built here, by its name.
    pub fn binary(&self) -> Option<(String, Binary)> {
        self.flood.as_ref().map(Flood::binary)
    }

    /// Starts a window of `load`, with the [`arguments`], on the client's processors.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        &self,
        plan: &Plan,
        load: &LoadPoint,
        arguments: &[String],
        interrupt: &Interrupt,
    ) -> Result<Run> {
        let missing = "the load generator was not looked for";
        let (mut command, connected) = match load.generator {
            Generator::Wrk => (
                self.wrk.as_ref().context(missing)?.command(),
                Connected::After(wrk::CONNECTED),
            ),
            Generator::Flood => (
                self.flood.as_ref().context(missing)?.command(),
                Connected::Told,
            ),
        };
        command.args(arguments);
        Run::start(
            name(load.generator),
            &mut command,
            connected,
            plan,
            interrupt,
        )
    }
}
