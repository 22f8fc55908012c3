//! The machine in a paragraph, and what it means that two programs share it.

use super::{Block, heading};
use crate::model::Study;
use crate::text::{Prose, generator_name, joined, scheduling_name};
use records::{Generator, Machine, Placement};

pub(super) fn chapter(study: &Study) -> Vec<Block> {
    let mut blocks = vec![
        heading("machine", "The machine"),
        Block::Paragraph(machine(study)),
        Block::Paragraph(settings(&study.environment.server)),
    ];
    if let Some(client) = &study.environment.client {
        blocks.push(Block::Paragraph(
            Prose::from("The load generator ran on its own: ")
                .text(described(client))
                .text(". ")
                .then(settings(client)),
        ));
    }
    if one_machine(study) {
        blocks.push(Block::Paragraph(shared(study)));
    }
    blocks
}

/// Machine, loads and blocks in one paragraph.
pub(in crate::report) fn machine(study: &Study) -> Prose {
    let environment = &study.environment;
    let plan = &study.plan;
    let revision = if environment.git_dirty {
        " with changes that were not committed"
    } else {
        ""
    };
    Prose::from(format!(
        "Measured on {}, host ",
        described(&environment.server)
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

fn described(machine: &Machine) -> String {
    format!(
        "{} ({}, {} a core, virtualisation: {}, {} GiB) with Linux {}",
        machine.cpu_model,
        counted(machine.cpus, "processor", "processors"),
        counted(machine.threads_per_core, "thread", "threads"),
        machine.virtualization,
        (machine.memory_bytes as f64 / f64::from(1 << 30)).round(),
        machine.kernel_release,
    )
}

/// The settings that a reader asks for first; all of them are in the table.
fn settings(machine: &Machine) -> Prose {
    let active = machine.mitigations.values();
    let active = active
        .filter(|state| state.starts_with("Mitigation"))
        .count();
    let governor = match machine.cpu_governor.as_str() {
        "" => "none to be seen",
        governor => governor,
    };
    let boost = match machine.cpu_boost {
        Some(true) => "on",
        Some(false) => "off",
        None => "not to be seen",
    };
    let mut network = machine.network.kind.clone();
    if let Some(mtu) = machine.network.mtu_bytes {
        network += &format!(" with an MTU of {mtu} bytes");
    }
    Prose::from(format!(
        "Frequency governor: {governor}; turbo: {boost}; clock source: {}; {} of {} known CPU \
         vulnerabilities mitigated at run time; container: {}; network device: {network}. \
         The table under Environment has the rest.",
        machine.clocksource,
        active,
        machine.mitigations.len(),
        machine.container,
    ))
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
