//! The generated part of a document, between two lines that mark it.

use anyhow::{Context, Result};

const BEGIN: &str = "<!-- kernels:begin -->\n";
const END: &str = "<!-- kernels:end -->\n";

/// The document with `section` between its markers; they are added at its end where it has none.
///
/// # Errors
/// When only one of the markers is there.
pub fn replace_section(document: &str, section: &str) -> Result<String> {
    let (before, rest) = match document.split_once(BEGIN) {
        Some(parts) => parts,
        None => (document, END),
    };
    let (_, after) = rest.split_once(END).context(
        "the document has no line `<!-- kernels:end -->` after `<!-- kernels:begin -->`",
    )?;
    Ok(format!("{before}{BEGIN}{section}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let document = format!("# A\n\n{BEGIN}old\n{END}\n## B\n");
        let replaced = replace_section(&document, "new\n").unwrap();
        assert_eq!(replaced, document.replace("old", "new"));
        let added = replace_section("# A\n\n", "new\n").unwrap();
        assert_eq!(added, format!("# A\n\n{BEGIN}new\n{END}"));
        assert!(replace_section(BEGIN, "new\n").is_err());
    }
}
