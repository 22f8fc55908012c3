//! The arms: those of the study, those of other runtimes, those of a file, those of `--subject`.

mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use records::{ArmEntry, Generator, Role};
use serde::Deserialize;

use crate::{load, placeholders};

/// The study's own arms.
const STUDY: &str = include_str!("../arms.toml");
/// The arms of other runtimes and servers.
const PEERS: &str = include_str!("../peers/arms.toml");

/// Servers that are built elsewhere, and how they are run: `--subject` with such a name is that arm.
const GUESTS: &str = include_str!("../guests.toml");

/// One arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// What the results folder records of it.
    pub entry: ArmEntry,
    /// The binary, where it is not looked up among the subjects: a path, or a name in `PATH`.
    pub command: Option<PathBuf>,
    /// Whether it prints the JSON lines of `server-kit` and answers SIGUSR1.
    pub reports: bool,
    /// What it must answer.
    pub answers: Answers,
    /// The only port that it listens on, where that cannot be told it.
    pub port: Option<u16>,
    /// Whether it ends at the end of its standard input, which is therefore kept open.
    pub ends_with_stdin: bool,
}

/// What an arm must answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answers {
    /// Byte for byte what the study's servers answer.
    #[default]
    SameBytes,
    /// The same status and body; the head may have other fields.
    SameBody,
}

/// `--subject NAME=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectOption {
    name: String,
    path: PathBuf,
}

impl FromStr for SubjectOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok(Self {
                name: name.to_owned(),
                path: path.into(),
            }),
            _ => Err("give NAME=PATH, such as mine=./target/release/mine".to_owned()),
        }
    }
}

impl fmt::Display for SubjectOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.path.display())
    }
}

impl SubjectOption {
    /// The guest of that name with this binary, where there is one.
    fn arm_among(&self, guests: &[Arm]) -> Arm {
        let guest = guests.iter().find(|arm| arm.entry.name == self.name);
        guest.map_or_else(
            || self.arm(),
            |guest| Arm {
                command: Some(self.path.clone()),
                ..guest.clone()
            },
        )
    }

    /// An arm that runs the binary as the study's own servers are run, and without their reports.
    fn arm(&self) -> Arm {
        let args = [
            "--listen",
            "{listen}",
            "--workers",
            "{workers}",
            "--cpus",
            "{cpus}",
        ];
        let env = [
            ("LISTEN", "{listen}"),
            ("PORT", "{port}"),
            ("WORKERS", "{workers}"),
            ("CPUS", "{cpus}"),
        ];
        Arm {
            entry: ArmEntry {
                name: self.name.clone(),
                subject: self.name.clone(),
                role: Role::Side,
                args: args.map(str::to_owned).to_vec(),
                env: env.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
                differs_from: None,
                differs_by: None,
                changes: None,
                control_of: None,
                parses: true,
            },
            command: Some(self.path.clone()),
            reports: false,
            answers: Answers::SameBytes,
            port: None,
            ends_with_stdin: false,
        }
    }
}

impl Arm {
    /// The arm, asked for a body of another length, where one is given: by the flag of the study's servers
    /// where it is one of them or reports as they do, and in its environment in any case.
    pub fn with_body(&self, bytes: Option<u32>) -> Self {
        let mut arm = self.clone();
        if let Some(bytes) = bytes {
            let entry = &mut arm.entry;
            if arm.reports {
                entry
                    .args
                    .extend(["--body-bytes".to_owned(), bytes.to_string()]);
            }
            entry.env.insert("BODY_BYTES".to_owned(), bytes.to_string());
        }
        arm
    }
}

/// Every arm that is known, in order.
#[derive(Clone, Debug)]
pub struct Arms {
    arms: Vec<Arm>,
    /// The arms after these many came from the command line.
    own: usize,
}

impl Arms {
    /// The study's arms, then those of other runtimes, those of `file`, those of `subjects`.
    ///
    /// # Errors
    /// When the file cannot be read, or the arms contradict each other; the message names the arm.
    pub fn load(file: Option<&Path>, subjects: &[SubjectOption]) -> Result<Self> {
        let mut arms = file::parse(STUDY).context("the study's arms")?;
        arms.extend(file::parse(PEERS).context("the arms of other runtimes")?);
        let own = arms.len();
        if let Some(file) = file {
            let name = file.display();
            let text =
                std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
            arms.extend(file::parse(&text).with_context(|| format!("in {name}"))?);
        }
        let guests = file::parse(GUESTS).context("the arms that a subject stands for")?;
        arms.extend(subjects.iter().map(|subject| subject.arm_among(&guests)));
        let arms = Self { arms, own };
        arms.check()?;
        Ok(arms)
    }

    /// All arms.
    pub fn all(&self) -> &[Arm] {
        &self.arms
    }

    /// The arms that came from a file or from `--subject`.
    pub fn added(&self) -> &[Arm] {
        &self.arms[self.own..]
    }

    /// The arm of that name.
    ///
    /// # Errors
    /// When there is none; the message lists those there are.
    pub fn get(&self, name: &str) -> Result<&Arm> {
        let found = self.arms.iter().find(|arm| arm.entry.name == name);
        found.with_context(|| {
            let names: Vec<&str> = self.arms.iter().map(|a| a.entry.name.as_str()).collect();
            format!("no arm is called `{name}`; there are {}", names.join(", "))
        })
    }

    fn check(&self) -> Result<()> {
        let mut names = BTreeSet::new();
        let mut commands: BTreeMap<&str, Option<&Path>> = BTreeMap::new();
        for arm in &self.arms {
            let entry = &arm.entry;
            let name = &entry.name;
            check_name(name)?;
            ensure!(
                names.insert(name),
                "two arms are called `{name}`; rename one"
            );
            for text in entry.args.iter().chain(entry.env.values()) {
                placeholders::check(text).with_context(|| format!("arm `{name}`"))?;
            }
            ensure!(
                entry.differs_from.is_some() == entry.differs_by.is_some(),
                "arm `{name}`: differs_from and differs_by go together"
            );
            if let Some(other) = &entry.differs_from {
                self.get(other)
                    .with_context(|| format!("differs_from of `{name}`"))?;
            }
            let generator = load::name(Generator::Flood);
            ensure!(
                entry.subject != generator,
                "arm `{name}`: the load generator is called `{generator}`; give the arm another `subject`"
            );
            check_changes(arm)?;
            self.check_control(arm)?;
            let command = arm.command.as_deref();
            let known = commands.entry(&entry.subject).or_insert(command);
            ensure!(
                *known == command,
                "arm `{name}`: subject `{}` already stands for another binary; give the arm a \
                 `subject` of its own",
                entry.subject
            );
        }
        Ok(())
    }

    fn check_control(&self, arm: &Arm) -> Result<()> {
        let entry = &arm.entry;
        let Some(other) = &entry.control_of else {
            return Ok(());
        };
        let name = &entry.name;
        let original = self
            .get(other)
            .with_context(|| format!("control_of of `{name}`"))?;
        let same = original.entry.subject == entry.subject
            && original.entry.args == entry.args
            && original.entry.env == entry.env
            && original.entry.parses == entry.parses
            && original.reports == arm.reports
            && original.answers == arm.answers;
        ensure!(
            same && other != name,
            "arm `{name}` is the control of `{other}`, so both must have the same subject, args, \
             env, parses, reports and answers"
        );
        Ok(())
    }
}

fn check_changes(arm: &Arm) -> Result<()> {
    let name = &arm.entry.name;
    let Some(changes) = &arm.entry.changes else {
        return Ok(());
    };
    ensure!(
        arm.entry.differs_from.is_some(),
        "arm `{name}`: changes need differs_from, whose start line they are told from"
    );
    let malformed = |change: &&String| {
        let word = change.strip_prefix(['+', '-']);
        word.is_none_or(str::is_empty)
    };
    if let Some(change) = changes.iter().find(malformed) {
        bail!("arm `{name}`: the change `{change}` is neither `+word` nor `-word`");
    }
    Ok(())
}

/// Names stand in CSV, in file names and in lists on the command line.
fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(fits) {
        bail!("`{name}` cannot be an arm's name; use letters, digits, `-`, `_` and `.`");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
