//! Experiments: what is to be measured, as data, and the plan that comes of one on this machine.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use records::{LoadPoint, Plan, SCHEMA_VERSION};
use serde::Deserialize;

use crate::arms::Arms;
use crate::processors::{self, Count};

/// The study's own experiments.
const STUDY: [(&str, &str); 3] = [
    ("smoke", include_str!("../experiments/smoke.toml")),
    ("quick", include_str!("../experiments/quick.toml")),
    ("card", include_str!("../experiments/card.toml")),
];

/// What a cell takes beside its warm-up and its window: the server's start and stop, the look for
/// foreign load, verification, and wrk, whose threads notice the end of a window every 100 ms.
const OVERHEAD_MS: u64 = 250;

/// Far above what makes sense, and far below what overflows a figure or fills the memory.
const MOST_BLOCKS: u32 = 10_000;
const MOST_CONNECTIONS: u32 = 1_000_000;
const MOST_PIPELINE: u32 = 1024;
const LONGEST_WINDOW_S: u32 = 3600;

/// An experiment, before it is fitted to a machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Its name, which the results folder carries.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Number of blocks.
    pub blocks: u32,
    /// Length of a window in seconds.
    pub window_s: u32,
    /// Length of the warm-up in milliseconds.
    pub warm_up_ms: u32,
    /// Worker threads of the server.
    pub workers: Count,
    /// Threads of the load generator.
    pub client_threads: Count,
    /// Names of the arms.
    pub arms: Vec<String>,
    /// The loads.
    #[serde(rename = "load")]
    pub loads: Vec<Load>,
}

/// One load of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Connections held open at once.
    pub connections: u32,
    /// Requests a connection has in flight.
    #[serde(default = "one")]
    pub pipeline: u32,
}

fn one() -> u32 {
    1
}

/// What the command line may change of an experiment.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Arms to take in place of the experiment's.
    pub arms: Option<Vec<String>>,
    /// Another number of blocks.
    pub blocks: Option<u32>,
    /// Another length of the window.
    pub window_s: Option<u32>,
}

impl Experiment {
    /// The study's experiment of that name, or the one in the file when `name` is a path.
    ///
    /// # Errors
    /// When there is none, or it makes no sense; the message says what to change.
    pub fn load(name: &str) -> Result<Self> {
        if name.contains('/') || Path::new(name).extension().is_some() {
            let text =
                std::fs::read_to_string(name).with_context(|| format!("cannot read {name}"))?;
            return Self::parse(&text).with_context(|| format!("in {name}"));
        }
        let found = STUDY.iter().find(|(known, _)| *known == name);
        let (_, text) = found.with_context(|| {
            let names = STUDY.map(|(name, _)| name).join(", ");
            format!("no experiment is called `{name}`; there are {names}, or give the path of a TOML file")
        })?;
        Self::parse(text).with_context(|| format!("in experiment {name}"))
    }

    fn parse(text: &str) -> Result<Self> {
        let experiment: Self = toml::from_str(text)?;
        experiment.check()?;
        Ok(experiment)
    }

    fn check(&self) -> Result<()> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        ensure!(
            !self.name.is_empty() && self.name.chars().all(fits),
            "name `{}`: use letters, digits, `-` and `_`, since a folder carries it",
            self.name
        );
        check_range("blocks", self.blocks, MOST_BLOCKS)?;
        check_range("window_s", self.window_s, LONGEST_WINDOW_S)?;
        ensure!(!self.arms.is_empty(), "arms must name at least one arm");
        ensure!(
            !self.loads.is_empty(),
            "there must be at least one [[load]]"
        );
        for load in &self.loads {
            check_range("connections", load.connections, MOST_CONNECTIONS)?;
            check_range("pipeline", load.pipeline, MOST_PIPELINE)?;
        }
        let points: BTreeSet<LoadPoint> = self.load_points().into_iter().collect();
        ensure!(points.len() == self.loads.len(), "a [[load]] occurs twice");
        let names: BTreeSet<&String> = self.arms.iter().collect();
        ensure!(names.len() == self.arms.len(), "an arm occurs twice");
        Ok(())
    }

    fn load_points(&self) -> Vec<LoadPoint> {
        let point = |load: &Load| LoadPoint {
            connections: load.connections,
            pipeline: load.pipeline,
            offered_rate_per_s: None,
        };
        self.loads.iter().map(point).collect()
    }

    /// The experiment with the command line's changes. The arms that the user added (by a file or
    /// `--subject`) join those of the experiment that it does not list already, unless the changes say
    /// which arms to take.
    ///
    /// # Errors
    /// When a change makes no sense.
    pub fn changed(mut self, changes: &Changes, arms: &Arms) -> Result<Self> {
        match &changes.arms {
            Some(names) => self.arms.clone_from(names),
            None => {
                for arm in arms.added() {
                    let name = &arm.entry.name;
                    if !self.arms.contains(name) {
                        self.arms.push(name.clone());
                    }
                }
            }
        }
        self.blocks = changes.blocks.unwrap_or(self.blocks);
        self.window_s = changes.window_s.unwrap_or(self.window_s);
        self.check()?;
        Ok(self)
    }

    /// The experiment fitted to the processors at hand.
    ///
    /// # Errors
    /// When an arm does not exist, or the processors are too few.
    pub fn plan(&self, arms: &Arms, cpus: &[u32], oversubscribe: bool, seed: u64) -> Result<Plan> {
        let mut entries = Vec::new();
        for name in &self.arms {
            entries.push(arms.get(name)?.entry.clone());
        }
        let load_points = self.load_points();
        let placement = processors::place(
            cpus,
            self.workers,
            self.client_threads,
            &load_points,
            oversubscribe,
        )?;
        Ok(Plan {
            schema_version: SCHEMA_VERSION,
            experiment: self.name.clone(),
            host: "local".to_owned(),
            seed,
            blocks: self.blocks,
            window_s: self.window_s,
            warm_up_ms: self.warm_up_ms,
            workers: placement.workers,
            client_threads: placement.client_threads,
            server_cpus: placement.server_cpus,
            client_cpus: placement.client_cpus,
            load_points,
            arms: entries,
        })
    }
}

fn check_range(field: &str, value: u32, most: u32) -> Result<()> {
    ensure!(
        (1..=most).contains(&value),
        "{field} is {value} and must be a whole number from 1 to {most}"
    );
    Ok(())
}

/// About how long so many cells of a plan take, in milliseconds.
pub fn estimate_ms(plan: &Plan, cells: usize) -> u64 {
    let cell = u64::from(plan.window_s) * 1000 + u64::from(plan.warm_up_ms) + OVERHEAD_MS;
    cell * cells as u64
}

/// Refuses a plan that differs from the one a results folder holds, and names the difference.
///
/// # Errors
/// When they differ.
pub fn ensure_same(stored: &Plan, now: &Plan) -> Result<()> {
    let (stored, now) = (toml::Table::try_from(stored)?, toml::Table::try_from(now)?);
    let keys: BTreeSet<&String> = stored.keys().chain(now.keys()).collect();
    for key in keys {
        let (was, is) = (stored.get(key), now.get(key));
        if was != is {
            let text = |value: Option<&toml::Value>| {
                value.map_or_else(|| "nothing".to_owned(), ToString::to_string)
            };
            bail!(
                "the folder was measured by another plan: `{key}` was {} and is now {}; measure into a \
                 new folder, or give the options that the run was started with",
                text(was),
                text(is)
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = "name='x'\ndescription='d'\nblocks=1\nwindow_s=1\nwarm_up_ms=0\nworkers='auto'\nclient_threads=2\narms=['kio-uring']\n[[load]]\nconnections=4\n";

    #[test]
    fn the_studys_experiments_fit_a_machine() {
        let arms = Arms::load(None, &[]).unwrap();
        let cpus: Vec<u32> = (0..16).collect();
        for (name, _) in STUDY {
            let experiment = Experiment::load(name).unwrap();
            assert_eq!(experiment.name, name);
            experiment.plan(&arms, &cpus, false, 1).unwrap();
        }
    }

    #[test]
    fn quick_fits_its_five_minutes_on_two_processors() {
        let arms = Arms::load(None, &[]).unwrap();
        let plan = Experiment::load("quick")
            .unwrap()
            .plan(&arms, &[0, 1], false, 1)
            .unwrap();
        let cells = plan.arms.len() * plan.load_points.len() * plan.blocks as usize;
        assert_eq!(cells, 180);
        assert!(estimate_ms(&plan, cells) <= 270_000);
    }

    #[test]
    fn nonsense_is_refused_with_the_field() {
        let refused = |from: &str, to: &str, part: &str| {
            let text = MINIMAL.replace(from, to);
            let message = format!("{:#}", Experiment::parse(&text).unwrap_err());
            assert!(message.contains(part), "{message}");
        };
        assert!(Experiment::parse(MINIMAL).is_ok());
        refused("blocks=1", "blocks=0", "blocks is 0");
        refused("blocks=1", "blocks=10001", "from 1 to 10000");
        refused("window_s=1", "window_s=0", "window_s is 0");
        refused("window_s=1", "window_s=3601", "from 1 to 3600");
        refused("window_s=1", "window_s=1.5", "window_s");
        refused("'auto'", "'all'", "auto");
        refused("['kio-uring']", "[]", "at least one arm");
        refused("['kio-uring']", "['a','a']", "occurs twice");
        refused("connections=4", "connections=0", "connections is 0");
        refused("connections=4", "connections=1000001", "from 1 to 1000000");
        let deep = |pipeline| format!("connections=4\npipeline={pipeline}");
        refused("connections=4", &deep(0), "pipeline is 0");
        refused("connections=4", &deep(1025), "pipeline is 1025");
        refused("connections=4", &deep(1025), "from 1 to 1024");
        assert!(Experiment::parse(&MINIMAL.replace("connections=4", &deep(1024))).is_ok());
        refused("connections=4", "connections=4\ncolour=1", "colour");
        refused("name='x'", "name='a/b'", "folder");
    }

    #[test]
    fn unknown_names_are_refused_with_those_there_are() {
        let message = Experiment::load("fast").unwrap_err().to_string();
        assert!(message.contains("quick") && message.contains("TOML"));
        let text = MINIMAL.replace("kio-uring", "nobody");
        let arms = Arms::load(None, &[]).unwrap();
        let plan = Experiment::parse(&text)
            .unwrap()
            .plan(&arms, &[0, 1, 2], false, 1);
        assert!(plan.unwrap_err().to_string().contains("`nobody`"));
    }

    #[test]
    fn added_arms_join_unless_the_arms_are_chosen() {
        let arms = Arms::load(None, &["mine=./mine".parse().unwrap()]).unwrap();
        let parse = || Experiment::parse(MINIMAL).unwrap();
        let joined = parse().changed(&Changes::default(), &arms).unwrap();
        assert_eq!(joined.arms, ["kio-uring", "mine"]);
        let changes = Changes {
            arms: Some(vec!["tokio-published".to_owned()]),
            blocks: Some(3),
            window_s: Some(5),
        };
        let chosen = parse().changed(&changes, &arms).unwrap();
        assert_eq!(chosen.arms, ["tokio-published"]);
        assert_eq!((chosen.blocks, chosen.window_s), (3, 5));
    }

    #[test]
    fn an_added_arm_that_is_listed_already_is_taken_once() {
        let arms = Arms::load(None, &["mine=./mine".parse().unwrap()]).unwrap();
        let text = MINIMAL.replace("['kio-uring']", "['mine','kio-uring']");
        let experiment = Experiment::parse(&text).unwrap();
        let changed = experiment.changed(&Changes::default(), &arms).unwrap();
        assert_eq!(changed.arms, ["mine", "kio-uring"]);
    }

    #[test]
    fn options_have_the_same_bounds() {
        let arms = Arms::load(None, &[]).unwrap();
        let refused = |changes: Changes, part: &str| {
            let experiment = Experiment::parse(MINIMAL).unwrap();
            let message = experiment.changed(&changes, &arms).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        let blocks = Changes {
            blocks: Some(10_001),
            ..Changes::default()
        };
        refused(blocks, "blocks is 10001");
        let window = Changes {
            window_s: Some(3601),
            ..Changes::default()
        };
        refused(window, "window_s is 3601");
    }

    #[test]
    fn a_different_plan_is_refused_by_its_difference() {
        let arms = Arms::load(None, &[]).unwrap();
        let plan = Experiment::load("smoke")
            .unwrap()
            .plan(&arms, &[0, 1], false, 1)
            .unwrap();
        assert!(ensure_same(&plan, &plan.clone()).is_ok());
        let mut other = plan.clone();
        other.blocks = 9;
        let message = ensure_same(&plan, &other).unwrap_err().to_string();
        assert!(message.contains("`blocks` was 2 and is now 9"), "{message}");
    }
}
