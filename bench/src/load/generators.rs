//! The load generators of a plan, as one.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use records::{Generator, LoadPoint, Plan};

use super::flood::{self, Flood};
use super::oha::{self, Oha};
use super::run::{Connected, Run};
use super::wrk::{self, Wrk};
use crate::interrupt::Interrupt;
use crate::subjects::{Binary, Directories};

/// The load generators that a plan needs.
#[derive(Debug, Default)]
pub struct Generators {
    wrk: Option<Wrk>,
    flood: Option<Flood>,
    oha: Option<Oha>,
}

/// The name of a load generator's program.
pub fn name(generator: Generator) -> &'static str {
    match generator {
        Generator::Wrk => "wrk",
        Generator::Flood => flood::NAME,
        Generator::Oha => oha::NAME,
    }
}

/// A load generator's arguments for a load of a plan on `address` (`ADDR:PORT`).
pub fn arguments(plan: &Plan, load: &LoadPoint, address: &str) -> Vec<String> {
    let (threads, window_s) = (plan.client_threads, plan.window_s);
    match load.generator {
        Generator::Wrk => wrk::arguments(threads, load, window_s, address),
        Generator::Flood => flood::arguments(threads, load, window_s, address, &plan.client_cpus),
        Generator::Oha => oha::arguments(threads, load, window_s, address),
    }
}

impl Generators {
    /// Finds those that `plan` needs: wrk and oha in `PATH`, flood among the study's servers, of which a
    /// copy in `copies` is executed. `flood` is found in any case where it is to calibrate.
    ///
    /// # Errors
    /// When one is missing; the message says how to get it.
    pub fn find(
        plan: &Plan,
        calibrates: bool,
        directories: &Directories,
        copies: &Path,
    ) -> Result<Self> {
        let needed = |generator| plan.load_points.iter().any(|l| l.generator == generator);
        let wrk = needed(Generator::Wrk).then(Wrk::find).transpose()?;
        let flood =
            (calibrates || needed(Generator::Flood)).then(|| Flood::find(directories, copies));
        let oha = needed(Generator::Oha).then(Oha::find).transpose()?;
        Ok(Self {
            wrk,
            flood: flood.transpose()?,
            oha,
        })
    }

    /// The version lines of all.
    pub fn versions(&self) -> String {
        let wrk = self.wrk.as_ref().map(Wrk::version);
        let flood = self.flood.as_ref().map(Flood::version);
        let oha = self.oha.as_ref().map(Oha::version);
        let versions: Vec<&str> = wrk.into_iter().chain(flood).chain(oha).collect();
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
                limited(
                    self.wrk.as_ref().context(missing)?.command(),
                    load.client_nofile,
                ),
                Connected::After(wrk::CONNECTED),
            ),
            Generator::Oha => (
                self.oha.as_ref().context(missing)?.command(),
                Connected::After(oha::CONNECTED),
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

/// The command with a limit of open files of its own, which a shell sets before it becomes the program.
fn limited(command: Command, nofile: Option<u32>) -> Command {
    let Some(nofile) = nofile else {
        return command;
    };
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!(r#"ulimit -n {nofile} && exec "$0" "$@""#)])
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        shell.current_dir(directory);
    }
    shell
}
