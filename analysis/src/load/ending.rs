//! `end.json` and `calibration.jsonl`: what frames the blocks.

use std::path::Path;

use records::{CALIBRATION_FILE, CalibrationRecord, END_FILE, End, EndReason, Plan};

use super::{Completeness, Fault, LoadError, files};

/// Why the run ended; none for an unfinished one, where that is allowed.
pub(super) fn end(
    dir: &Path,
    plan: &Plan,
    completeness: Completeness,
) -> Result<Option<End>, LoadError> {
    let file = dir.join(END_FILE);
    if completeness == Completeness::PartialAllowed && !file.exists() {
        return Ok(None);
    }
    let end: End = files::read_json(&file, plan)?;
    let wrong = |fault: String| {
        let field = "blocks".to_owned();
        Err(LoadError::of(&file, Fault::Field { field, fault }))
    };
    let (blocks, planned) = (end.blocks, plan.blocks);
    match end.reason {
        _ if blocks > planned => wrong(format!("{blocks} of {planned} blocks")),
        EndReason::Blocks if blocks < planned => wrong(format!(
            "{blocks} of {planned} blocks, and the reason says that all were measured"
        )),
        EndReason::Sharp | EndReason::Budget if plan.stop.is_none() => wrong(
            "the run is said to have ended by a rule, and experiment.toml has none".to_owned(),
        ),
        _ => Ok(Some(end)),
    }
}

/// What was measured before the first block; nothing where the experiment has no such phase.
pub(super) fn calibrations(dir: &Path) -> Result<Vec<CalibrationRecord>, LoadError> {
    let file = dir.join(CALIBRATION_FILE);
    if !file.exists() {
        return Ok(Vec::new());
    }
    let text = files::read_lines(&file)?;
    (text.lines().enumerate())
        .map(|(place, line)| {
            serde_json::from_str(line).map_err(|fault| {
                let (field, fault) = ("line".to_owned(), fault.to_string());
                LoadError::at(&file, place as u64 + 1, Fault::Field { field, fault })
            })
        })
        .collect()
}
