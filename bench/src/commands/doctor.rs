//! `bench doctor`

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use nix::unistd::geteuid;

use super::print;
use crate::doctor::{self, Verdict};
use crate::settings::{Changer, Outcome, Settings};

#[derive(Args, Debug)]
pub struct Arguments {
    /// First give the kernel's settings and the frequency governor their recommended values; needs root, and
    /// lasts until the machine restarts or --restore. The former values are kept in /run/bench
    #[arg(long, conflicts_with = "restore")]
    fix: bool,

    /// First put back the values that --fix has changed; needs root
    #[arg(long)]
    restore: bool,

    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Status 1 when measuring would fail, or a setting could not be changed.
    pub fn run(self) -> Result<ExitCode> {
        let outcome = self.change()?;
        for line in &outcome.changed {
            eprintln!("changed {line}");
        }
        for line in &outcome.left {
            eprintln!("left {line}");
        }
        for line in &outcome.refused {
            eprintln!("error: not changed: {line}");
        }
        let findings = doctor::examine()?;
        if self.json {
            print(&(serde_json::to_string_pretty(&findings)? + "\n"))?;
        } else {
            print(&doctor::render(&findings))?;
        }
        let fails = (findings.iter()).any(|finding| finding.verdict == Verdict::Fail);
        Ok(ExitCode::from(u8::from(
            fails || !outcome.refused.is_empty(),
        )))
    }

    fn change(&self) -> Result<Outcome> {
        if !self.fix && !self.restore {
            return Ok(Outcome::default());
        }
        ensure!(
            geteuid().is_root(),
            "only root may change the kernel's settings; run this with sudo"
        );
        let changer = Changer::of_this_machine()?;
        let outcome = if self.fix {
            changer.apply(&Settings::of_the_study())?
        } else {
            changer.restore()?
        };
        if outcome == Outcome::default() {
            eprintln!("nothing to change");
        }
        Ok(outcome)
    }
}
