//! The document of the method says what the simulations show.
#![allow(clippy::unwrap_used, reason = "a test may")]

#[test]
fn the_method_has_the_simulations_tables() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/method.md");
    let text = std::fs::read_to_string(file).unwrap();
    let tables = statistics::simulate::markdown();
    assert!(
        text.contains(tables.trim()),
        "docs/method.md does not say what the simulations show; run `analysis simulate docs/method.md`"
    );
}
