//! Claims from a file: what a reader wants to hold for arms of theirs.

use std::fs;
use std::path::{Path, PathBuf};

use records::LoadPoint;
use serde::Deserialize;

use super::{Claim, Family, Shape, Test};
use crate::metric::Metric;

/// Why a file of claims was refused.
#[derive(Debug, thiserror::Error)]
pub enum ClaimsFileError {
    /// It cannot be read.
    #[error("{}: cannot be read: {source}. Give the path of a TOML file of claims", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It is no file of claims.
    #[error(
        "{}: {fault}. Each [[claim]] needs id, ours, base, metric, load and one of at_most and at_least",
        file.display()
    )]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        fault: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimsFile {
    claim: Vec<Entry>,
}

/// `[[claim]]`: a quantity of one arm as a ratio to another's has a limit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    ours: String,
    base: String,
    metric: String,
    load: LoadEntry,
    at_most: Option<f64>,
    at_least: Option<f64>,
}

/// A load; what it does not name is usual.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoadEntry {
    connections: u32,
    #[serde(default = "one")]
    pipeline: u32,
    offered_rate_per_s: Option<u64>,
    #[serde(default)]
    generator: records::Generator,
    #[serde(default)]
    idle_connections: u32,
    requests_per_connection: Option<u32>,
    body_bytes: Option<u32>,
    workers: Option<u32>,
}

fn one() -> u32 {
    1
}

/// The claims of a file.
pub fn claims_of_file(file: &Path) -> Result<Vec<Claim>, ClaimsFileError> {
    let text = fs::read_to_string(file).map_err(|source| ClaimsFileError::Unreadable {
        file: file.to_path_buf(),
        source,
    })?;
    parse(&text).map_err(|fault| ClaimsFileError::Malformed {
        file: file.to_path_buf(),
        fault,
    })
}

fn parse(text: &str) -> Result<Vec<Claim>, String> {
    let entries: ClaimsFile =
        toml::from_str(text).map_err(|fault| fault.to_string().trim().replace('\n', " "))?;
    entries.claim.into_iter().map(claim).collect()
}

fn claim(entry: Entry) -> Result<Claim, String> {
    let metric = (Metric::COMPARED.into_iter())
        .find(|metric| metric.column() == entry.metric)
        .ok_or_else(|| {
            let known = Metric::COMPARED.map(Metric::column).join(", ");
            format!(
                "claim {:?}: the metric {:?} is not one of {known}",
                entry.id, entry.metric
            )
        })?;
    let (shape, words) = match (entry.at_most, entry.at_least) {
        (Some(most), None) => (Shape::AtMost(most), format!("at most {most}")),
        (None, Some(least)) => (Shape::AtLeast(least), format!("at least {least}")),
        _ => {
            return Err(format!(
                "claim {:?}: needs one of at_most and at_least",
                entry.id
            ));
        }
    };
    let load = entry.load;
    Ok(Claim {
        quote: format!(
            "{} to {}, {}: {words}",
            entry.ours,
            entry.base,
            metric.noun()
        ),
        id: entry.id,
        family: Family::Yours,
        test: Test::Ratio {
            ours: entry.ours,
            base: entry.base,
            metric,
            loads: vec![LoadPoint {
                connections: load.connections,
                pipeline: load.pipeline,
                offered_rate_per_s: load.offered_rate_per_s,
                generator: load.generator,
                idle_connections: load.idle_connections,
                requests_per_connection: load.requests_per_connection,
                body_bytes: load.body_bytes,
                workers: load.workers,
                client_nofile: None,
            }],
            shape,
        },
        needs_saturation: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[claim]]\nid = \"mine\"\nours = \"mine\"\nbase = \"tokio-published\"\n\
                        metric = \"cpu_us_per_request\"\nload = { connections = 50 }\nat_most = 0.9\n";

    #[test]
    fn a_claim_names_arms_load_and_limit() {
        let claims = parse(GOOD).unwrap();
        assert_eq!(claims[0].id, "mine");
        let Test::Ratio { loads, shape, .. } = &claims[0].test else {
            panic!("not a ratio");
        };
        assert_eq!((loads[0].connections, *shape), (50, Shape::AtMost(0.9)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (from, to, said) in [
            ("cpu_us_per_request", "speed", "\"speed\" is not one of"),
            ("at_most = 0.9", "", "needs one of at_most and at_least"),
            ("at_most", "at_mots", "at_mots"),
            ("connections", "conections", "conections"),
        ] {
            let fault = parse(&GOOD.replace(from, to)).unwrap_err();
            assert!(fault.contains(said), "{fault}");
        }
    }
}
