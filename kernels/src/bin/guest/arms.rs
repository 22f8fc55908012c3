//! Every arm, by `bench verify`.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result};
use kernels::{Outcome, judge_refusal};
use serde::Deserialize;

/// Where the binaries are.
pub const BIN: &str = "/bin";

#[derive(Deserialize)]
struct Arm {
    name: String,
    subject: String,
}

fn bench(arguments: &[&str]) -> Result<Output> {
    let program = format!("{BIN}/bench");
    let mut command = Command::new(&program);
    command.args(arguments).env("KIO_SUBJECTS", BIN);
    command
        .output()
        .with_context(|| format!("cannot run {program}"))
}

/// The names of the arms whose servers are here: those of the study itself.
///
/// # Errors
/// When `bench arms` fails.
pub fn names() -> Result<Vec<String>> {
    let output = bench(&["arms", "--json"])?;
    let refusal = || String::from_utf8_lossy(&output.stderr).into_owned();
    let arms: Vec<Arm> = serde_json::from_slice(&output.stdout).with_context(refusal)?;
    let here = |arm: &Arm| Path::new(BIN).join(&arm.subject).exists();
    let here = arms.into_iter().filter(here);
    Ok(here.map(|arm| arm.name).collect())
}

/// Whether the arm serves and passes, or refuses well.
pub fn verify(name: &str, release: &str) -> Outcome {
    let output = match bench(&["verify", "--short", name]) {
        Ok(output) if output.status.success() => return Outcome::served(),
        Ok(output) => output,
        Err(error) => return Outcome::failed(format!("{error:#}")),
    };
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if text.contains("the server ended before it listened") {
        judge_refusal(&text, release)
    } else {
        Outcome::failed(text)
    }
}
