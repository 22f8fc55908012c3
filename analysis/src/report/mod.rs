//! The report: documents, tables, figures and claims as files.

mod chapters;
mod document;
mod html;
mod json;
mod markdown;
mod scope;
mod splice;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::assess::Assessment;
use document::Block;

pub use splice::{BEGIN, END, SpliceError, first_difference, section, splice};

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A table could not be written as CSV.
    #[error(
        "a table could not be written as CSV: {0}; this is a fault of analysis, please report it"
    )]
    Csv(#[from] csv::Error),
    /// The claims could not be written as JSON.
    #[error(
        "the claims could not be written as JSON: {0}; this is a fault of analysis, please report it"
    )]
    Json(#[from] serde_json::Error),
    /// A file could not be written.
    #[error("{}: cannot be written: {source}. Give a folder that can be written with --out", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// The files of a report: path inside the report's folder and content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle(BTreeMap<String, String>);

impl Bundle {
    /// The files.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Writes all files under `dir`.
    pub fn write(&self, dir: &Path) -> Result<(), ReportError> {
        for (path, content) in &self.0 {
            let file = dir.join(path);
            let write = || {
                if let Some(parent) = file.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::write(&file, content)
            };
            write().map_err(|source| ReportError::Write {
                file: file.clone(),
                source,
            })?;
        }
        Ok(())
    }
}

/// The report of one run, or one report of several with a part for each: runs are never pooled.
pub fn report(assessments: &[Assessment]) -> Result<Bundle, ReportError> {
    let document = match assessments {
        [only] => chapters::document(only),
        several => chapters::document_of_several(several),
    };
    let mut files = BTreeMap::new();
    for block in &document.blocks {
        match block {
            Block::Table { table, .. } | Block::Folded { table, .. } => {
                files.insert(table.csv_path(), table.to_csv()?);
                files.insert(table.markdown_path(), table.to_markdown());
            }
            Block::Figure { figure, data } => {
                files.insert(figure.path(), figure.to_file());
                files.insert(data.csv_path(), data.to_csv()?);
                files.insert(data.markdown_path(), data.to_markdown());
            }
            _ => {}
        }
    }
    files.insert("claims.json".to_owned(), json::claims(assessments)?);
    files.insert("report.md".to_owned(), markdown::markdown(&document));
    files.insert("report.html".to_owned(), html::page(&document));
    Ok(Bundle(files))
}
