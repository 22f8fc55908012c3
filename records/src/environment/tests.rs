use std::path::Path;
use std::{env, fs};

use schemars::schema_for;

use super::*;
use crate::{ENVIRONMENT_SCHEMA, SCHEMA_VERSION};

fn environment() -> Environment {
    let subject = SubjectFile {
        sha256: "a".repeat(64),
        bytes: 9,
        compilers: Vec::new(),
    };
    Environment {
        schema_version: SCHEMA_VERSION,
        load_generator: "wrk 4".to_owned(),
        git_revision: "0123".to_owned(),
        git_dirty: false,
        build: Build::default(),
        subjects: BTreeMap::from([("kio-rs".to_owned(), subject)]),
        server: Machine {
            cpu_model: "A".to_owned(),
            cpus: 2,
            sysctls: BTreeMap::from([("net.core.somaxconn".to_owned(), "4096".to_owned())]),
            ..Machine::default()
        },
        client: None,
    }
}

fn difference(change: fn(&mut Environment)) -> Vec<Difference> {
    let (a, mut b) = (environment(), environment());
    change(&mut b);
    a.differences(&b)
}

/// The only field in which the change shows.
fn only(change: fn(&mut Environment)) -> (String, bool) {
    let found = difference(change);
    assert_eq!(found.len(), 1, "{found:?}");
    (found[0].field.clone(), found[0].matters)
}

#[test]
fn equal_environments_do_not_differ() {
    assert_eq!(difference(|_| ()), []);
}

#[test]
fn a_difference_names_the_field_and_both_values() {
    let found = difference(|b| {
        b.server
            .sysctls
            .insert("net.core.somaxconn".to_owned(), "128".to_owned());
    });
    assert_eq!(
        found[0].to_string(),
        "server.sysctls.net.core.somaxconn is \"4096\" and \"128\""
    );
    assert!(found[0].matters);
    let found = difference(|b| drop(b.subjects.remove("kio-rs")));
    let hash = found
        .iter()
        .find(|d| d.field == "subjects.kio-rs.sha256")
        .unwrap();
    assert_eq!(hash.b, "absent");
    assert!(hash.matters);
}

#[test]
fn what_decides_the_figures_matters() {
    let changes: [fn(&mut Environment); 9] = [
        |b| b.server.kernel_release.push('1'),
        |b| b.server.cpu_model.push('1'),
        |b| b.server.cpus = 4,
        |b| b.server.cpu_governor = "powersave".to_owned(),
        |b| drop(b.server.mitigations.insert("mds".into(), "off".into())),
        |b| b.server.io_uring.setup_flags.push("SINGLE_ISSUER".into()),
        |b| b.server.network.mtu_bytes = Some(1500),
        |b| b.load_generator.push('1'),
        |b| b.subjects.get_mut("kio-rs").unwrap().sha256 = "b".repeat(64),
    ];
    for change in changes {
        let (field, matters) = only(change);
        assert!(matters, "{field}");
    }
    let client = difference(|b| b.client = Some(b.server.clone()));
    assert!(client.iter().any(|d| d.matters));
}

#[test]
fn what_a_repeat_may_change_does_not_matter() {
    let changes: [fn(&mut Environment); 6] = [
        |b| b.git_revision.push('1'),
        |b| b.git_dirty = true,
        |b| b.build.rustc.push('1'),
        |b| b.server.memory_bytes = 1,
        |b| b.server.nofile_soft = 1,
        |b| b.server.distribution.push('1'),
    ];
    for change in changes {
        let (field, matters) = only(change);
        assert!(!matters, "{field}");
    }
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let schema = schema_for!(Environment).to_value();
    if env::var_os("UPDATE_SCHEMA").is_some() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("environment.schema.json");
        fs::write(file, serde_json::to_string_pretty(&schema).unwrap() + "\n").unwrap();
        return;
    }
    let committed: serde_json::Value = serde_json::from_str(ENVIRONMENT_SCHEMA).unwrap();
    assert_eq!(
        schema, committed,
        "write it anew with `UPDATE_SCHEMA=1 cargo test -p records`"
    );
}
