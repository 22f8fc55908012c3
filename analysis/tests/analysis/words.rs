//! A table's word for an effect is the word of the sentence above it: both judge the pairs as one family.

use std::collections::BTreeMap;

use analysis::assess::assess;
use analysis::load::Completeness;
use analysis::report::{Bundle, report};
use records::{ArmEntry, Placement, Plan, Role};

use super::support::{Facts, Scenario, USUAL, arm, load, plan_of};

/// So few that an effect stands alone, and not as one of four.
const BLOCKS: u32 = 7;

/// Arms that all differ by a tenth; with four pairs of each kind.
fn scenario(placement: Placement) -> Scenario {
    let arms = vec![
        arm("tokio-published", Role::Ladder, None),
        arm("tokio-per-core", Role::Ladder, Some("tokio-published")),
        arm("kio-epoll", Role::Ladder, Some("tokio-per-core")),
        arm("kio-uring-oneshot", Role::Ladder, Some("kio-epoll")),
        arm("kio-uring", Role::Ladder, Some("kio-uring-oneshot")),
        arm("kio-uring-heap", Role::Side, Some("kio-uring")),
        arm("kio-uring-spin", Role::Side, Some("kio-uring")),
        arm("kio-epoll-spin", Role::Side, Some("kio-epoll")),
        arm("kio-uring-unpinned", Role::Side, Some("kio-uring")),
        arm("uring-floor", Role::Floor, None),
        arm("epoll-floor", Role::Floor, None),
        arm("one", Role::Peer, None),
        arm("two", Role::Peer, None),
        arm("three", Role::Peer, None),
        arm("four", Role::Peer, None),
    ];
    let pinned = |cpus: Vec<u32>| match placement {
        Placement::Apart => cpus,
        Placement::Shared => Vec::new(),
    };
    let plan = Plan {
        placement,
        server_cpus: pinned(vec![0]),
        client_cpus: pinned(vec![1]),
        ..plan_of("ladder", BLOCKS, vec![load(50)], arms)
    };
    let names: Vec<String> = plan.arms.iter().map(|arm| arm.name.clone()).collect();
    Scenario::of(plan, 0.004, move |arm: &ArmEntry, _| {
        let place = names.iter().position(|name| *name == arm.name).unwrap();
        Facts {
            cpu_us: 8.0 * 1.1_f64.powi(place as i32),
            client_us: 4.0,
            ..USUAL
        }
    })
}

fn bundle(scenario: &Scenario) -> Bundle {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("words");
    scenario.write(&dir);
    report(&[assess(&dir, Completeness::Whole).unwrap()]).unwrap()
}

/// The table's effects: how many lines have which word.
fn words(bundle: &Bundle, table: &str) -> BTreeMap<String, usize> {
    let text = &bundle.files()[&format!("tables/{table}.csv")];
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let place = (reader.headers().unwrap().iter())
        .position(|name| name == "effect")
        .unwrap();
    let mut found = BTreeMap::new();
    for line in reader.records() {
        *found.entry(line.unwrap()[place].to_owned()).or_insert(0) += 1;
    }
    found
}

/// The same of the sentences of a chapter, by their beginnings: how many pairs stand in each.
fn said(bundle: &Bundle, chapter: &str, beginnings: &[(&str, &str)]) -> BTreeMap<String, usize> {
    let text = &bundle.files()["report.md"];
    let chapter = text.split(&format!("<a id=\"{chapter}\">")).nth(1).unwrap();
    let chapter = chapter.split("\n## ").next().unwrap();
    let mut found = BTreeMap::new();
    for (beginning, word) in beginnings {
        for line in (chapter.lines()).filter(|line| line.starts_with(&format!("- {beginning}"))) {
            let pairs = line.matches(" at 50 connections").count();
            *found.entry((*word).to_owned()).or_insert(0) += pairs;
        }
    }
    found
}

const COST: [(&str, &str); 4] = [
    ("Helps: ", "helps"),
    ("Costs: ", "costs"),
    ("Equivalent ", "equivalent"),
    ("Not decided: ", "inconclusive"),
];
const LEVEL: [(&str, &str); 5] = [
    ("Less", "less"),
    ("More", "more"),
    ("The same ", "equivalent"),
    ("Not decided: ", "inconclusive"),
    ("Invalid: ", "invalid"),
];

fn agree(bundle: &Bundle, chapter: &str, beginnings: &[(&str, &str)]) {
    let words = words(bundle, chapter);
    assert_eq!(words, said(bundle, chapter, beginnings), "{chapter}");
    assert!(words.contains_key("inconclusive"), "{chapter}: {words:?}");
}

#[test]
fn tables_and_sentences_of_a_chapter_have_the_same_words() {
    let bundle = bundle(&scenario(Placement::Apart));
    agree(&bundle, "ladder", &COST);
    agree(&bundle, "side-arms", &COST);
    agree(&bundle, "floors", &LEVEL);
    agree(&bundle, "peers", &LEVEL);
    let figure = &bundle.files()["figures/waterfall.svg"];
    assert_eq!(figure.matches(", inconclusive").count(), 2 * 4, "{figure}");
}

#[test]
fn shared_processors_have_the_same_words_too() {
    let bundle = bundle(&scenario(Placement::Shared));
    agree(&bundle, "shared", &LEVEL);
}
