//! Processors, memory and what is under them.

use records::Machine;

use super::{Finding, Verdict};

pub fn examine(machine: &Machine) -> Vec<Finding> {
    vec![
        Finding::ok("processor", processor(machine)),
        smt(machine),
        Finding::ok("caches", caches(machine)),
        numa(machine.numa_nodes),
        Finding::ok("memory", format!("{} MiB", machine.memory_bytes >> 20)),
        virtualization(&machine.virtualization),
        container(&machine.container),
        clocksource(&machine.clocksource),
        frequency(machine),
    ]
}

fn processor(machine: &Machine) -> String {
    let Machine {
        cpu_model, cpus, ..
    } = machine;
    let microcode = match machine.microcode.as_str() {
        "" => String::new(),
        revision => format!(", microcode {revision}"),
    };
    format!("{cpus} x {cpu_model} ({}){microcode}", machine.architecture)
}

fn caches(machine: &Machine) -> String {
    let caches = machine.caches.iter().map(|cache| {
        let kib = cache.bytes >> 10;
        let kind = cache.kind.to_lowercase();
        format!(
            "L{} {kind} {kib} KiB of {}",
            cache.level, cache.shared_by_cpus
        )
    });
    let caches: Vec<String> = caches.collect();
    if caches.is_empty() {
        return "cannot be seen".to_owned();
    }
    caches.join(", ")
}

fn smt(machine: &Machine) -> Finding {
    Finding::judge(
        "threads a core",
        machine.threads_per_core == 1,
        Verdict::Warn,
        machine.threads_per_core.to_string(),
        "two threads of a core slow each other; turn SMT off: `echo off > /sys/devices/system/cpu/smt/control` as root",
    )
}

fn numa(nodes: u32) -> Finding {
    Finding::judge(
        "NUMA nodes",
        nodes == 1,
        Verdict::Warn,
        nodes.to_string(),
        "memory of another node is slower; run all of it on one: `numactl --cpunodebind=0 --membind=0 bench run ...`",
    )
}

fn virtualization(name: &str) -> Finding {
    Finding::judge(
        "virtualization",
        name == "none",
        Verdict::Warn,
        name,
        "neighbours may take time and caches; prefer bare metal or dedicated processors, and trust ratios within \
         a block rather than figures",
    )
}

fn container(name: &str) -> Finding {
    Finding::judge(
        "container",
        name == "none",
        Verdict::Warn,
        name,
        "its limits and its filter of system calls are part of what is measured; measure outside of it",
    )
}

fn clocksource(name: &str) -> Finding {
    Finding::judge(
        "clock source",
        ["tsc", "arch_sys_counter", "kvm-clock"].contains(&name),
        Verdict::Warn,
        name,
        "reading this clock is slow, and the load generator reads it for every request; choose tsc below \
         /sys/devices/system/clocksource/clocksource0",
    )
}

fn frequency(machine: &Machine) -> Finding {
    let found = match (machine.cpu_frequency_driver.as_str(), machine.cpu_boost) {
        ("", None) => "not this kernel's to set".to_owned(),
        ("", Some(_)) => "no driver".to_owned(),
        (driver, _) => format!("driver {driver}"),
    };
    Finding::ok("frequency", found)
}

#[cfg(test)]
mod tests {
    use records::Cache;

    use super::*;

    #[test]
    fn what_makes_figures_worse_is_warned_of() {
        let machine = Machine {
            threads_per_core: 2,
            numa_nodes: 2,
            virtualization: "kvm".to_owned(),
            container: "docker".to_owned(),
            clocksource: "hpet".to_owned(),
            ..Machine::default()
        };
        let findings = examine(&machine);
        let warned: Vec<&str> = (findings.iter())
            .filter(|finding| finding.verdict == Verdict::Warn)
            .map(|finding| finding.check.as_str())
            .collect();
        assert_eq!(
            warned,
            [
                "threads a core",
                "NUMA nodes",
                "virtualization",
                "container",
                "clock source"
            ]
        );
    }

    #[test]
    fn caches_are_told_with_who_shares_them() {
        let machine = Machine {
            caches: vec![Cache {
                level: 2,
                kind: "Unified".to_owned(),
                bytes: 2 << 20,
                shared_by_cpus: 2,
            }],
            ..Machine::default()
        };
        assert_eq!(caches(&machine), "L2 unified 2048 KiB of 2");
        assert_eq!(caches(&Machine::default()), "cannot be seen");
    }
}
