//! What each feature of io_uring brings, in every run that measured it: the generated section of
//! docs/features.md.

use crate::assess::Assessment;
use crate::claims::OUR_ARM;
use crate::experiments::short_name;
use crate::metric::Metric;
use crate::model::{Pair, Study, rungs, sides};
use crate::tables::feature;
use crate::text::{Prose, joined, percent};

/// What the start lines of our servers on io_uring have.
const IO_URING: &str = "uring";

/// Words of the start line that are about the server around the ring.
const AROUND_THE_RING: [&str; 7] = [
    "accept-per-worker",
    "accept-single",
    "balance-turns",
    "heap",
    "no-parse",
    "pinned",
    "unpinned",
];

/// A change of an arm on io_uring from another, in a run.
struct Measured<'a> {
    run: String,
    study: &'a Study,
    pair: Pair,
}

impl<'a> Measured<'a> {
    /// The change as every run calls it that measured the same.
    fn change(&self) -> (&'a str, &'a str, &'a str) {
        let arm = &self.study.plan.arms[self.pair.ours];
        let by = arm.differs_by.as_deref().unwrap_or("not said");
        (&arm.name, self.study.arm_name(self.pair.base), by)
    }

    /// The words that the arm's start line has and that of the other has not, and the other way round: as
    /// declared, or else as found.
    fn words(&self) -> (Vec<&'a str>, Vec<&'a str>) {
        if let Some(declared) = &self.study.plan.arms[self.pair.ours].changes {
            let with = |sign| {
                let words = declared
                    .iter()
                    .filter_map(move |word| word.strip_prefix(sign));
                words.collect()
            };
            return (with('+'), with('-'));
        }
        let [ours, base] = [self.pair.ours, self.pair.base].map(|arm| words(self.study, arm));
        let only = |own: &[&'a str], other: &[&'a str]| {
            let own = own.iter().filter(|word| !other.contains(word));
            own.copied().collect()
        };
        (only(&ours, &base), only(&base, &ours))
    }

    fn is_about_the_ring(&self) -> bool {
        let (added, removed) = self.words();
        words(self.study, self.pair.ours).contains(&IO_URING)
            && !added
                .iter()
                .chain(&removed)
                .any(|word| AROUND_THE_RING.contains(word))
    }
}

fn words(study: &Study, arm: usize) -> Vec<&str> {
    let configuration = study.configuration(arm).unwrap_or_default();
    configuration.split_whitespace().collect()
}

/// Whether a server with these words is as the change makes it.
#[derive(Debug, PartialEq, Eq)]
enum ByDefault<'a> {
    Yes,
    No,
    /// It has only these of the words that the change adds.
    InPart(Vec<&'a str>),
}

impl<'a> ByDefault<'a> {
    /// `None` where no word tells.
    fn of(defaults: &[&str], added: &[&'a str], removed: &[&str]) -> Option<Self> {
        if defaults.is_empty() || added.is_empty() && removed.is_empty() {
            return None;
        }
        let has = |word: &&&str| defaults.contains(*word);
        let found: Vec<&str> = added.iter().filter(has).copied().collect();
        let lacks_the_rest = !removed.iter().any(|word| defaults.contains(word));
        Some(
            match (
                found.len() == added.len() && lacks_the_rest,
                found.is_empty(),
            ) {
                (true, _) => Self::Yes,
                (_, true) => Self::No,
                _ => Self::InPart(found),
            },
        )
    }

    fn sentence(self) -> Prose {
        match self {
            Self::Yes => Prose::from("kio-rs does so by default."),
            Self::No => Prose::from("kio-rs does not do so by default."),
            Self::InPart(words) => Prose::from("By default kio-rs has only this of it: ")
                .then(joined(
                    words
                        .into_iter()
                        .map(|word| Prose::new().code(word))
                        .collect(),
                ))
                .text("."),
        }
    }
}

/// The section: the runs, then each change with its ratios. `root` leads from the text's folder to that of
/// `results/`: nothing, or `../`.
pub fn features(assessments: &[Assessment], root: &str) -> String {
    let measured = measured(assessments);
    let studies = assessments.iter().map(|assessment| &assessment.study);
    let mut defaults = studies.filter_map(|study| Some(words(study, study.arm(OUR_ARM)?)));
    let defaults = defaults.find(|words| !words.is_empty()).unwrap_or_default();
    let mut changes = Vec::new();
    for one in &measured {
        if !changes.contains(&one.change()) {
            changes.push(one.change());
        }
    }
    let mut text = runs(&measured, root);
    for change in changes {
        let same: Vec<&Measured<'_>> = measured.iter().filter(|m| m.change() == change).collect();
        text += &section(&same, &defaults);
    }
    text
}

/// Each change in each run. Where server and load generator shared the processors, numbers are of another
/// kind, and are left out.
fn measured(assessments: &[Assessment]) -> Vec<Measured<'_>> {
    (assessments.iter())
        .filter(|assessment| assessment.study.apart())
        .flat_map(|assessment| {
            let study = &assessment.study;
            let pairs = [rungs(&study.plan), sides(&study.plan)].concat();
            pairs.into_iter().map(|pair| Measured {
                run: short_name(assessments, study),
                study,
                pair,
            })
        })
        .filter(Measured::is_about_the_ring)
        .collect()
}

/// The runs, on which kernel each was made, and what its control shows.
fn runs(measured: &[Measured<'_>], root: &str) -> String {
    let mut text = String::new();
    let mut last = "";
    for Measured { run, study, .. } in measured {
        if *run == last {
            continue;
        }
        last = run;
        let control = match study.noise.largest(Metric::CpuUsPerRequest) {
            Some(noise) => format!(
                "an arm entered twice differs from itself by up to {}",
                percent(noise.estimate.reach(), 1)
            ),
            None => "without a valid control".to_owned(),
        };
        let machine = &study.environment.server;
        let line = Prose::new()
            .link(run.as_str(), format!("{root}results/{}", study.name))
            .text(format!(
                ": {}, Linux {}; {control}",
                machine.cpu_model, machine.kernel_release
            ));
        text += &format!("- {}\n", line.to_markdown());
    }
    if text.is_empty() {
        return "No run has measured a feature of io_uring alone.\n".to_owned();
    }
    text
}

fn section(same: &[&Measured<'_>], defaults: &[&str]) -> String {
    let Some(first) = same.first() else {
        return String::new();
    };
    let (ours, base, by) = first.change();
    let (added, removed) = first.words();
    let by_default = match ByDefault::of(defaults, &added, &removed) {
        Some(default) => default.sentence(),
        None => Prose::from("Whether kio-rs does so by default no run tells."),
    };
    let rows: Vec<(&str, &Study, Pair)> = (same.iter())
        .map(|measured| (measured.run.as_str(), measured.study, measured.pair))
        .collect();
    let said = Prose::from("Differs from ")
        .code(base)
        .text(format!(" by: {by}. "))
        .then(by_default);
    format!(
        "\n### {}\n\n{}\n\n{}",
        Prose::new().code(ours).to_markdown(),
        said.to_markdown(),
        feature(&rows).to_markdown()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_has_all_that_is_added_and_nothing_that_is_removed() {
        let defaults = ["uring", "CLAMP", "DEFER_TASKRUN"];
        for (added, removed, wanted) in [
            (vec!["DEFER_TASKRUN"], vec!["COOP_TASKRUN"], ByDefault::Yes),
            (vec![], vec!["COOP_TASKRUN"], ByDefault::Yes),
            (vec!["SQPOLL"], vec!["DEFER_TASKRUN"], ByDefault::No),
            (vec![], vec!["DEFER_TASKRUN"], ByDefault::No),
            (
                vec!["uring", "oneshot-recv"],
                vec![],
                ByDefault::InPart(vec!["uring"]),
            ),
            (
                vec!["uring"],
                vec!["CLAMP"],
                ByDefault::InPart(vec!["uring"]),
            ),
        ] {
            let found = ByDefault::of(&defaults, &added, &removed);
            assert_eq!(found, Some(wanted), "{added:?} {removed:?}");
        }
        assert_eq!(ByDefault::of(&defaults, &[], &[]), None);
        assert_eq!(ByDefault::of(&[], &["SQPOLL"], &[]), None);
    }
}
