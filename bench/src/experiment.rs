//! Experiments: what is to be measured, as data, and the plan that comes of one on this machine.

mod draft;
mod load;
mod rule;
mod study;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use records::{ArmEntry, LoadPoint, Placement, Plan, Role, Scheduling};
use serde::Deserialize;

pub use draft::Draft;
pub use load::Load;

use crate::arms::Arms;
use crate::preflight::Limits;
use crate::processors::{self, Count, Wanted};

/// Far above what makes sense, and far below what overflows a figure or fills the memory.
const MOST_BLOCKS: u32 = 10_000;
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
    /// Half of the interval that every headline ratio shall have at most, in percent; with `budget_s`.
    #[serde(default)]
    pub half_width_percent: Option<u32>,
    /// Seconds after which no further block begins; `blocks` are then the most of them.
    #[serde(default)]
    pub budget_s: Option<u32>,
    /// Length of a window in seconds.
    pub window_s: u32,
    /// Length of the warm-up in milliseconds.
    pub warm_up_ms: u32,
    /// Worker threads of the server.
    pub workers: Count,
    /// Threads of the load generator.
    pub client_threads: Count,
    /// Which processors server and load generator run on.
    #[serde(default)]
    pub placement: Placement,
    /// With fewer processors than these, server and load generator share them.
    pub shared_below: Option<u32>,
    /// The scheduling policy of every server.
    #[serde(default)]
    pub scheduling: Scheduling,
    /// Names of the arms.
    #[serde(default)]
    pub arms: Vec<String>,
    /// All arms of these roles as well.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// The loads.
    #[serde(rename = "load")]
    pub loads: Vec<Load>,
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
    /// Other processors.
    pub placement: Option<Placement>,
    /// Another scheduling policy.
    pub scheduling: Option<Scheduling>,
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
        Self::parse(study::text(name)?).with_context(|| format!("in experiment {name}"))
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
        rule::rule(self.half_width_percent, self.budget_s)?;
        ensure!(
            !self.arms.is_empty() || !self.roles.is_empty(),
            "arms must name at least one arm, or roles a role"
        );
        ensure!(
            !self.loads.is_empty(),
            "there must be at least one [[load]]"
        );
        for load in &self.loads {
            load.check()?;
        }
        let loads: BTreeSet<&Load> = self.loads.iter().collect();
        ensure!(loads.len() == self.loads.len(), "a [[load]] occurs twice");
        let names: BTreeSet<&String> = self.arms.iter().collect();
        ensure!(names.len() == self.arms.len(), "an arm occurs twice");
        Ok(())
    }

    /// A point of each load.
    fn load_points(&self) -> Vec<LoadPoint> {
        self.loads.iter().flat_map(|load| load.points(1)).collect()
    }

    /// The experiment with the command line's changes. The arms that the user added (by a file or
    /// `--subject`) join those of the experiment that it does not list already, unless the changes say
    /// which arms to take.
    ///
    /// # Errors
    /// When a change makes no sense.
    pub fn changed(mut self, changes: &Changes, arms: &Arms) -> Result<Self> {
        match &changes.arms {
            Some(names) => {
                self.arms.clone_from(names);
                self.roles.clear();
            }
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
        self.placement = changes.placement.unwrap_or(self.placement);
        self.scheduling = changes.scheduling.unwrap_or(self.scheduling);
        self.check()?;
        Ok(self)
    }

    /// The experiment fitted to the processors at hand, on a machine whose limits allow every load. The
    /// rate of an `offered_percent` is open.
    ///
    /// # Errors
    /// When an arm does not exist, or the processors are too few.
    pub fn plan(&self, arms: &Arms, cpus: &[u32], oversubscribe: bool, seed: u64) -> Result<Plan> {
        let limits = Limits::default();
        let lay_out = |wanted: &Wanted| processors::lay_out(cpus, wanted, oversubscribe);
        let draft = self.draft(arms, cpus, lay_out, seed, &limits)?;
        Ok(draft.plan)
    }

    fn entries(&self, arms: &Arms) -> Result<Vec<ArmEntry>> {
        let mut entries = Vec::new();
        for name in &self.arms {
            entries.push(arms.get(name)?.entry.clone());
        }
        for arm in arms.all() {
            let asked = self.roles.contains(&arm.entry.role);
            if asked && !self.arms.contains(&arm.entry.name) {
                entries.push(arm.entry.clone());
            }
        }
        ensure!(!entries.is_empty(), "no arm has one of the roles");
        Ok(entries)
    }
}

fn check_range(field: &str, value: u32, most: u32) -> Result<()> {
    ensure!(
        (1..=most).contains(&value),
        "{field} is {value} and must be a whole number from 1 to {most}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use records::Generator;

    use super::*;

    const MINIMAL: &str = "name='x'\ndescription='d'\nblocks=1\nwindow_s=1\nwarm_up_ms=0\nworkers='auto'\nclient_threads=2\narms=['kio-uring']\n[[load]]\nconnections=4\n";

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
        refused("arms=['kio-uring']", "roles=['king']", "king");
        refused("arms=['kio-uring']", "", "or roles a role");
        refused("blocks=1", "blocks=1\nplacement='near'", "near");
        refused("blocks=1", "blocks=1\nscheduling='fifo'", "fifo");
        let idle = |text: &str| format!("connections=4\nidle_connections={text}");
        refused("connections=4", &idle("1"), "generator = \"flood\"");
        let most = idle("1000001\ngenerator='flood'");
        refused("connections=4", &most, "from 0 to 1000000");
        assert!(
            Experiment::parse(&MINIMAL.replace("connections=4", &idle("9\ngenerator='flood'")))
                .is_ok()
        );
    }

    #[test]
    fn the_loads_of_both_generators_are_told_apart() {
        let flood = "[[load]]\nconnections=4\ngenerator='flood'\n";
        let experiment = Experiment::parse(&format!("{MINIMAL}{flood}")).unwrap();
        let points = experiment.load_points();
        assert_eq!(points[0].generator, Generator::Wrk);
        assert_eq!(points[1].generator, Generator::Flood);
        let twice = Experiment::parse(&format!("{MINIMAL}{flood}{flood}"));
        assert!(twice.unwrap_err().to_string().contains("occurs twice"));
    }

    #[test]
    fn roles_stand_for_their_arms() {
        let text = MINIMAL.replace(
            "arms=['kio-uring']",
            "arms=['kio-uring','kio-uring-again']\nroles=['ladder']",
        );
        let arms = Arms::load(None, &[]).unwrap();
        let plan = |changes: &Changes| {
            let experiment = Experiment::parse(&text).unwrap();
            let changed = experiment.changed(changes, &arms).unwrap();
            changed.plan(&arms, &[0, 1, 2], false, 1).unwrap()
        };
        let names =
            |plan: &Plan| -> Vec<String> { plan.arms.iter().map(|arm| arm.name.clone()).collect() };
        let all = plan(&Changes::default());
        assert_eq!(names(&all)[..2], ["kio-uring", "kio-uring-again"]);
        let ladder = arms.all().iter().filter(|a| a.entry.role == Role::Ladder);
        // `kio-uring` is a rung too, and is taken once.
        assert_eq!(all.arms.len(), ladder.count() + 1);
        let chosen = plan(&Changes {
            arms: Some(vec!["kio-epoll".to_owned()]),
            ..Changes::default()
        });
        assert_eq!(names(&chosen), ["kio-epoll"]);
    }

    #[test]
    fn placement_and_scheduling_are_in_the_plan() {
        let arms = Arms::load(None, &[]).unwrap();
        let text = MINIMAL.replace(
            "blocks=1",
            "blocks=1\nplacement='shared'\nscheduling='batch'",
        );
        let shared = Experiment::parse(&text).unwrap();
        let plan = shared.plan(&arms, &[0, 1], false, 1).unwrap();
        assert_eq!(plan.placement, Placement::Shared);
        assert_eq!(plan.scheduling, Scheduling::Batch);
        assert_eq!((plan.workers, plan.client_threads), (2, 2));
        assert!(plan.server_cpus.is_empty() && plan.client_cpus.is_empty());
        let changes = Changes {
            placement: Some(Placement::Apart),
            scheduling: Some(Scheduling::Other),
            ..Changes::default()
        };
        let apart = shared.changed(&changes, &arms).unwrap();
        let plan = apart.plan(&arms, &[0, 1, 2], false, 1).unwrap();
        assert_eq!(plan.placement, Placement::Apart);
        assert_eq!(plan.scheduling, Scheduling::Other);
        assert_eq!(plan.client_cpus, [1, 2]);
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
            ..Changes::default()
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
}
