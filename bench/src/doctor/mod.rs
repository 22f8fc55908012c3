//! Whether this machine is fit to measure on: a verdict and a remedy a line.

mod hardware;
mod kernel;
mod load;
mod process;

use std::fmt;

use anyhow::Result;
use serde::Serialize;

use crate::machine;

/// Whether something is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is.
    Ok,
    /// It makes the figures worse or less certain.
    Warn,
    /// Measuring fails.
    Fail,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        })
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it; empty when it is fine.
    pub remedy: String,
}

impl Finding {
    fn ok(check: &str, found: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, found, "")
    }

    fn new(check: &str, verdict: Verdict, found: impl Into<String>, remedy: &str) -> Self {
        Self {
            check: check.to_owned(),
            verdict,
            found: found.into(),
            remedy: remedy.to_owned(),
        }
    }

    /// Fine when `fine`, else `verdict` with its remedy.
    fn judge(
        check: &str,
        fine: bool,
        verdict: Verdict,
        found: impl Into<String>,
        remedy: &str,
    ) -> Self {
        if fine {
            return Self::ok(check, found);
        }
        Self::new(check, verdict, found, remedy)
    }
}

/// Looks at everything that is recorded of a machine, and at what disturbs it now.
///
/// # Errors
/// When the kernel does not even say what it must.
pub fn examine() -> Result<Vec<Finding>> {
    let machine = machine::facts(machine::LOOPBACK)?;
    let mut findings = hardware::examine(&machine);
    findings.extend(load::examine(&machine)?);
    findings.extend(kernel::examine(&machine));
    findings.extend(process::examine(&machine)?);
    Ok(findings)
}

/// The findings as text, a line each, and a remedy below those that need one.
pub fn render(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        text += &format!(
            "{:<5} {:<32} {}\n",
            finding.verdict, finding.check, finding.found
        );
        if !finding.remedy.is_empty() {
            text += &format!("      {:<32} -> {}\n", "", finding.remedy);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_stands_below_its_line() {
        let findings = [
            Finding::ok("wrk", "4.1.0"),
            Finding::judge("governor", false, Verdict::Warn, "powersave", "set it"),
        ];
        let text = render(&findings);
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("ok    wrk") && lines[0].ends_with("4.1.0"));
        assert!(lines[1].starts_with("warn  governor"));
        assert!(lines[2].ends_with("-> set it"));
        assert!(
            serde_json::to_string(&findings)
                .unwrap()
                .contains(r#""verdict":"warn""#)
        );
    }

    #[test]
    fn this_machine_can_be_examined() {
        let findings = examine().unwrap();
        for check in ["processors", "io_uring", "open files", "net.core.somaxconn"] {
            assert!(
                findings.iter().any(|finding| finding.check == check),
                "{check}"
            );
        }
        for finding in findings {
            assert_eq!(
                finding.verdict == Verdict::Ok,
                finding.remedy.is_empty(),
                "{finding:?}"
            );
        }
    }
}
