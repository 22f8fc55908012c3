//! Tables: one model, rendered as CSV (all columns, full precision), Markdown and HTML.

mod across;
mod arms;
mod attribution;
mod card;
mod causes;
mod cells;
mod claims;
mod compared;
mod connections;
mod environment;
mod features;
mod forensics;
mod gates;
mod idle;
mod parquet;
mod profile;
mod ratios;
mod raw;
mod render;
mod repeats;
mod runs;
mod sweeps;
mod tail;
mod targets;
mod topics;
mod verdicts;

use crate::model::Study;
use crate::stats::Estimate;
use crate::text::{fixed, grouped, p_value, percent};

pub use across::{differences, headlines, quotients};
pub use arms::{arms, arms_beside};
pub use attribution::{ATTRIBUTED, attribution};
pub use card::card;
pub use causes::causes;
pub use cells::{cells, invalid};
pub use claims::claims;
pub use compared::{floor_ratios, ladder, peer_ratios, shared, side_arms};
pub use connections::{connections, worker_shares};
pub use environment::{environment, environment_beside};
pub use features::feature;
pub use forensics::{STDIO_FILES, forensics, opened, wire_bytes, wire_gbit_per_second};
pub use gates::gates;
pub use idle::idle;
pub use profile::profile;
pub use ratios::{arm_ratios, overview, ratios};
pub use raw::{measurements, measurements_head};
pub use repeats::repeats;
pub use runs::runs;
pub use sweeps::{by_load, series, steps};
pub use tail::tail;
pub use targets::targets;
pub use topics::{bottlenecks, cpu, kernel, latency, scatter, throughput};
pub use verdicts::verdicts;

/// How a number is shown. Files in CSV always hold it plain, in the unit of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// So many decimals, commas between thousands.
    Decimals(usize),
    /// A share as a percentage with so many decimals.
    Percent(usize),
    /// Bytes as MiB with one decimal.
    Mebibytes,
    /// A p-value, or that it is below what its decimals can show.
    PValue,
}

impl Display {
    /// The number as shown.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Decimals(digits) => grouped(value, digits),
            Self::Percent(digits) => percent(value, digits),
            Self::Mebibytes => fixed(value / 1_048_576.0, 1),
            Self::PValue => p_value(value),
        }
    }

    /// Both ends of an interval, the unit only once.
    fn show_interval(self, estimate: &Estimate) -> String {
        let (low, high) = match self {
            Self::Percent(digits) => (
                fixed(estimate.low * 100.0, digits),
                fixed(estimate.high * 100.0, digits),
            ),
            _ => (self.show(estimate.low), self.show(estimate.high)),
        };
        format!("{low}\u{2013}{high}")
    }
}

/// What stands in a cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing: not measured, or not applicable.
    Empty,
    /// Words.
    Text(String),
    /// A name from the data: an arm, a file.
    Name(String),
    /// A count.
    Integer(u64),
    /// A number.
    Number(f64, Display),
    /// A number with its interval: three columns in CSV.
    Estimate(Estimate, Display),
}

impl Value {
    /// A number, or nothing.
    pub fn number(value: Option<f64>, display: Display) -> Self {
        value.map_or(Self::Empty, |value| Self::Number(value, display))
    }

    /// A number with interval, or nothing.
    pub fn estimate(value: Option<Estimate>, display: Display) -> Self {
        value.map_or(Self::Empty, |value| Self::Estimate(value, display))
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words, left-aligned.
    Words,
    /// Numbers, right-aligned.
    Numbers,
    /// Numbers with intervals, right-aligned, three columns in CSV.
    Estimates,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name in CSV, with the unit in it.
    pub key: String,
    /// Title where it is shown.
    pub title: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether it is shown at all, or stands in the CSV file only.
    pub shown: bool,
}

impl Column {
    /// A column that is shown.
    pub fn new(key: impl Into<String>, title: impl Into<String>, kind: Kind) -> Self {
        Self {
            key: key.into(),
            title: title.into(),
            kind,
            shown: true,
        }
    }

    /// A column of the CSV file only.
    pub fn hidden(key: impl Into<String>, kind: Kind) -> Self {
        Self {
            key: key.into(),
            title: String::new(),
            kind,
            shown: false,
        }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Identifier others link to; empty for none.
    pub id: String,
    /// Identifier of the row of another table that this one rests on; empty for none.
    pub rests_on: String,
    /// Whether the row is marked as one whose numbers must not be quoted.
    pub marked: bool,
    /// A value a column.
    pub values: Vec<Value>,
}

impl Line {
    /// A row nobody links to.
    pub fn plain(values: Vec<Value>) -> Self {
        Self {
            id: String::new(),
            rests_on: String::new(),
            marked: false,
            values,
        }
    }

    /// The same, resting on a row of another table.
    #[must_use]
    pub fn resting_on(self, id: impl Into<String>) -> Self {
        Self {
            rests_on: id.into(),
            ..self
        }
    }

    /// The same, marked where its numbers must not be quoted.
    #[must_use]
    pub fn marked(self, marked: bool) -> Self {
        Self { marked, ..self }
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// File name without extension.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub lines: Vec<Line>,
}

impl Table {
    /// Path of the CSV file inside a report.
    pub fn csv_path(&self) -> String {
        format!("tables/{}.csv", self.name)
    }

    /// Path of the Parquet file inside a report.
    pub fn parquet_path(&self) -> String {
        format!("tables/{}.parquet", self.name)
    }

    /// Path of the Markdown file inside a report.
    pub fn markdown_path(&self) -> String {
        format!("tables/{}.md", self.name)
    }
}

/// Of a run's table the lines that are not `known` from another run.
fn beside(mut table: Table, other: &Study, known: impl Fn(&Line) -> bool) -> Table {
    table.lines.retain(|line| !known(line));
    table.name += "-beside";
    table.title += &format!(", where not as in {}", other.title());
    table
}
