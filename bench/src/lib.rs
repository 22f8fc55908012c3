//! The harness: it measures HTTP servers under load and records what it saw, raw.
//!
//! One direction: an experiment (`experiments/*.toml`) with arms (`arms.toml`) is fitted to this
//! machine as a [`records::Plan`] ([`experiment`], [`calibration`]); the plan's cells are put in order
//! ([`schedule`]); each is measured ([`measure`]) on a host ([`host`]) under load ([`load`]) and
//! appended to the results folder ([`results`]); [`runner`] drives this and the commands are what the
//! user types; [`profile`] samples a server in place of measuring it. [`machine`], [`doctor`], [`settings`] and [`preflight`] look at the machine.
//!
//! Nothing here interprets: no rate, ratio or verdict is recorded. Only [`stop`] looks at what was measured,
//! and of that at the widths of intervals alone, to end a run that is sharp enough. Nothing that was recorded is
//! ever changed, except that a torn last row is cut off before a run goes on.
#![deny(unsafe_code)]

pub mod announcement;
pub mod arms;
pub mod calibration;
pub mod clock;
mod commands;
pub mod dates;
pub mod doctor;
pub mod experiment;
pub mod host;
pub mod interrupt;
pub mod load;
pub mod machine;
pub mod measure;
pub mod placeholders;
pub mod plan;
pub mod preflight;
pub mod processors;
pub mod profile;
pub mod progress;
pub mod results;
pub mod runner;
pub mod schedule;
pub mod settings;
pub mod stop;
pub mod subjects;

pub use commands::Cli;
