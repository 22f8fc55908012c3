//! The results folder: made, resumed, and written to so that no failure tears a row.

mod append;
mod folder;
mod lock;
mod recorder;
mod repair;

pub use append::{AppendFile, Medium};
pub use folder::{Folder, write_whole};
pub(crate) use folder::{describe, make};
pub use recorder::Recorder;
