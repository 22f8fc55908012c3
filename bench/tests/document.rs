//! The document that says which test shows what.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(document) = fs::read_to_string(root.join("../docs/reliability.md")) else {
        eprintln!("SKIPPED: the documents are not here");
        return;
    };
    let (_, section) = document.split_once("\n## Harness\n").unwrap();
    let lines = section.lines().take_while(|line| !line.starts_with("<!--"));
    let named: Vec<(&str, &str)> = lines
        .filter_map(|line| {
            let (file, rest) = line.rsplit_once("| `")?.1.split_once("`: `")?;
            Some((file, rest.split_once('`')?.0))
        })
        .collect();
    assert!(named.len() > 10, "{named:?}");
    for (file, test) in named {
        let text = fs::read_to_string(root.join("tests").join(file)).expect(file);
        let defined = format!("#[test]\nfn {test}() {{");
        assert!(text.contains(&defined), "{file} has no test {test}");
    }
}
