//! The files of a results folder, as types: `bench` writes them and `analysis` reads them.
//!
//! A run is one folder `results/DATE-HARDWARE-EXPERIMENT/` with four files, all raw and append-only:
//!
//! | file | type | one entry |
//! |---|---|---|
//! | `experiment.toml` | [`Plan`] | the resolved experiment: arms, load points, blocks, seed |
//! | `environment.json` | [`Environment`] | the machine, its settings, the hashes of the binaries |
//! | `measurements.csv` | [`Measurement`] | a row a measurement: one cell in one block |
//! | `load.jsonl` | [`LoadRecord`] | a line a measurement: latency histogram, exact command lines |
//!
//! Numbers are integers with the unit in their name. Rates and ratios are never stored.
#![forbid(unsafe_code)]

mod environment;
mod load;
mod measurement;
mod plan;

pub use environment::{Environment, SubjectFile};
pub use load::LoadRecord;
pub use measurement::{COLUMNS, Measurement};
pub use plan::{ArmEntry, Generator, LoadPoint, Placement, Plan, Role, Scheduling};

/// Version of all four files. A reader refuses any other.
pub const SCHEMA_VERSION: u32 = 2;

/// File name of the [`Plan`].
pub const EXPERIMENT_FILE: &str = "experiment.toml";
/// File name of the [`Environment`].
pub const ENVIRONMENT_FILE: &str = "environment.json";
/// File name of the [`Measurement`] rows.
pub const MEASUREMENTS_FILE: &str = "measurements.csv";
/// File name of the [`LoadRecord`] lines.
pub const LOAD_FILE: &str = "load.jsonl";
