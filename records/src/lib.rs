//! The files of a results folder, as types: `bench` writes them and `analysis` reads them.
//!
//! A run is one folder `results/DATE-HARDWARE-EXPERIMENT/` with these files, all raw and append-only:
//!
//! | file | type | one entry |
//! |---|---|---|
//! | `experiment.toml` | [`Plan`] | the resolved experiment: arms, load points, blocks, seed |
//! | `environment.json` | [`Environment`] | the machines and their settings, the hashes of the binaries |
//! | `measurements.csv` | [`Measurement`] | a row a measurement: one cell in one block |
//! | `load.jsonl` | [`LoadRecord`] | a line a measurement: latency histogram, exact command lines |
//! | `series.jsonl` | [`SeriesRecord`] | a line a measurement: requests and CPU time within the window |
//! | `calibration.jsonl` | [`CalibrationRecord`] | a line a measurement made before the first block, where there was one |
//! | `end.json` | [`End`] | why the run ended, and after how many blocks |
//!
//! A profile is a folder `results/DATE-HARDWARE-profile/` with an `experiment.toml` and an `environment.json`
//! like a run's, and `profile.jsonl` with a [`ProfileRecord`] a line in place of the measurements.
//!
//! Numbers are integers with the unit in their name. Rates and ratios are never stored.
#![forbid(unsafe_code)]

mod calibration;
mod difference;
mod end;
mod environment;
mod load;
mod machine;
mod measurement;
mod plan;
mod profile;
mod series;

pub use calibration::{CalibrationRecord, Purpose};
pub use difference::Difference;
pub use end::{End, EndReason};
pub use environment::{Build, Environment, SubjectFile};
pub use load::LoadRecord;
pub use machine::{Cache, IoUring, Machine, NetworkDevice};
pub use measurement::{ADDED_IN_4, COLUMNS, Measurement, columns_of};
pub use plan::{
    ArmEntry, Expected, Generator, LeftOut, LoadPoint, Placement, Plan, Role, Scheduling, StopRule,
};
pub use profile::{KERNEL_FRAME, ProfileRecord, ProfileStack};
pub use series::SeriesRecord;

/// The JSON schema of `environment.json`.
pub const ENVIRONMENT_SCHEMA: &str = include_str!("../environment.schema.json");

/// Version of all files, as they are written.
pub const SCHEMA_VERSION: u32 = 4;
/// The versions that a reader takes, the newest first; it refuses any other. What an older one does not
/// have is empty.
pub const READ_VERSIONS: [u32; 2] = [SCHEMA_VERSION, 3];

/// File name of the [`Plan`].
pub const EXPERIMENT_FILE: &str = "experiment.toml";
/// File name of the [`Environment`].
pub const ENVIRONMENT_FILE: &str = "environment.json";
/// File name of the [`Measurement`] rows.
pub const MEASUREMENTS_FILE: &str = "measurements.csv";
/// File name of the [`LoadRecord`] lines.
pub const LOAD_FILE: &str = "load.jsonl";
/// File name of the [`SeriesRecord`] lines.
pub const SERIES_FILE: &str = "series.jsonl";
/// File name of the [`CalibrationRecord`] lines.
pub const CALIBRATION_FILE: &str = "calibration.jsonl";
/// File name of the [`ProfileRecord`] lines.
pub const PROFILE_FILE: &str = "profile.jsonl";
/// File name of the [`End`].
pub const END_FILE: &str = "end.json";
