//! The report: documents, tables, figures and claims as files.

mod across;
mod chapters;
mod compact;
mod document;
mod features;
mod html;
mod json;
mod markdown;
mod method;
mod scale;
mod scope;
mod splice;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::assess::Assessment;
use crate::frame::{FrameError, Values, parquet};
use crate::tables::{self, Table};
use document::Block;

pub use across::{COMPARISON, comparison};
pub use features::features;
pub use splice::{BEGIN, END, SpliceError, first_difference, section, splice};

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A table could not be written as CSV.
    #[error(
        "a table could not be written as CSV: {0}; this is a fault of analysis, please report it"
    )]
    Csv(#[from] csv::Error),
    /// A table could not be written as Parquet.
    #[error(transparent)]
    Parquet(#[from] FrameError),
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
pub struct Bundle {
    texts: BTreeMap<String, String>,
    binaries: BTreeMap<String, Vec<u8>>,
}

impl Bundle {
    /// The files that are text.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    /// The files that are not.
    pub fn binaries(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.binaries
    }

    /// Adds a text.
    fn insert(&mut self, path: &str, text: String) {
        self.texts.insert(path.to_owned(), text);
    }

    /// Adds a table in each of its forms.
    fn add(&mut self, table: &Table) -> Result<(), ReportError> {
        self.texts.insert(table.csv_path(), table.to_csv()?);
        self.binaries
            .insert(table.parquet_path(), table.to_parquet()?);
        Ok(())
    }

    /// Adds a table that is made part by part, in each of its forms.
    fn add_parts(&mut self, parts: impl Iterator<Item = Table>) -> Result<(), ReportError> {
        let mut whole: Option<(String, Vec<(String, Values)>)> = None;
        let mut paths = (String::new(), String::new());
        for part in parts {
            paths = (part.csv_path(), part.parquet_path());
            let Some((text, columns)) = &mut whole else {
                whole = Some((part.to_csv()?, part.parquet_columns()));
                continue;
            };
            *text += &part.csv(false)?;
            for ((_, column), (_, next)) in columns.iter_mut().zip(part.parquet_columns()) {
                column.append(next);
            }
        }
        if let Some((text, columns)) = whole {
            self.texts.insert(paths.0, text);
            self.binaries.insert(paths.1, parquet(columns)?);
        }
        Ok(())
    }

    /// Writes all files under `dir`.
    pub fn write(&self, dir: &Path) -> Result<(), ReportError> {
        let texts = (self.texts.iter()).map(|(path, text)| (path, text.as_bytes()));
        let binaries = (self.binaries.iter()).map(|(path, bytes)| (path, bytes.as_slice()));
        for (path, content) in texts.chain(binaries) {
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

/// The report of one run, or one report of several with a part for each: runs are never pooled. The
/// first gives the answer.
pub fn report(assessments: &[Assessment]) -> Result<Bundle, ReportError> {
    let document = chapters::document(assessments);
    let mut bundle = Bundle::default();
    let mut blocks = Vec::new();
    for block in &document.blocks {
        block.walk(&mut |block| blocks.push(block));
    }
    for block in blocks {
        match block {
            Block::Table { table, .. } | Block::Folded { table, .. } => {
                bundle.add(table)?;
                (bundle.texts).insert(table.markdown_path(), table.to_markdown());
            }
            Block::Files(table) => bundle.add(table)?,
            Block::Measurements { run, scope, .. } => {
                let of = assessments.iter().map(|assessment| &assessment.study);
                for study in of.filter(|study| study.name == *run) {
                    let parts = tables::measurements(study);
                    bundle.add_parts(parts.map(|part| scope::table_in(scope.as_deref(), part)))?;
                }
            }
            Block::Picture(figure) => {
                bundle.texts.insert(figure.path(), figure.to_file());
            }
            Block::Figure { figure, data, .. } => {
                bundle.texts.insert(figure.path(), figure.to_file());
                bundle.add(data)?;
                (bundle.texts).insert(data.markdown_path(), data.to_markdown());
            }
            _ => {}
        }
    }
    let texts = [
        ("claims.json", json::claims(assessments)?),
        ("method.json", method::json()?),
        ("report.md", markdown::markdown(&document)),
        ("report.html", html::page(&document)),
    ];
    (bundle.texts).extend(texts.map(|(path, text)| (path.to_owned(), text)));
    Ok(bundle)
}
