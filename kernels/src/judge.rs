//! What all guests together must have shown.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::line::{Line, read_lines};
use crate::outcome::{Outcome, version};

/// What a guest showed.
#[derive(Clone, Debug)]
pub struct Boot {
    /// The kernel's name in the list of those that are booted.
    pub kernel: String,
    /// The architecture that was asked for.
    pub architecture: String,
    /// The kernel's release, as it says itself; empty when the guest never ran.
    pub release: String,
    /// The checks: name, whether it is an arm, and what came of it.
    pub checks: Vec<(String, bool, Outcome)>,
    /// What is wrong with the boot as a whole; empty when nothing is.
    pub broken: String,
}

impl Boot {
    /// Reads the console of the guest `kernel` of `architecture`.
    pub fn read(kernel: &str, architecture: &str, console: &str) -> Self {
        let mut boot = Self {
            kernel: kernel.to_owned(),
            architecture: architecture.to_owned(),
            release: String::new(),
            checks: Vec::new(),
            broken: String::new(),
        };
        boot.broken = match read_lines(console).map(|lines| boot.take(lines)) {
            Ok(broken) => broken,
            Err(error) => format!("{error:#}"),
        };
        boot
    }

    /// Takes a guest's lines; returns what is wrong with them.
    fn take(&mut self, lines: Vec<Line>) -> String {
        let mut ended = None;
        let mut runs_on = String::new();
        for line in lines {
            match line {
                Line::Started {
                    release,
                    architecture,
                } => (self.release, runs_on) = (release, architecture),
                Line::Checked { name, arm, outcome } => self.checks.push((name, arm, outcome)),
                Line::Ended { checks } => ended = Some(checks),
            }
        }
        let named = version(&self.kernel);
        if self.release.is_empty() {
            "the kernel did not boot".to_owned()
        } else if runs_on != self.architecture {
            format!("it runs on {runs_on}")
        } else if named.is_some() && named != version(&self.release) {
            format!("it is {} and no {}", self.release, self.kernel)
        } else if ended != Some(self.checks.len()) {
            let last = self.checks.last().map_or("start", |check| &check.0);
            format!("it did not come to its end; the last thing done is `{last}`")
        } else {
            String::new()
        }
    }
}

/// The guests of a folder, a file KERNEL-ARCHITECTURE.log each, in the order of `kernels`.
///
/// # Errors
/// When a guest's file is missing: it was to be booted and was not.
pub fn read_boots(folder: &Path, kernels: &[&str], architectures: &[&str]) -> Result<Vec<Boot>> {
    ensure!(!kernels.is_empty(), "no kernel is listed");
    let mut boots = Vec::new();
    for kernel in kernels {
        for architecture in architectures {
            let file = folder.join(format!("{kernel}-{architecture}.log"));
            let console =
                fs::read(&file).with_context(|| format!("{} was not booted", file.display()))?;
            let console = String::from_utf8_lossy(&console);
            boots.push(Boot::read(kernel, architecture, &console));
        }
    }
    Ok(boots)
}

/// Everything that is not as it must be, a sentence each.
pub fn complaints(boots: &[Boot]) -> Vec<String> {
    let mut all = Vec::new();
    let most = boots.iter().map(|boot| boot.checks.len()).max();
    for boot in boots {
        let place = format!("{} on {}", boot.kernel, boot.architecture);
        if !boot.broken.is_empty() {
            all.push(format!("{place}: {}", boot.broken));
        } else if Some(boot.checks.len()) != most {
            all.push(format!("{place}: {} checks only", boot.checks.len()));
        }
        for (name, _, outcome) in &boot.checks {
            if let Outcome::Failed { message } = outcome {
                all.push(format!("{place}, {name}: {message}"));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn console(release: &str, outcome: Outcome, ended: usize) -> String {
        let lines = [
            Line::Started {
                release: release.to_owned(),
                architecture: "x86_64".to_owned(),
            },
            Line::Checked {
                name: "kio-uring".to_owned(),
                arm: true,
                outcome,
            },
            Line::Ended { checks: ended },
        ];
        let texts = lines.map(|line| serde_json::to_string(&line).unwrap());
        texts.map(|text| format!("@guest {text}\n")).concat()
    }

    fn complaint(architecture: &str, console: &str) -> String {
        complaints(&[Boot::read("5.10", architecture, console)]).join("; ")
    }

    #[test]
    fn a_complete_boot_has_no_complaint() {
        let console = console("5.10.0-1", Outcome::served(), 1);
        assert_eq!(complaint("x86_64", &console), "");
    }

    #[test]
    fn whatever_is_amiss_is_told() {
        let served = Outcome::served;
        let good = console("5.10.0-1", served(), 1);
        let cases = [
            ("x86_64", "Kernel panic".to_owned(), "did not boot"),
            ("aarch64", good, "runs on x86_64"),
            ("x86_64", console("5.1.0", served(), 1), "no 5.10"),
            ("x86_64", console("5.10.0", served(), 2), "its end"),
            (
                "x86_64",
                console("5.10.0", Outcome::failed("silence"), 1),
                "kio-uring: silence",
            ),
        ];
        for (architecture, console, part) in cases {
            let said = complaint(architecture, &console);
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn a_boot_that_was_left_out_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_boots(folder.path(), &["5.10"], &["x86_64"]).is_err());
    }
}
