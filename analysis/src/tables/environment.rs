//! The machines, their settings, and the programs.

use std::collections::{BTreeMap, BTreeSet};

use records::{Environment, Machine, NetworkDevice, Placement, Plan};

use super::{Column, Kind, Line, Table, Value, beside};
use crate::model::Study;
use crate::text::scheduling_name;

type Entries = Vec<(String, String)>;

/// Everything recorded about the machines, a line each; where the load generator had one of its own, in
/// a column of its own.
pub fn environment(study: &Study) -> Table {
    let environment = &study.environment;
    let clients: Option<BTreeMap<String, String>> =
        (environment.client.as_ref()).map(|client| machine(client).into_iter().collect());
    let mut columns = vec![
        Column::new("setting", "Setting", Kind::Words),
        Column::new("value", "Value", Kind::Words),
    ];
    if clients.is_some() {
        columns.push(Column::new("client", "Load generator's", Kind::Words));
    }
    let mut entries = machine(&environment.server);
    // What only the load generator's machine has.
    for name in clients.iter().flat_map(BTreeMap::keys) {
        if !entries.iter().any(|(known, _)| known == name) {
            entries.push((name.clone(), String::new()));
        }
    }
    let mut lines: Vec<Line> = entries
        .into_iter()
        .map(|(name, value)| {
            let client = (clients.as_ref())
                .map(|clients| text(clients.get(&name).cloned().unwrap_or_default()));
            Line::plain(
                [Value::Text(name), text(value)]
                    .into_iter()
                    .chain(client)
                    .collect(),
            )
        })
        .collect();
    lines.extend(
        programs(environment, &study.plan)
            .into_iter()
            .map(|(name, value)| {
                let client = clients.is_some().then_some(Value::Empty);
                Line::plain(
                    [Value::Text(name), text(value)]
                        .into_iter()
                        .chain(client)
                        .collect(),
                )
            }),
    );
    Table {
        name: "environment".to_owned(),
        title: "The machine and its settings".to_owned(),
        columns,
        lines,
    }
}

/// Of `environment` what differs from another run's, also what only the other has, without a value
/// then: most runs of a report share a machine.
pub fn environment_beside(study: &Study, other: &Study) -> Table {
    let (own, others) = (environment(study), environment(other));
    let named = |table: &Table, name: &Value| {
        let found = table.lines.iter().find(|line| line.values[0] == *name);
        found.map(|line| line.values.clone())
    };
    let programs: BTreeSet<String> = programs(&study.environment, &study.plan)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    // A load generator on the server's machine has the server's settings.
    let both = |values: &[Value]| {
        let of_programs = matches!(&values[0], Value::Text(name) if programs.contains(name));
        let client = values.get(2).filter(|_| !of_programs);
        [&values[1], client.unwrap_or(&values[1])].map(Value::clone)
    };
    let mut table = beside(own.clone(), other, |line| {
        named(&others, &line.values[0]).is_some_and(|known| both(&known) == both(&line.values))
    });
    for known in others.lines {
        if named(&own, &known.values[0]).is_none() {
            let mut values = vec![Value::Empty; own.columns.len()];
            values[0] = known.values[0].clone();
            table.lines.push(Line::plain(values));
        }
    }
    table
}

fn text(value: String) -> Value {
    if value.is_empty() {
        return Value::Empty;
    }
    Value::Text(value)
}

fn machine(machine: &Machine) -> Entries {
    let mut entries = hardware(machine);
    entries.extend(kernel(machine));
    entries.extend(limits(machine));
    entries.extend(network(&machine.network));
    let sysctls = machine.sysctls.iter();
    entries.extend(sysctls.map(|(name, value)| (name.clone(), value.clone())));
    let mitigations = machine.mitigations.iter();
    entries.extend(mitigations.map(|(name, value)| (format!("Mitigation: {name}"), value.clone())));
    entries
}

fn hardware(machine: &Machine) -> Entries {
    let caches = machine.caches.iter().map(|cache| {
        format!(
            "L{} {} {} KiB, of {} processors",
            cache.level,
            cache.kind,
            cache.bytes / 1024,
            cache.shared_by_cpus
        )
    });
    named([
        ("Processor", machine.cpu_model.clone()),
        ("Processors online", machine.cpus.to_string()),
        ("Threads a core", machine.threads_per_core.to_string()),
        ("Simultaneous multithreading", machine.smt.clone()),
        ("Processor's features", machine.cpu_flags.join(" ")),
        ("Microcode", machine.microcode.clone()),
        ("Caches", caches.collect::<Vec<_>>().join("; ")),
        ("NUMA nodes", machine.numa_nodes.to_string()),
        ("Architecture", machine.architecture.clone()),
        (
            "Memory",
            format!("{} MiB", machine.memory_bytes / 1_048_576),
        ),
        ("Virtualisation", machine.virtualization.clone()),
        ("Container", machine.container.clone()),
        ("Clock source", machine.clocksource.clone()),
        ("Frequency driver", machine.cpu_frequency_driver.clone()),
        ("Frequency governor", machine.cpu_governor.clone()),
        (
            "Turbo",
            match machine.cpu_boost {
                Some(true) => "on",
                Some(false) => "off",
                None => "",
            }
            .to_owned(),
        ),
    ])
}

fn kernel(machine: &Machine) -> Entries {
    let ring = &machine.io_uring;
    named([
        ("Kernel", machine.kernel_release.clone()),
        ("Kernel version", machine.kernel_version.clone()),
        ("Kernel arguments", machine.kernel_arguments.join(" ")),
        ("Distribution", machine.distribution.clone()),
        (
            "Transparent huge pages",
            machine.transparent_hugepages.clone(),
        ),
        (
            "io_uring",
            if ring.refused_because.is_empty() {
                ring.features.join(" ")
            } else {
                format!("refused: {}", ring.refused_because)
            },
        ),
        ("io_uring set-up flags", ring.setup_flags.join(" ")),
        ("Filter of system calls (seccomp)", ring.seccomp.clone()),
    ])
}

fn limits(machine: &Machine) -> Entries {
    named([
        (
            "Quota of processor time",
            (machine.cgroup_cpu_quota_permille).map_or_else(
                || "none".to_owned(),
                |permille| format!("{permille} thousandths of a processor"),
            ),
        ),
        (
            "Open files, soft and hard limit",
            format!("{}, {}", machine.nofile_soft, machine.nofile_hard),
        ),
        (
            "Locked memory, soft limit",
            (machine.memlock_soft_bytes)
                .map_or_else(|| "unlimited".to_owned(), |bytes| format!("{bytes} bytes")),
        ),
    ])
}

fn network(device: &NetworkDevice) -> Entries {
    let number = |number: Option<u64>, unit: &str| {
        number.map_or_else(String::new, |number| format!("{number}{unit}"))
    };
    named([
        ("Network device", device.kind.clone()),
        ("Network driver", device.driver.clone()),
        (
            "Network MTU",
            number(device.mtu_bytes.map(u64::from), " bytes"),
        ),
        ("Network speed", number(device.speed_mbit_per_s, " Mbit/s")),
        (
            "Network receive queues",
            number(device.receive_queues.map(u64::from), ""),
        ),
        (
            "Network features that are on",
            device
                .offloads
                .as_ref()
                .map_or_else(String::new, |on| on.join(" ")),
        ),
    ])
}

fn programs(environment: &Environment, plan: &Plan) -> Entries {
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
    let mut entries = named([
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
        ("Revision", format!("{}{changed}", environment.git_revision)),
    ]);
    entries.extend(build(environment));
    entries
}

fn build(environment: &Environment) -> Entries {
    let build = &environment.build;
    let profile = build.server_profile.iter();
    let profile: Vec<String> = profile
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    let mut entries = named([
        ("Compiler", build.rustc.clone()),
        ("Target", build.target.clone()),
        (
            "Compiler's options",
            if build.codegen_options.is_empty() {
                "the target's own".to_owned()
            } else {
                build.codegen_options.join(" ")
            },
        ),
        (
            "Processor's features for the compiler",
            build.target_features.join(" "),
        ),
        ("Profile of what is measured", profile.join(", ")),
    ]);
    for (name, subject) in &environment.subjects {
        let value = format!("{} ({} bytes)", subject.sha256, subject.bytes);
        entries.push((format!("SHA-256 of {name}"), value));
        if !subject.compilers.is_empty() {
            let value = subject.compilers.join("; ");
            entries.push((format!("Compilers that {name} names"), value));
        }
    }
    entries
}

fn named<const N: usize>(entries: [(&str, String); N]) -> Entries {
    (entries.into_iter())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
