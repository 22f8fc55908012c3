//! What a run says before it begins.

use std::collections::{BTreeMap, BTreeSet};

use records::{Generator, Plan, Scheduling};

use crate::dates;
use crate::load;
use crate::plan::estimate_ms;
use crate::subjects::Binary;

/// The lines: what is measured with which binaries, where, how long it takes, and what to be wary of.
pub fn lines(
    plan: &Plan,
    binaries: &BTreeMap<String, Binary>,
    total: usize,
    left: usize,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, Binary { source, file, .. }) in binaries {
        let short = file.sha256.get(..12).unwrap_or(&file.sha256);
        lines.push(format!("{name}: {} (SHA-256 {short})", source.display()));
        let parent = source.parent().and_then(|parent| parent.file_name());
        if parent.is_some_and(|parent| parent == "debug") {
            lines.push(format!(
                "{name} is a debug build, whose figures mean nothing; for others, build it with --profile server"
            ));
        }
    }
    lines.extend(uneven_loads(plan));
    let left_out = plan.left_out.iter();
    lines.extend(left_out.map(|left_out| format!("left out: {}", left_out.because)));
    lines.push(summary(plan, total, left));
    lines
}

/// wrk gives every thread the same number of connections, and opens no more.
fn uneven_loads(plan: &Plan) -> impl Iterator<Item = String> {
    let threads = plan.client_threads;
    let uneven = plan.load_points.iter().filter(move |load| {
        load.generator == Generator::Wrk && !load.connections.is_multiple_of(threads)
    });
    uneven.map(move |load| {
        let asked = load.connections;
        let opened = asked / threads * threads;
        format!("{threads} threads do not divide {asked} connections: wrk will open {opened}")
    })
}

/// The load generators of a plan.
fn generators(plan: &Plan) -> String {
    let all = plan.load_points.iter().map(|load| load.generator);
    let names: BTreeSet<Generator> = all.collect();
    let names: Vec<&str> = names.into_iter().map(load::name).collect();
    names.join(" and ")
}

fn summary(plan: &Plan, total: usize, left: usize) -> String {
    let placed = |cpus: &[u32]| match cpus {
        [] => "processors that it shares".to_owned(),
        cpus => format!("{} of its own", count(cpus.len(), "processor")),
    };
    let already = match total - left {
        0 => String::new(),
        done => format!(", of which {done} are done"),
    };
    let policy = match plan.scheduling {
        Scheduling::Other => "",
        Scheduling::Batch => " under SCHED_BATCH",
    };
    let seconds = estimate_ms(plan, left).div_ceil(1000);
    let (most, seconds) = match plan.stop {
        Some(rule) => (
            format!(
                " at most, fewer when every headline ratio is known to {} % after {} blocks or {} are spent",
                f64::from(rule.half_width_permille) / 10.0,
                rule.least_blocks,
                dates::duration(u64::from(rule.budget_s)),
            ),
            seconds.min(u64::from(rule.budget_s)),
        ),
        None => (String::new(), seconds),
    };
    format!(
        "{}: {total} cells in {}{most}{already}, seed {}; server: {} on {}{}; {}: {} on {}; about {} to go",
        plan.experiment,
        count(plan.blocks as usize, "block"),
        plan.seed,
        count(plan.workers as usize, "worker"),
        placed(&plan.server_cpus),
        policy,
        generators(plan),
        count(plan.client_threads as usize, "thread"),
        placed(&plan.client_cpus),
        dates::duration(seconds),
    )
}

fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use records::SubjectFile;

    use super::*;
    use crate::arms::Arms;
    use crate::experiment::Experiment;
    use crate::subjects::Stamp;

    fn plan(name: &str, cpus: u32) -> Plan {
        let arms = Arms::load(None, &[]).unwrap();
        let cpus: Vec<u32> = (0..cpus).collect();
        let experiment = Experiment::load(name).unwrap();
        experiment.plan(&arms, &cpus, true, 5).unwrap()
    }

    #[test]
    fn the_summary_tells_what_takes_how_long_where() {
        let lines = lines(&plan("smoke", 2), &BTreeMap::new(), 8, 6);
        assert_eq!(lines.len(), 1);
        assert_eq!(
            lines[0],
            "smoke: 8 cells in 2 blocks, of which 2 are done, seed 5; server: 1 worker on 1 processor of its own; \
             wrk: 1 thread on 1 processor of its own; about 9s to go"
        );
    }

    #[test]
    fn a_rule_is_told_with_its_budget() {
        let lines = lines(&plan("ladder", 2), &BTreeMap::new(), 100_000, 100_000);
        for part in [
            "in 120 blocks at most, fewer when every headline ratio is known to 3 % after 12 blocks or",
            "about 40m to go",
        ] {
            assert!(lines.last().unwrap().contains(part), "{lines:?}");
        }
    }

    #[test]
    fn generators_and_scheduling_are_told() {
        let mut plan = plan("smoke", 2);
        plan.load_points[0].generator = Generator::Flood;
        plan.load_points[0].connections = 7;
        plan.client_threads = 2;
        plan.scheduling = Scheduling::Batch;
        let lines = lines(&plan, &BTreeMap::new(), 8, 8);
        assert_eq!(lines.len(), 1, "flood opens as many as it is told to");
        assert!(lines[0].contains("of its own under SCHED_BATCH; wrk and flood: 2 threads on"));
    }

    #[test]
    fn uneven_loads_shared_processors_and_debug_builds_are_told() {
        let source = "/x/debug/kio-rs".into();
        let file = SubjectFile {
            sha256: "0123456789abcdef".to_owned(),
            bytes: 1,
            ..SubjectFile::default()
        };
        let binary = Binary {
            source,
            path: "/copies/kio-rs".into(),
            file,
            stamp: Stamp::default(),
        };
        let binaries = BTreeMap::from([("kio-rs".to_owned(), binary)]);
        let text = lines(&plan("card", 2), &binaries, 75, 75).join("\n");
        for part in [
            "kio-rs: /x/debug/kio-rs (SHA-256 0123456789ab)",
            "kio-rs is a debug build",
            "12 threads do not divide 2000 connections: wrk will open 1992",
            "12 threads on processors that it shares",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
