//! The machine in a paragraph, and what it means that two programs share it.

use super::{Block, heading};
use crate::model::Study;
use crate::text::{Prose, generator_name, joined, scheduling_name};
use records::{Generator, Placement};

pub(super) fn chapter(study: &Study) -> Vec<Block> {
    let mut blocks = vec![
        heading("machine", "The machine"),
        Block::Paragraph(machine(study)),
    ];
    if one_machine(study) {
        blocks.push(Block::Paragraph(shared(study)));
    }
    blocks
}

/// Machine, loads and blocks in one paragraph.
pub(in crate::report) fn machine(study: &Study) -> Prose {
    let environment = &study.environment;
    let plan = &study.plan;
    let memory_gib = (environment.memory_bytes as f64 / f64::from(1 << 30)).round();
    let revision = if environment.git_dirty {
        " with changes that were not committed"
    } else {
        ""
    };
    Prose::from(format!(
        "Measured on {} ({}, {} a core, virtualisation: {}, {memory_gib} GiB) with Linux {}, \
         host ",
        environment.cpu_model,
        counted(environment.cpus, "processor", "processors"),
        counted(environment.threads_per_core, "thread", "threads"),
        environment.virtualization,
        environment.kernel_release,
    ))
    .code(&plan.host)
    .text(format!(
        ": {}, {}, {}; load by {} with {}; {} of {} s windows in random order (seed {}). Revision ",
        counted(plan.workers, "server worker", "server workers"),
        match plan.placement {
            Placement::Apart => "apart from the load generator",
            Placement::Shared => "on the same processors as the load generator",
        },
        scheduling_name(plan.scheduling),
        generators(study),
        counted(plan.client_threads, "thread", "threads"),
        counted(plan.blocks, "block", "blocks"),
        plan.window_s,
        plan.seed,
    ))
    .code(short(&environment.git_revision))
    .text(format!("{revision}."))
}

/// What sharing one machine means for the numbers.
fn shared(study: &Study) -> Prose {
    let plan = &study.plan;
    let list = |cpus: &[u32]| {
        let names: Vec<String> = cpus.iter().map(u32::to_string).collect();
        names.join(", ")
    };
    if !study.apart() {
        return Prose::from(
            "Server and load generator run on the same processors and compete for them: what one \
             of them saves the other can use, and the scheduler decides who waits. Requests a \
             second here are a property of both together; CPU a request is the server's own, with \
             caches that the load generator also fills.",
        );
    }
    Prose::from(format!(
        "Server and load generator share this machine and are pinned apart (server: {}; load \
         generator: {}). They still share caches, memory and the loopback device, over which the \
         sender's processor does much of the receiver's work in the kernel. So CPU a request is \
         comparable between arms of this run, not with a server behind a network card. Where the \
         load generator is the bottleneck, requests a second hardly tell the servers apart and CPU \
         a request does.",
        list(&plan.server_cpus),
        list(&plan.client_cpus)
    ))
}

/// Whether server and load generator ran on one machine.
fn one_machine(study: &Study) -> bool {
    !study.plan.host.starts_with("ssh")
}

fn counted(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Name and version, without what else a program says of itself.
fn program(version_line: &str) -> &str {
    let end = version_line
        .find([',', '[', '('])
        .unwrap_or(version_line.len());
    version_line[..end].trim_end()
}

/// The load generators of the run: `wrk` with its version, this repository's own by its name.
fn generators(study: &Study) -> String {
    let points = &study.plan.load_points;
    let used = |generator| points.iter().any(|point| point.generator == generator);
    let mut names = Vec::new();
    if used(Generator::Wrk) {
        names.push(Prose::from(program(&study.environment.load_generator)));
    }
    if used(Generator::Flood) {
        names.push(generator_name(Generator::Flood).into());
    }
    if used(Generator::Oha) {
        names.push(generator_name(Generator::Oha).into());
    }
    joined(names).to_plain()
}

/// A revision as people quote it.
fn short(revision: &str) -> String {
    if revision.is_empty() {
        return "unknown".to_owned();
    }
    revision.chars().take(12).collect()
}
