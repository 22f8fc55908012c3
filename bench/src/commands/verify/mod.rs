//! `bench verify`

mod document;
mod generated;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use conformance::differential::{self, Reply};
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

    /// Only the few cases that any HTTP/1.1 server passes in a moment
    #[arg(long)]
    short: bool,
    /// Also send N generated inputs, valid requests with a change each: the study's own arms must
    /// answer the same bytes, and every difference from nginx must have its reason in
    /// conformance/differences.toml
    #[arg(long, value_name = "N", default_value_t = 0)]
    inputs: usize,

    /// Seed of the inputs
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Write the outcome into this file, between the marks `<!-- protocol:begin -->` and
    /// `<!-- protocol:end -->`
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,

    /// Leave the file as it is, and fail when it says something else
    #[arg(long, requires = "document")]
    check: bool,

    #[command(flatten)]
    arms: ArmOptions,
}

/// What came of one arm: its cases and its replies, or why it did not start or stop.
struct Verified {
    arm: String,
    /// As the server names itself; empty when it does not report.
    version: String,
    answers: Answers,
    cases: Vec<(&'static Case, Outcome)>,
    /// To the generated inputs; none of an arm that is not asked.
    replies: Vec<Reply>,
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
        let inputs = differential::inputs(self.seed, self.inputs);
        let mut verified = Vec::new();
        for arm in chosen {
            eprintln!("verifying {}", arm.entry.name);
            let binary = &binaries[&arm.entry.subject];
            let started = host.start(arm, binary, layout.workers, &layout.server_cpus);
            let mut result = Verified::new(arm);
            let ended = started.and_then(|mut server| {
                server.version().clone_into(&mut result.version);
                result.cases = run_all(server.address(), |case| {
                    applies(case, arm) && (case.is_short() || !self.short)
                });
                check_body(arm, &mut server)?;
                if generated::applies(arm) {
                    result.replies = generated::replies(server.address(), &inputs)?;
                }
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
        let mut text = table::table(&verified);
        let mut failed = verified.iter().any(failed);
        let compared = generated::compare(&inputs, &verified)?;
        if !inputs.is_empty() {
            text += &format!("\n{}", compared.text());
            failed |= compared.failed();
        }
        print(&text)?;
        if let Some(file) = &self.document {
            ensure!(
                !failed,
                "the document is about a run without failures; see above"
            );
            let text = document::text(&verified, &compared, self.seed);
            document::write(file, &text, self.check)?;
        }
        Ok(ExitCode::from(u8::from(failed)))
    }
}

impl Verified {
    fn new(arm: &Arm) -> Self {
        Self {
            arm: arm.entry.name.clone(),
            version: String::new(),
            answers: arm.answers,
            cases: Vec::new(),
            replies: Vec::new(),
            error: String::new(),
        }
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
        assert_eq!(
            blind,
            [
                "one-request",
                "close-while-another-waits",
                "connections-2000"
            ]
        );
        let basic = names("role = 'peer'");
        assert!(basic.contains(&"pipelined-1000") && !basic.contains(&"malformed-400"));
        assert!(names("answers = 'same-body'").is_empty());
    }
}
