//! The machine and its settings.

use records::{Environment, Placement, Plan};

use super::{Column, Kind, Line, Table, Value};
use crate::model::Study;
use crate::text::scheduling_name;

/// Everything recorded about the machine, a line each.
pub fn environment(study: &Study) -> Table {
    let environment = &study.environment;
    let mut entries = machine(environment);
    entries.extend(programs(environment, &study.plan));
    for (name, subject) in &environment.subjects {
        let value = format!("{} ({} bytes)", subject.sha256, subject.bytes);
        entries.push((format!("SHA-256 of {name}"), value));
    }
    for (name, value) in &environment.sysctls {
        entries.push((name.clone(), value.clone()));
    }
    for (name, value) in &environment.mitigations {
        entries.push((format!("Mitigation: {name}"), value.clone()));
    }
    Table {
        name: "environment".to_owned(),
        title: "The machine and its settings".to_owned(),
        columns: vec![
            Column::new("setting", "Setting", Kind::Words),
            Column::new("value", "Value", Kind::Words),
        ],
        lines: entries
            .into_iter()
            .map(|(name, value)| {
                let value = if value.is_empty() {
                    Value::Empty
                } else {
                    Value::Text(value)
                };
                Line::plain(vec![Value::Text(name), value])
            })
            .collect(),
    }
}

fn machine(environment: &Environment) -> Vec<(String, String)> {
    named([
        ("Processor", environment.cpu_model.clone()),
        ("Processors online", environment.cpus.to_string()),
        ("Threads a core", environment.threads_per_core.to_string()),
        ("Architecture", environment.architecture.clone()),
        (
            "Memory",
            format!("{} MiB", environment.memory_bytes / 1_048_576),
        ),
        ("Virtualisation", environment.virtualization.clone()),
        ("Kernel", environment.kernel_release.clone()),
        ("Kernel version", environment.kernel_version.clone()),
        ("Distribution", environment.distribution.clone()),
        ("Clock source", environment.clocksource.clone()),
        ("Frequency governor", environment.cpu_governor.clone()),
        (
            "Open files, soft and hard limit",
            format!("{}, {}", environment.nofile_soft, environment.nofile_hard),
        ),
        (
            "Locked memory, soft limit",
            (environment.memlock_soft_bytes)
                .map_or_else(|| "unlimited".to_owned(), |bytes| format!("{bytes} bytes")),
        ),
    ])
}

fn programs(environment: &Environment, plan: &Plan) -> Vec<(String, String)> {
    let cpus = |list: &[u32]| {
        if list.is_empty() {
            return "not pinned".to_owned();
        }
        let names: Vec<String> = list.iter().map(u32::to_string).collect();
        names.join(", ")
    };
    let changed = if environment.git_dirty {
        ", with changes that were not committed"
    } else {
        ""
    };
    named([
        ("Host", plan.host.clone()),
        ("Server's workers", plan.workers.to_string()),
        (
            "Processors of server and load generator",
            match plan.placement {
                Placement::Apart => "each its own",
                Placement::Shared => "shared, nothing pinned",
            }
            .to_owned(),
        ),
        (
            "Server's scheduling policy",
            scheduling_name(plan.scheduling).to_owned(),
        ),
        ("Server's processors", cpus(&plan.server_cpus)),
        ("Load generator", environment.load_generator.clone()),
        ("Load generator's threads", plan.client_threads.to_string()),
        ("Load generator's processors", cpus(&plan.client_cpus)),
        ("Compiler", environment.rustc.clone()),
        ("Revision", format!("{}{changed}", environment.git_revision)),
    ])
}

fn named<const N: usize>(entries: [(&str, String); N]) -> Vec<(String, String)> {
    (entries.into_iter())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
