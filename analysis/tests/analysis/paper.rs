//! The paper's text: no measured digit and no verdict is typed by hand.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Words that only the data may say of a claim. The section on the method says what they mean.
const VERDICTS: [&str; 5] = [
    "supported",
    "refuted",
    "equivalent",
    "inconclusive",
    "invalid",
];

fn paper() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../paper")
}

fn sections() -> Vec<(String, String)> {
    let mut sections: Vec<_> = fs::read_dir(paper().join("sections"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    sections.sort();
    sections
}

/// The text with what is no prose taken out: code in backticks, strings, citations.
fn prose(text: &str) -> String {
    let code = Regex::new(r#"`[^`]*`|"[^"]*"|@[a-z0-9]+"#).unwrap();
    code.replace_all(text, "").into_owned()
}

fn typed_digits(text: &str) -> Vec<String> {
    let digits = Regex::new(r"\S*[0-9]\S*").unwrap();
    let prose = prose(text);
    let found = digits.find_iter(&prose);
    found.map(|digit| digit.as_str().to_owned()).collect()
}

fn typed_verdicts(text: &str) -> Vec<&'static str> {
    let prose = prose(text).to_lowercase();
    VERDICTS
        .into_iter()
        .filter(|word| prose.contains(word))
        .collect()
}

#[test]
fn no_digit_is_typed_into_the_prose() {
    for (name, text) in sections() {
        assert_eq!(typed_digits(&text), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn no_verdict_is_typed_outside_its_definition() {
    for (name, text) in sections() {
        if name != "method.typ" {
            assert_eq!(typed_verdicts(&text), Vec::<&str>::new(), "{name}");
        }
    }
}

#[test]
fn a_typed_figure_or_verdict_is_found() {
    assert_eq!(typed_digits("it answers 26 % more"), ["26"]);
    assert_eq!(typed_digits("at 0.93 of Tokio's"), ["0.93"]);
    assert_eq!(
        typed_digits("`HTTP/1.1` of @holm1979"),
        Vec::<String>::new()
    );
    assert_eq!(typed_verdicts("so the claim is Refuted"), ["refuted"]);
}

#[test]
fn every_citation_has_its_reference() {
    let references = fs::read_to_string(paper().join("references.yml")).unwrap();
    let cited = Regex::new(r"@([a-z]+[0-9]*)").unwrap();
    for (name, text) in sections() {
        for citation in cited.captures_iter(&text) {
            let entry = format!("\n{}:\n", &citation[1]);
            assert!(
                format!("\n{references}").contains(&entry),
                "{name}: @{}",
                &citation[1]
            );
        }
    }
}
