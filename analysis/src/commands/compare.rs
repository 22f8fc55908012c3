//! `analysis compare`: two runs side by side.

use std::path::{Path, PathBuf};

use super::assess_one;
use crate::load::Completeness;
use crate::report::{COMPARISON, comparison};

/// Prints the comparison as Markdown, and writes it with its tables where a folder is given.
pub fn compare(first: &Path, second: &Path, out: Option<PathBuf>) -> anyhow::Result<()> {
    let [a, b] = [first, second].map(|folder| assess_one(folder, Completeness::Whole));
    let bundle = comparison(&a?.study, &b?.study)?;
    if let Some(out) = out {
        super::outside_of_runs(&out)?;
        bundle.write(&out)?;
    }
    if let Some(text) = bundle.files().get(COMPARISON) {
        print!("{text}");
    }
    Ok(())
}
