//! `bench verify`

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use conformance::{Case, Outcome, check_hello_body, run_all};
use records::{Role, Scheduling};

use super::options::ArmOptions;
use super::print;
use crate::arms::{Answers, Arm, Arms};
use crate::host::{Host, Server};
use crate::interrupt::{self, Interrupt};
use crate::processors::{self, Wanted};
use crate::subjects::Directories;
use crate::{machine, subjects};

#[derive(Args, Debug)]
pub struct Arguments {
    /// The arms' names
    #[arg(required_unless_present = "all")]
    arm: Vec<String>,

    /// Every arm whose binary is built
    #[arg(long, conflicts_with = "arm")]
    all: bool,

    #[command(flatten)]
    arms: ArmOptions,
}

/// What came of one arm: its cases, or why it did not start or stop.
struct Verified {
    arm: String,
    cases: Vec<(&'static Case, Outcome)>,
    error: String,
}

impl Arguments {
    /// Status 1 when a case fails, or an arm does not start or stop as it must.
    pub fn run(self) -> Result<ExitCode> {
        let known = self.arms.arms()?;
        let directories = self.arms.directories()?;
        let chosen = if self.all {
            built(&known, &directories)?
        } else {
            let chosen = self.arm.iter().map(|name| known.get(name));
            chosen.collect::<Result<_>>()?
        };
        let binaries = subjects::resolve(chosen.iter().copied(), &directories, None)?;
        machine::raise_nofile()?;
        let cpus = processors::available()?;
        let layout = processors::lay_out(&cpus, &Wanted::default(), true)?;

        let interrupt = Interrupt::on_signals()?;
        let mut host = Host::local(Scheduling::Other, interrupt.clone());
        let mut verified = Vec::new();
        for arm in chosen {
            eprintln!("verifying {}", arm.entry.name);
            let binary = &binaries[&arm.entry.subject];
            let started = host.start(arm, binary, layout.workers, &layout.server_cpus);
            let mut result = Verified {
                arm: arm.entry.name.clone(),
                cases: Vec::new(),
                error: String::new(),
            };
            let ended = started.and_then(|mut server| {
                result.cases = run_all(server.address(), |case| applies(case, arm));
                check_body(arm, &mut server)?;
                server.stop()
            });
            if interrupt.is_set() {
                return Ok(ExitCode::from(interrupt::EXIT_STATUS));
            }
            if let Err(error) = ended {
                result.error = format!("{error:#}");
            }
            verified.push(result);
        }
        print(&table(&verified))?;
        Ok(ExitCode::from(u8::from(verified.iter().any(failed))))
    }
}

/// The arms whose binary is there; those that are left out are named.
fn built<'a>(known: &'a Arms, directories: &Directories) -> Result<Vec<&'a Arm>> {
    let mut chosen = Vec::new();
    for arm in known.all() {
        match directories.find(arm) {
            Ok(_) => chosen.push(arm),
            Err(error) => eprintln!("left out {}: {error:#}", arm.entry.name),
        }
    }
    ensure!(!chosen.is_empty(), "no arm's binary is there to verify");
    Ok(chosen)
}

/// Whether an arm must pass a case: how the study's own parser refuses what is malformed is not asked
/// of others.
fn applies(case: &Case, arm: &Arm) -> bool {
    arm.answers == Answers::SameBytes
        && (arm.entry.parses || !case.needs_parsing)
        && (arm.entry.role != Role::Peer || case.basic)
}

/// The check of an arm that must only answer with the same status and body.
fn check_body(arm: &Arm, server: &mut Server) -> Result<()> {
    if arm.answers == Answers::SameBody
        && let Err(failure) = check_hello_body(server.address(), None)
    {
        return Err(server.explain(failure.into()));
    }
    Ok(())
}

fn failed(verified: &Verified) -> bool {
    let failure = |(_, outcome): &(_, Outcome)| matches!(outcome, Outcome::Failed(_));
    !verified.error.is_empty() || verified.cases.iter().any(failure)
}

/// A row a case, a column an arm, by the numbers of the list above; the failures below.
fn table(verified: &[Verified]) -> String {
    let mut text = String::new();
    for (number, arm) in (1..).zip(verified) {
        text += &format!("{number:>3}  {}\n", arm.arm);
    }
    text += &format!("\n{:<24}", "case");
    for number in 1..=verified.len() {
        text += &format!("{number:>6}");
    }
    text.push('\n');
    for case in conformance::cases() {
        text += &format!("{:<24}", case.name);
        for arm in verified {
            let found = arm.cases.iter().find(|(known, _)| known.name == case.name);
            let word = match found {
                Some((_, Outcome::Passed)) => "ok",
                Some((_, Outcome::Failed(_))) => "FAIL",
                Some((_, Outcome::NotApplicable)) => "n/a",
                None => "-",
            };
            text += &format!("{word:>6}");
        }
        text.push('\n');
    }
    for arm in verified {
        for (case, outcome) in &arm.cases {
            if let Outcome::Failed(failure) = outcome {
                text += &format!("\n{}, {}: {failure}\n", arm.arm, case.name);
            }
        }
        if !arm.error.is_empty() {
            text += &format!("\n{}: {}\n", arm.arm, arm.error);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_must_pass_what_any_server_passes_and_the_studys_own_all() {
        let names = |text: &str| -> Vec<&str> {
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("arms.toml");
            let arm = format!("[[arm]]\nname = 'x'\nsubject = 'x'\n{text}");
            std::fs::write(&file, arm).unwrap();
            let arms = Arms::load(Some(&file), &[]).unwrap();
            let arm = arms.get("x").unwrap();
            let cases = conformance::cases().iter();
            let cases = cases.filter(|case| applies(case, arm));
            cases.map(|case| case.name).collect()
        };
        assert_eq!(names("").len(), conformance::cases().len());
        let blind = names("parses = false");
        assert_eq!(blind, ["one-request", "connections-2000"]);
        let basic = names("role = 'peer'");
        assert!(basic.contains(&"pipelined-1000") && !basic.contains(&"malformed-400"));
        assert!(names("answers = 'same-body'").is_empty());
    }

    #[test]
    fn the_table_shows_what_passed_what_does_not_apply_and_what_failed() {
        let cases = conformance::cases();
        let outcome = |case: &Case| {
            if case.needs_parsing {
                Outcome::NotApplicable
            } else {
                Outcome::Passed
            }
        };
        let passed = Verified {
            arm: "one".to_owned(),
            cases: cases.iter().map(|case| (case, outcome(case))).collect(),
            error: String::new(),
        };
        let broken = Verified {
            arm: "two".to_owned(),
            cases: Vec::new(),
            error: "no ring can be made".to_owned(),
        };
        assert!(!failed(&passed) && failed(&broken));
        let text = table(&[passed, broken]);
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap();
        assert_eq!(
            line("one-request")
                .split_whitespace()
                .skip(1)
                .collect::<Vec<_>>(),
            ["ok", "-"]
        );
        assert_eq!(
            line("malformed-400")
                .split_whitespace()
                .skip(1)
                .collect::<Vec<_>>(),
            ["n/a", "-"]
        );
        assert!(text.ends_with("two: no ring can be made\n"));
    }
}
