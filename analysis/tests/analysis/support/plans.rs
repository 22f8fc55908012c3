//! Plans of synthetic runs, and the machine that they were measured on.

use records::{
    ArmEntry, Build, Environment, LoadPoint, Machine, NetworkDevice, Placement, Plan, Role,
    SCHEMA_VERSION, Scheduling, SubjectFile,
};

use super::ARMS;

/// A load of `wrk`.
pub fn load(connections: u32) -> LoadPoint {
    LoadPoint {
        connections,
        ..LoadPoint::default()
    }
}

/// An arm of the subject that its name says.
pub fn arm(name: &str, role: Role, differs_from: Option<&str>) -> ArmEntry {
    let subject = match (role, name.starts_with("kio")) {
        (Role::Peer | Role::Floor, _) => name,
        (_, true) => "kio-rs",
        (_, false) => "tokio-baseline",
    };
    ArmEntry {
        name: name.to_owned(),
        subject: subject.to_owned(),
        role,
        args: vec!["--workers".into(), "{workers}".into()],
        env: Default::default(),
        differs_from: differs_from.map(str::to_owned),
        differs_by: differs_from.map(|from| format!("what {name} has and {from} has not")),
        changes: None,
        control_of: None,
        parses: !name.contains("no-parse"),
    }
}

/// A plan of one server worker and one thread of load, apart.
pub fn plan_of(
    experiment: &str,
    blocks: u32,
    load_points: Vec<LoadPoint>,
    arms: Vec<ArmEntry>,
) -> Plan {
    Plan {
        schema_version: SCHEMA_VERSION,
        experiment: experiment.into(),
        host: "local".into(),
        seed: 20_260_101,
        blocks,
        stop: None,
        left_out: Vec::new(),
        expected: Vec::new(),
        window_s: 3,
        warm_up_ms: 500,
        workers: 1,
        client_threads: 1,
        placement: Placement::Apart,
        scheduling: Scheduling::Other,
        server_cpus: vec![0],
        client_cpus: vec![1],
        load_points,
        arms,
    }
}

/// All arms at the card's loads.
pub(super) fn plan(blocks: u32) -> Plan {
    let entry = |name: &str| ArmEntry {
        differs_by: (name == "kio-uring").then(|| "everything".to_owned()),
        control_of: (name == "kio-uring-again").then(|| "kio-uring".to_owned()),
        ..arm(
            name,
            Role::Side,
            (name == "kio-uring").then_some("tokio-published"),
        )
    };
    let loads = [50, 500, 2000].map(load).to_vec();
    plan_of("synthetic", blocks, loads, ARMS.map(entry).to_vec())
}

/// The machine and the binaries of a plan.
pub(super) fn environment(plan: &Plan) -> Environment {
    let subject = |arm: &ArmEntry| {
        let digit = arm
            .subject
            .bytes()
            .fold(0, |sum: u32, byte| (sum * 7 + u32::from(byte)) % 16);
        let file = SubjectFile {
            sha256: format!("{digit:x}").repeat(64),
            bytes: 1_234_567,
            ..SubjectFile::default()
        };
        (arm.subject.clone(), file)
    };
    Environment {
        schema_version: SCHEMA_VERSION,
        load_generator: "wrk 4.2.0".into(),
        git_revision: "0123456789abcdef".into(),
        git_dirty: false,
        build: Build {
            rustc: "rustc 1.95.0".into(),
            ..Build::default()
        },
        subjects: plan.arms.iter().map(subject).collect(),
        server: machine(),
        client: None,
    }
}

fn machine() -> Machine {
    Machine {
        hardware: "synthetic-2c".into(),
        cpu_model: "Synthetic CPU".into(),
        cpus: 2,
        threads_per_core: 1,
        numa_nodes: 1,
        memory_bytes: 8 << 30,
        architecture: "x86_64".into(),
        virtualization: "none".into(),
        container: "none".into(),
        kernel_release: "6.18.0".into(),
        kernel_version: "#1 SMP".into(),
        distribution: "Synthetic Linux".into(),
        clocksource: "tsc".into(),
        mitigations: [("spectre_v2".to_owned(), "none".to_owned())].into(),
        sysctls: [("net.core.somaxconn".to_owned(), "4096".to_owned())].into(),
        nofile_soft: 65_536,
        nofile_hard: 65_536,
        network: NetworkDevice {
            kind: "loopback".into(),
            mtu_bytes: Some(65_536),
            ..NetworkDevice::default()
        },
        ..Machine::default()
    }
}
