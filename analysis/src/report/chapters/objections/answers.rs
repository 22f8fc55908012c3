//! The answers that are computed.

use crate::assess::Assessment;
use crate::bottleneck::Bottleneck;
use crate::claims::OUR_ARM;
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, Cell, Dimension, Pair, Study, rungs, sweeps, worker_shares};
use crate::report::chapters::chapter_id;
use crate::report::scale::scale;
use crate::stats::Estimate;
use crate::text::{Prose, fixed, joined, load_name, percent};

/// Arms that are Tokio as its friends would set it up.
const TOKIO_AT_ITS_BEST: [&str; 3] = [
    "tokio-multi-accept",
    "tokio-per-core",
    "tokio-per-core-worker-buffer",
];

/// The experiment that changes one option at a time.
const EXPERIMENT_OF_FLAGS: &str = "options";

/// The runs that answers are computed from.
pub(super) struct Runs<'a> {
    pub(super) assessments: &'a [Assessment],
    pub(super) first: &'a Study,
}

/// Whether the run has a chapter of fixed rates.
fn has_rates(study: &Study) -> bool {
    (sweeps(&study.plan).iter()).any(|sweep| sweep.dimension == Dimension::OfferedRate)
}

pub(super) fn not_here() -> Prose {
    Prose::from("Not measured here.")
}

impl<'a> Runs<'a> {
    pub(super) fn studies(&self) -> impl Iterator<Item = &'a Study> {
        self.assessments.iter().map(|assessment| &assessment.study)
    }

    /// The first run that has this.
    fn with(&self, has: impl Fn(&Study) -> bool) -> Option<&'a Study> {
        self.studies().find(|study| has(study))
    }

    fn link(&self, study: &Study, chapter: &str, text: &str) -> Prose {
        let id = chapter_id(self.assessments, study, chapter);
        Prose::new().link(text, format!("#{id}"))
    }

    pub(super) fn client_bound(&self) -> Prose {
        let valid = || (self.studies()).flat_map(|s| s.cells.iter().filter(|cell| cell.valid()));
        let full = valid()
            .filter(|cell| cell.bottleneck.is_some_and(Bottleneck::client_full))
            .count();
        Prose::from(format!(
            "In {full} of {} valid cells the load generator was at its limit; there no verdict rests \
             on requests a second or latency, only on CPU a request. Cell by cell: ",
            valid().count()
        ))
        .then(self.link(self.first, "bottlenecks", "bottlenecks"))
        .text(".")
    }

    pub(super) fn coordinated_omission(&self) -> Prose {
        match self.with(has_rates) {
            Some(study) => {
                Prose::from("Measured in an open loop, from when each request was due: ")
                    .then(self.link(study, "by-offered-rate", "latency at a fixed rate"))
                    .text(".")
            }
            None => Prose::from(
                "An open loop was not measured here; latencies of these closed loops compare arms \
                 under the same load and are no user's: ",
            )
            .then(self.link(self.first, "latency", "latency, with who corrected it"))
            .text("."),
        }
    }

    pub(super) fn straw_man(&self) -> Prose {
        let best = |study: &Study| TOKIO_AT_ITS_BEST.iter().any(|arm| study.arm(arm).is_some());
        let Some(study) = self.with(|study| study.arm(OUR_ARM).is_some() && best(study)) else {
            return not_here();
        };
        let parts: Vec<Prose> = (TOKIO_AT_ITS_BEST.iter())
            .filter_map(|arm| {
                let (low, high) = self.span(study, OUR_ARM, arm)?;
                Some(Prose::from("to ").code(*arm).text(format!(
                    " {} to {}",
                    fixed(low, 3),
                    fixed(high, 3)
                )))
            })
            .collect();
        if parts.is_empty() {
            return not_here();
        }
        Prose::from("The ladder has Tokio with a listener a worker and with a runtime a core. CPU a request of ")
            .code(OUR_ARM)
            .text(", as a ratio ")
            .then(joined(parts))
            .text(" over the loads: ")
            .then(self.link(study, "ratios", "ratios"))
            .text(".")
    }

    /// The least and the largest ratio of CPU a request over the loads.
    fn span(&self, study: &Study, ours: &str, base: &str) -> Option<(f64, f64)> {
        let pair = Pair {
            ours: study.arm(ours)?,
            base: study.arm(base)?,
        };
        let found: Vec<Estimate> = (0..study.plan.load_points.len())
            .filter_map(|point| study.ratio(pair, point, Metric::CpuUsPerRequest))
            .filter_map(|ratio| ratio.outcome.estimate())
            .collect();
        let values = || found.iter().map(|estimate| estimate.value);
        (!found.is_empty()).then(|| {
            (
                values().fold(f64::INFINITY, f64::min),
                values().fold(0.0, f64::max),
            )
        })
    }

    pub(super) fn version(&self) -> Prose {
        let arms = (self.studies()).flat_map(|study| {
            (study.configurations.iter().flatten())
                .map(String::as_str)
                .filter(|words| words.contains("tokio "))
        });
        let version = arms
            .filter_map(|words| {
                let mut words = words.split_whitespace();
                words.find(|word| *word == "tokio")?;
                words
                    .next()
                    .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            })
            .next();
        let base = "Versions 1.51.0 to 1.52.1 have a scheduling regression, and the repository refuses \
                    to be built with them (deny.toml, Cargo.lock)";
        match version {
            Some(version) => Prose::from(format!("{base}; the servers say {version}: ")),
            None => Prose::from(format!(
                "{base}. The binaries measured are named by their hashes: "
            )),
        }
        .then(self.link(self.first, "environment", "environment"))
        .text(".")
    }

    pub(super) fn confounded(&self) -> Prose {
        match self.with(|study| rungs(&study.plan).len() > 1) {
            Some(study) => Prose::from(format!(
                "The ladder takes {} steps, each of one change, and each has its own interval: ",
                rungs(&study.plan).len()
            ))
            .then(self.link(study, "ladder", "the ladder"))
            .text("."),
            None => not_here(),
        }
    }

    pub(super) fn parsing(&self) -> Prose {
        let parse =
            |name: &str| (self.first.arm(name)).is_some_and(|arm| self.first.plan.arms[arm].parses);
        if !(parse(OUR_ARM) && parse(BASELINE_ARM)) {
            return not_here();
        }
        Prose::new()
            .code(OUR_ARM)
            .text(" and ")
            .code(BASELINE_ARM)
            .text(" parse every request, with the same code; arms that do not say so in their names: ")
            .then(self.link(self.first, "environment", "arms"))
            .text(".")
    }

    pub(super) fn one_run(&self) -> Prose {
        let blocks: u32 = self.studies().map(|study| study.plan.blocks).sum();
        let noise = self.first.noise.largest(Metric::CpuUsPerRequest);
        let floor = noise.map_or_else(
            || " The answer's run has no valid control.".to_owned(),
            |floor| {
                format!(
                    " An arm entered twice differs from itself by up to {} there.",
                    percent(floor.estimate.reach(), 1)
                )
            },
        );
        Prose::from(format!(
            "{blocks} randomised blocks in {} {}, all of them in, medians with intervals and no best of \
             any.{floor} ",
            self.assessments.len(),
            if self.assessments.len() == 1 { "run" } else { "runs" },
        ))
        .then(self.link(self.first, "validity", "Validity"))
        .text(".")
    }

    pub(super) fn reproduction(&self) -> Prose {
        let dirty = self.studies().filter(|s| s.environment.git_dirty).count();
        Prose::from(format!(
            "The commands with their seeds stand in this report, the raw measurements beside it; {} of \
             {} runs were made from a checkout with changes that were not committed. ",
            dirty,
            self.assessments.len()
        ))
        .link("How to reproduce", "#reproduce")
        .text(".")
    }

    pub(super) fn balance(&self) -> Prose {
        let several = |study: &Study| {
            (study.cells.iter()).any(|cell| worker_shares(study, cell.arm, cell.point).is_some())
        };
        let Some(study) = self.with(several) else {
            return Prose::from("Not measured here: the servers had one worker each, see ")
                .then(self.link(self.first, "environment", "environment"))
                .text(".");
        };
        let worst = (study.cells.iter())
            .filter(|cell| cell.valid())
            .filter_map(|cell| Some((cell, cell.medians.get(Metric::AcceptImbalance)?)))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        let said = worst.map_or_else(Prose::new, |(cell, times)| {
            Prose::from("They are: the busiest worker of ")
                .code(&cell.arm_name)
                .text(format!(
                    " took {} times an even share at {}. ",
                    fixed(times, 2),
                    load_name(&cell.load)
                ))
        });
        said.then(self.link(study, "balance", "Balance")).text(".")
    }

    pub(super) fn below_saturation(&self) -> Prose {
        let offered: usize = (self.studies())
            .map(|study| {
                (study.plan.load_points.iter())
                    .filter(|load| load.offered_rate_per_s.is_some())
                    .count()
            })
            .sum();
        let waits = |cell: &&Cell| cell.valid() && cell.bottleneck == Some(Bottleneck::Latency);
        let waiting = (self.studies())
            .flat_map(|study| study.cells.iter())
            .filter(waits)
            .count();
        if offered + waiting == 0 {
            return not_here();
        }
        let most = |study: &&Study| study.cells.iter().filter(waits).count();
        let shown = self.studies().max_by_key(most).unwrap_or(self.first);
        let said = Prose::from(format!(
            "{offered} loads offer a fixed rate, and in {waiting} cells neither side was full: "
        ))
        .then(self.link(shown, "bottlenecks", "bottlenecks"));
        match self.with(has_rates) {
            Some(study) => {
                said.text(" and ")
                    .then(self.link(study, "by-offered-rate", "fixed rates"))
            }
            None => said,
        }
        .text(".")
    }

    pub(super) fn axes(&self) -> Prose {
        Prose::from(
            "Panels of one figure share their axes, and amounts start at zero, as in ",
        )
        .then(self.link(self.first, "throughput", "requests a second"))
        .text(" and ")
        .then(self.link(self.first, "cpu", "CPU a request"))
        .text(
            ". Ratios and latencies are on logarithmic axes, which say so; each load's latencies have \
             their own: ",
        )
        .then(self.link(self.first, "latency", "latency"))
        .text(".")
    }

    pub(super) fn many_cores(&self) -> Prose {
        scale(self.studies())
            .text(" The machines: ")
            .then(self.link(self.first, "environment", "environment"))
            .text(".")
    }

    pub(super) fn hello_world(&self) -> Prose {
        let names: Vec<Prose> = (self.studies())
            .filter(|study| matches!(study.plan.experiment.as_str(), "payload" | "churn" | "idle"))
            .map(|study| {
                let id = chapter_id(self.assessments, study, "run");
                let id = if self.assessments.len() > 1 {
                    id
                } else {
                    "runs".to_owned()
                };
                Prose::new().link(study.title(), format!("#{id}"))
            })
            .collect();
        let limit = "True: what an application does between reading and answering is the same on every \
                     runtime and brings each ratio nearer to 1.";
        if names.is_empty() {
            return Prose::from(limit)
                .text(" Larger bodies and new connections are not in ")
                .link("what was measured", "#runs")
                .text(".");
        }
        Prose::from(limit)
            .text(" Nearer to an application: ")
            .then(joined(names))
            .text(".")
    }

    pub(super) fn containers(&self) -> Prose {
        let has =
            |study: &Study| study.arm("kio-epoll").is_some() && study.arm(BASELINE_ARM).is_some();
        let found = self
            .with(has)
            .and_then(|study| Some((study, self.span(study, "kio-epoll", BASELINE_ARM)?)));
        let Some((study, (low, high))) = found else {
            return not_here();
        };
        Prose::from("Often it is. What is left without it is measured: ")
            .code("kio-epoll")
            .text(format!(
                " spends {} to {} times the CPU a request of ",
                fixed(low, 3),
                fixed(high, 3)
            ))
            .code(BASELINE_ARM)
            .text(" over the loads: ")
            .then(self.link(study, "ratios", "ratios"))
            .text(".")
    }

    pub(super) fn kernel(&self) -> Prose {
        let mut kernels: Vec<&str> = (self.studies())
            .map(|study| study.environment.server.kernel_release.as_str())
            .collect();
        kernels.sort_unstable();
        kernels.dedup();
        let many = kernels.len();
        let list = joined(kernels.into_iter().map(Prose::from).collect());
        let start = Prose::from("These runs were made on Linux ")
            .then(list)
            .text(if many == 1 { " alone. " } else { ". " });
        match self.with(|study| study.plan.experiment == EXPERIMENT_OF_FLAGS) {
            Some(study) => start
                .text("Each flag alone: ")
                .then(self.link(study, "side-arms", "side arms"))
                .text("."),
            None => start
                .text("Flags one by one are not measured here; those in use: ")
                .then(self.link(self.first, "environment", "environment"))
                .text("."),
        }
    }
}
