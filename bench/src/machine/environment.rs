//! `environment.json`: the machines, their settings, and what was measured on them.

use std::collections::BTreeMap;
use std::path::Path;

use records::{Environment, Machine, SCHEMA_VERSION};

use super::programs::{build, git};
use crate::subjects::Binary;

/// What is run, with the machines of both sides: `client` is the load generator's where that is another
/// machine, or another network namespace, than the servers'. Nothing in it names a machine or a path.
pub fn environment(
    load_generator: &str,
    binaries: &BTreeMap<String, Binary>,
    server: Machine,
    client: Option<Machine>,
) -> Environment {
    let (git_revision, git_dirty) = git(Path::new("."));
    let subjects = binaries
        .iter()
        .map(|(name, binary)| (name.clone(), binary.file.clone()));
    Environment {
        schema_version: SCHEMA_VERSION,
        load_generator: load_generator.to_owned(),
        git_revision,
        git_dirty,
        build: build(),
        subjects: subjects.collect(),
        server,
        client,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{LOOPBACK, facts};

    #[test]
    fn what_is_written_is_what_the_schema_says() {
        let schema = serde_json::from_str(records::ENVIRONMENT_SCHEMA).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        let server = facts(LOOPBACK).unwrap();
        let client = Some(server.clone());
        let mut written =
            serde_json::to_value(environment("wrk 4", &BTreeMap::new(), server, client)).unwrap();
        let errors: Vec<String> = schema
            .iter_errors(&written)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert!(!written.to_string().contains(env!("CARGO_MANIFEST_DIR")));
        written["server"]["cpus"] = "two".into();
        assert!(!schema.is_valid(&written), "the schema refuses nothing");
        written["server"]["cpus"] = 2.into();
        written["server"]["host_name"] = "x".into();
        assert!(
            !schema.is_valid(&written),
            "the schema lets unknown fields in"
        );
    }
}
