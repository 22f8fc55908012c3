//! Why a results folder is refused.

use std::fmt;
use std::path::{Path, PathBuf};

use records::READ_VERSIONS;

/// A refusal: the place, the fault, and what to do about it.
#[derive(Debug)]
pub struct LoadError {
    file: PathBuf,
    line: Option<u64>,
    fault: Box<Fault>,
}

impl LoadError {
    /// A fault of a line, from 1.
    pub(super) fn at(file: &Path, line: u64, fault: Fault) -> Self {
        Self {
            file: file.to_path_buf(),
            line: Some(line),
            fault: Box::new(fault),
        }
    }

    /// A fault of a whole file.
    pub(super) fn of(file: &Path, fault: Fault) -> Self {
        Self {
            file: file.to_path_buf(),
            line: None,
            fault: Box::new(fault),
        }
    }

    /// What is wrong.
    pub fn fault(&self) -> &Fault {
        &self.fault
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}. {}", self.fault, self.fault.remedy())
    }
}

impl std::error::Error for LoadError {}

/// What is wrong with a results folder.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A file is absent or unreadable.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// A TOML or JSON file does not have the fields it must have.
    #[error("{0}")]
    Malformed(String),
    /// A file of another version of the records.
    #[error(
        "field schema_version is {found}, this analysis reads {}",
        READ_VERSIONS.map(|version| version.to_string()).join(" and ")
    )]
    SchemaVersion {
        /// The version the file names.
        found: String,
    },
    /// A file of another version than its run's plan.
    #[error(
        "field schema_version is {found}, experiment.toml has {expected}: files of different runs are \
         mixed"
    )]
    MixedVersions {
        /// The version the file names.
        found: u32,
        /// The plan's.
        expected: u32,
    },
    /// A plan that names an arm or a load point twice, or none.
    #[error("field {field}: {fault}")]
    Plan {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        fault: String,
    },
    /// `measurements.csv` has other columns.
    #[error(
        "the header is not that of schema version {version}: column {place} is {found:?}, must be \
         {wanted:?}"
    )]
    Header {
        /// The schema version the header belongs to.
        version: u32,
        /// Number of the first column that differs, from 1.
        place: usize,
        /// Its name; empty where the column is absent.
        found: String,
        /// The name it must have; empty where it must be absent.
        wanted: String,
    },
    /// The last line has no end: the file was cut off.
    #[error("the last line does not end: the file is truncated")]
    Truncated,
    /// A row with too few or too many fields.
    #[error("{found} fields where the header has {expected}: the row is damaged")]
    FieldCount {
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// A field that is not of its column's type, or contradicts another.
    #[error("field {field}: {fault}")]
    Field {
        /// The column or JSON field.
        field: String,
        /// What is wrong with it.
        fault: String,
    },
    /// An entry for a cell that the plan does not have.
    #[error("{0} is not in experiment.toml: files of different runs are mixed")]
    NotInPlan(String),
    /// The same cell twice in a block.
    #[error(
        "{cell} is there already, on line {first_line}: files of different runs are mixed, or a \
         line was copied"
    )]
    Duplicate {
        /// Block, arm and load.
        cell: String,
        /// The line it repeats.
        first_line: u64,
    },
    /// One arm ran with two binaries.
    #[error(
        "field subject_sha256: arm {arm} ran the binary {found:?}, {elsewhere} says {expected:?}: \
         binaries are mixed"
    )]
    MixedBinaries {
        /// The arm.
        arm: String,
        /// The row's hash.
        found: String,
        /// The hash it must have.
        expected: String,
        /// Where that hash stands.
        elsewhere: String,
    },
    /// Cells of the plan that have no row.
    #[error("{count} of {planned} measurements are missing: {list}")]
    Missing {
        /// How many are missing.
        count: usize,
        /// How many the plan has.
        planned: usize,
        /// The first of them.
        list: String,
    },
    /// A line of `load.jsonl` that belongs to no row.
    #[error("{0} has no row in measurements.csv: files of different runs are mixed")]
    LoadWithoutRow(String),
    /// A row that succeeded and has no line in `load.jsonl`.
    #[error("{0} succeeded and has no line in load.jsonl: that file is incomplete")]
    RowWithoutLoad(String),
}

impl Fault {
    /// What to do about it.
    fn remedy(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => {
                "A results folder holds experiment.toml, environment.json, measurements.csv, \
                 load.jsonl and series.jsonl, and end.json once its run is finished; give the path of \
                 such a folder, or finish the run with `bench run --resume`"
            }
            Self::SchemaVersion { .. } | Self::Header { .. } => {
                "Analyse the folder with the revision of this repository that measured it"
            }
            Self::Truncated => {
                "Finish the run with `bench run --resume`, or restore the file from version control"
            }
            Self::MixedVersions { .. }
            | Self::NotInPlan(_)
            | Self::Duplicate { .. }
            | Self::LoadWithoutRow(_) => "Put each run's files into a folder of its own",
            Self::MixedBinaries { .. } => "Measure all blocks again with one build",
            Self::Missing { .. } => {
                "Finish the run with `bench run --resume`, or analyse it as it is with --partial"
            }
            Self::Malformed(_)
            | Self::Plan { .. }
            | Self::FieldCount { .. }
            | Self::Field { .. }
            | Self::RowWithoutLoad(_) => "Restore the file from version control, or measure again",
        }
    }
}
