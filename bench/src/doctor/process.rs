//! What this process may use, and what it needs beside it.

use std::path::Path;

use anyhow::Result;

use super::{Finding, Verdict};
use crate::load::Wrk;
use crate::machine;
use crate::settings::Settings;

pub fn examine() -> Result<Vec<Finding>> {
    Ok(vec![wrk(), open_files()?, locked_memory()?, disk()?])
}

fn wrk() -> Finding {
    match Wrk::find() {
        Ok(wrk) => Finding::ok("wrk", wrk.version()),
        Err(error) => Finding::new("wrk", Verdict::Fail, "not found", &format!("{error:#}")),
    }
}

/// The hard limit counts: the harness raises the soft one.
fn open_files() -> Result<Finding> {
    let (soft, hard) = machine::nofile()?;
    let needed = Settings::of_the_study().nofile_at_least;
    Ok(Finding::judge(
        "open files",
        hard >= needed,
        Verdict::Fail,
        format!("{soft}, and {hard} at most"),
        &format!(
            "2000 connections need {needed}; `* hard nofile {needed}` in /etc/security/limits.conf and a new login"
        ),
    ))
}

fn locked_memory() -> Result<Finding> {
    let found = match machine::memlock_soft_bytes()? {
        Some(bytes) => format!("{} KiB", bytes >> 10),
        None => "unlimited".to_owned(),
    };
    Ok(Finding::ok("locked memory", found))
}

fn disk() -> Result<Finding> {
    let free = machine::free_disk_bytes(Path::new("."))?;
    Ok(Finding::judge(
        "disk space",
        free >= 256 << 20,
        Verdict::Warn,
        format!("{} MiB free here", free >> 20),
        "a run stops when the disk is full; free some space, or give --out on another disk",
    ))
}
