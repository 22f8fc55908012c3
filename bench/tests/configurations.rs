//! Each arm differs from the one it is compared with in what its `changes` say, and in nothing else, as
//! the start lines of the two servers tell.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use bench::arms::{Arm, Arms};
use bench::host::Host;
use bench::interrupt::Interrupt;
use bench::processors;
use bench::subjects::{self, Directories};
use records::{Role, Scheduling};

/// More than one, since some arms differ in what their workers share.
const WORKERS: u32 = 2;

/// The words of an arm's start line.
fn start_words(host: &mut Host, directories: &Directories, arm: &Arm) -> BTreeSet<String> {
    let name = &arm.entry.name;
    let binaries = subjects::resolve([arm], directories, None).unwrap();
    let cpus = &processors::available().unwrap()[..1];
    let binary = &binaries[&arm.entry.subject];
    let server = host
        .start(arm, binary, WORKERS, cpus)
        .unwrap_or_else(|error| panic!("arm {name} does not start: {error:#}"));
    let words = server.start_words();
    server.stop().unwrap();
    let words = words.unwrap_or_else(|| panic!("arm {name} prints no start line to compare"));
    // Without the privilege to load a BPF program the arms share connections out by the kernel's
    // hash: all of them alike.
    let alike = |word: String| word.replace("balance-hash", "balance-turns");
    words.into_iter().map(alike).collect()
}

/// `+` what only `arm` has, `-` what only `other` has.
fn changes(other: &BTreeSet<String>, arm: &BTreeSet<String>) -> BTreeSet<String> {
    let added = arm.difference(other).map(|word| format!("+{word}"));
    let removed = other.difference(arm).map(|word| format!("-{word}"));
    added.chain(removed).collect()
}

#[test]
fn an_arm_differs_from_its_neighbour_in_what_it_declares_only() {
    let arms = Arms::load(None, &[]).unwrap();
    let directories = Directories::new(Some(&support::real::subjects())).unwrap();
    let mut host = Host::local(Scheduling::Other, Interrupt::default());
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut wrong = Vec::new();
    let compared = |arm: &&Arm| arm.entry.role != Role::Peer && arm.entry.differs_from.is_some();
    for arm in arms.all().iter().filter(compared) {
        let name = &arm.entry.name;
        let Some(declared) = &arm.entry.changes else {
            wrong.push(format!("arm {name} has differs_from without changes"));
            continue;
        };
        let other = arms.get(arm.entry.differs_from.as_ref().unwrap()).unwrap();
        for arm in [other, arm] {
            if !known.contains_key(&arm.entry.name) {
                let words = start_words(&mut host, &directories, arm);
                known.insert(arm.entry.name.clone(), words);
            }
        }
        let declared: BTreeSet<String> = declared.iter().cloned().collect();
        let real = changes(&known[&other.entry.name], &known[name]);
        if declared != real {
            wrong.push(format!(
                "arm {name} against {}: changes = {declared:?}, but the start lines differ by {real:?}",
                other.entry.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!known.is_empty());
}

#[test]
fn a_control_starts_as_its_original() {
    let arms = Arms::load(None, &[]).unwrap();
    let directories = Directories::new(Some(&support::real::subjects())).unwrap();
    let mut host = Host::local(Scheduling::Other, Interrupt::default());
    for arm in arms.all() {
        if let Some(original) = &arm.entry.control_of {
            let original = arms.get(original).unwrap();
            let mut words = |arm| start_words(&mut host, &directories, arm);
            assert_eq!(words(arm), words(original));
        }
    }
}

#[test]
fn every_rung_stands_on_another() {
    let arms = Arms::load(None, &[]).unwrap();
    let ladder = arms
        .all()
        .iter()
        .filter(|arm| arm.entry.role == Role::Ladder);
    let mut below: Option<&str> = None;
    for arm in ladder {
        let name = &arm.entry.name;
        assert_eq!(arm.entry.differs_from.as_deref(), below, "arm {name}");
        below = Some(name);
    }
    assert_eq!(below, Some("kio-uring"));
}
