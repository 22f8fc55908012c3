//! What this workspace has in common with the study's own.

use std::fs;
use std::path::Path;

use toml::Table;

fn read(path: &str) -> Table {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(peers.join(path)).expect(path);
    text.parse().expect(path)
}

#[test]
fn peers_are_optimised_and_linted_as_the_studys_servers_are() {
    let (own, peers) = (read("../../Cargo.toml"), read("Cargo.toml"));
    for profile in ["server", "release"] {
        assert_eq!(peers["profile"][profile], own["profile"][profile]);
    }
    assert_eq!(peers["workspace"]["lints"], own["workspace"]["lints"]);
    for key in ["edition", "rust-version", "license", "publish"] {
        let value = |table: &Table| table["workspace"]["package"][key].clone();
        assert_eq!(value(&peers), value(&own), "{key}");
    }
}

#[test]
fn tokio_is_the_studys_version() {
    let version = |lock: &Table| {
        let mut packages = lock["package"].as_array().unwrap().iter();
        let tokio = packages.find(|package| package["name"].as_str() == Some("tokio"));
        tokio.unwrap()["version"].clone()
    };
    assert_eq!(
        version(&read("Cargo.lock")),
        version(&read("../../Cargo.lock"))
    );
}

#[test]
fn every_peer_is_an_arm() {
    let arms = read("arms.toml");
    let subjects = arms["arm"].as_array().unwrap().iter();
    let mut subjects: Vec<&str> = subjects
        .map(|arm| arm["subject"].as_str().unwrap())
        .collect();
    subjects.dedup();
    let workspace = read("Cargo.toml");
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let members = members.iter().filter_map(|member| member.as_str());
    let peers = members.filter(|member| *member != "kit");
    let peers: Vec<String> = peers.map(|member| format!("peer-{member}")).collect();
    assert_eq!(subjects, peers);
}
