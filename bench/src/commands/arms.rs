//! `bench arms`

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use records::Role;
use serde::Serialize;

use super::options::ArmOptions;
use super::print;
use crate::arms::Arm;
use crate::host::Host;
use crate::placeholders::Placeholders;
use crate::processors::{self, Wanted};

/// The port that the command lines of `--json` name.
const PORT: u16 = 8080;

#[derive(Args, Debug)]
pub struct Arguments {
    /// As JSON, with the command line as it would be on this machine
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    arms: ArmOptions,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    entry: &'a records::ArmEntry,
    reports: bool,
    command: Vec<String>,
}

impl Arguments {
    pub fn run(self) -> Result<ExitCode> {
        let arms = self.arms.arms()?;
        if self.json {
            print(&json(arms.all())?)?;
        } else {
            print(&table(arms.all()))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn json(arms: &[Arm]) -> Result<String> {
    let cpus = processors::available()?;
    let layout = processors::lay_out(&cpus, &Wanted::default(), true)?;
    let listen = SocketAddr::new(Host::ADDRESS, PORT);
    let values = Placeholders::new(listen, layout.workers, &layout.server_cpus);
    let lines: Vec<Line> = arms.iter().map(|arm| line(arm, &values)).collect();
    Ok(serde_json::to_string_pretty(&lines)? + "\n")
}

fn line<'a>(arm: &'a Arm, values: &Placeholders) -> Line<'a> {
    let entry = &arm.entry;
    let binary = match &arm.command {
        Some(path) => path.display().to_string(),
        None => entry.subject.clone(),
    };
    let mut command = vec![binary];
    command.extend(values.expand_all(&entry.args));
    Line {
        entry,
        reports: arm.reports,
        command,
    }
}

fn table(arms: &[Arm]) -> String {
    let mut text = String::new();
    for Arm { entry, .. } in arms {
        text += &format!(
            "{} ({})\n  {} {}\n",
            entry.name,
            role(entry.role),
            entry.subject,
            entry.args.join(" ")
        );
        if let (Some(from), Some(by)) = (&entry.differs_from, &entry.differs_by) {
            text += &format!("  differs from {from}: {by}\n");
        }
        if let Some(original) = &entry.control_of {
            text += &format!("  the same as {original}: what differs between the two is noise\n");
        }
    }
    text
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Ladder => "ladder",
        Role::Side => "side",
        Role::Floor => "floor",
        Role::Peer => "peer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arms::Arms;

    #[test]
    fn the_table_names_every_arm_and_its_difference() {
        let text = table(Arms::load(None, &[]).unwrap().all());
        assert!(text.contains("\n  differs from tokio-published: "));
        assert!(text.contains("kio-uring-again (side)\n  kio-rs --listen {listen}"));
        assert!(text.contains("the same as kio-uring:"));
    }

    #[test]
    fn json_has_the_command_line() {
        let text = json(Arms::load(None, &[]).unwrap().all()).unwrap();
        let lines: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(lines[0]["name"], "tokio-published");
        assert_eq!(lines[0]["command"][0], "tokio-baseline");
        assert_eq!(lines[0]["command"][2], "127.0.0.1:8080");
        assert_eq!(lines[0]["reports"], true);
    }
}
