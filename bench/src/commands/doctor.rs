//! `bench doctor`

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::print;
use crate::doctor::{self, Verdict};
use crate::settings::{Changer, Settings};

#[derive(Args, Debug)]
pub struct Arguments {
    /// First give the kernel settings their recommended values; needs root, and lasts until the
    /// machine restarts or --restore
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
    /// Status 1 when measuring would fail.
    pub fn run(self) -> Result<ExitCode> {
        let changer = Changer::of_this_machine();
        let changes = if self.fix {
            changer.apply(&Settings::of_the_study())?
        } else if self.restore {
            changer.restore()?
        } else {
            Vec::new()
        };
        for change in changes {
            eprintln!("changed {change}");
        }
        let findings = doctor::examine()?;
        if self.json {
            print(&(serde_json::to_string_pretty(&findings)? + "\n"))?;
        } else {
            print(&doctor::render(&findings))?;
        }
        let fails = findings
            .iter()
            .any(|finding| finding.verdict == Verdict::Fail);
        Ok(ExitCode::from(u8::from(fails)))
    }
}
