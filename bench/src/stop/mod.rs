//! Runs block after block until the plan's last one, or until its rule says that it is enough.
//!
//! The rule is asked between blocks alone, and answers from the recorded rows: a run that was resumed
//! stops where an unbroken one would have.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use records::{END_FILE, End, EndReason, MEASUREMENTS_FILE, Measurement, Plan, SCHEMA_VERSION};
use statistics::stop;

use crate::interrupt::Interrupt;
use crate::results::{self, Medium, Recorder};
use crate::runner::{self, Ended, Executor, Observer};
use crate::schedule::Cell;

/// Measures and records the `cells` that a run in `folder` has left, and notes why it ended.
///
/// # Errors
/// As [`runner::run`], and when the rows cannot be read again or the end cannot be written.
pub fn run<M: Medium>(
    plan: &Plan,
    folder: &Path,
    cells: &[Cell],
    executor: &mut impl Executor,
    recorder: &mut Recorder<M>,
    observer: &mut impl Observer,
    interrupt: &Interrupt,
) -> Result<Ended> {
    for block in cells.chunk_by(|a, b| a.block == b.block) {
        let rows = rows(folder)?;
        // A block that has begun is finished, whatever the rule says of a part of it.
        let begun = rows.iter().any(|row| row.block == block[0].block);
        if !begun && let Some(reason) = stop::ended(plan, &rows) {
            return end(plan, folder, &rows, reason);
        }
        if runner::run(block, executor, recorder, observer, interrupt)? == Ended::Interrupted {
            return Ok(Ended::Interrupted);
        }
    }
    let rows = rows(folder)?;
    // The last block may have been the one that made every ratio sharp, or took the time.
    let reason = stop::ended(plan, &rows).unwrap_or(EndReason::Blocks);
    end(plan, folder, &rows, reason)
}

/// Why and after how many blocks the run in a folder ended, in words.
///
/// # Errors
/// When it did not.
pub fn told(folder: &Path) -> Result<String> {
    let path = folder.join(END_FILE);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let end: End = serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    let why = match end.reason {
        EndReason::Blocks => "all were asked for",
        EndReason::Sharp => "every headline ratio is as sharp as asked",
        EndReason::Budget => "the time is spent",
    };
    Ok(format!(
        "ended after {} blocks and {} s: {why}",
        end.blocks, end.elapsed_s
    ))
}

fn end(plan: &Plan, folder: &Path, rows: &[Measurement], reason: EndReason) -> Result<Ended> {
    let end = End {
        schema_version: SCHEMA_VERSION,
        reason,
        blocks: stop::whole_blocks(plan, rows),
        elapsed_s: stop::elapsed_s(plan, rows),
    };
    let mut text = serde_json::to_string_pretty(&end)?;
    text.push('\n');
    results::write_whole(folder, END_FILE, &text)
        .with_context(|| format!("cannot write {}", folder.join(END_FILE).display()))?;
    Ok(Ended::Complete)
}

fn rows(folder: &Path) -> Result<Vec<Measurement>> {
    let path = folder.join(MEASUREMENTS_FILE);
    let place = || format!("cannot read {}", path.display());
    let mut reader = csv::Reader::from_path(&path).with_context(place)?;
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .with_context(place)
}
