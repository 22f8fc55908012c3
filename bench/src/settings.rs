//! The kernel settings of `settings.toml`: judged, applied, put back.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::machine::Sysctls;

const STUDY: &str = include_str!("../settings.toml");
/// Where the former values are kept. It lasts until the machine restarts, as do the settings.
const FORMER_VALUES: &str = "/run/bench-former-sysctls.json";

/// What a value that is not accepted amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The measurement suffers.
    Warn,
    /// The measurement fails.
    Fail,
}

/// Which values are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Accept {
    Exactly,
    AtLeast,
    Covers,
}

/// One kernel setting.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its name, with dots.
    pub name: String,
    /// The recommended value.
    pub value: String,
    accept: Accept,
    /// What another value amounts to.
    #[serde(rename = "verdict")]
    pub severity: Severity,
    /// Why.
    pub reason: String,
}

impl Setting {
    /// Whether `found` will do.
    pub fn accepts(&self, found: &str) -> bool {
        let numbers = |text: &str| -> Option<Vec<i64>> {
            text.split_whitespace()
                .map(|word| word.parse().ok())
                .collect()
        };
        let (Some(wanted), Some(found)) = (numbers(&self.value), numbers(found)) else {
            return false;
        };
        match (self.accept, wanted.as_slice(), found.as_slice()) {
            (Accept::Exactly, wanted, found) => wanted == found,
            (Accept::AtLeast, [wanted], [found]) => found >= wanted,
            (Accept::Covers, [low, high], [first, last]) => first <= low && last >= high,
            _ => false,
        }
    }
}

/// All of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Open files that a process must be allowed.
    pub nofile_at_least: u64,
    /// The kernel settings.
    #[serde(rename = "sysctl")]
    pub sysctls: Vec<Setting>,
}

impl Settings {
    /// Those of the study.
    pub fn of_the_study() -> Self {
        toml::from_str(STUDY).expect("settings.toml is part of this program, and a test reads it")
    }
}

/// Applies settings and puts them back.
#[derive(Clone, Debug)]
pub struct Changer {
    sysctls: Sysctls,
    former: PathBuf,
}

impl Changer {
    /// Changes this machine.
    pub fn of_this_machine() -> Self {
        Self::new(Sysctls::of_this_machine(), FORMER_VALUES)
    }

    /// Changes `sysctls`, and keeps the former values in the file `former`.
    pub fn new(sysctls: Sysctls, former: impl Into<PathBuf>) -> Self {
        let former = former.into();
        Self { sysctls, former }
    }

    /// Gives every setting that is not accepted its recommended value. Returns a line a change.
    ///
    /// # Errors
    /// When a value cannot be saved or set; those set before stay, and can be put back.
    pub fn apply(&self, settings: &Settings) -> Result<Vec<String>> {
        let mut former = self.read_former()?.unwrap_or_default();
        let mut lines = Vec::new();
        for Setting { name, value, .. } in self.unaccepted(settings) {
            let Some(found) = self.sysctls.get(name) else {
                continue;
            };
            // The value before the first change is the one to put back.
            former.entry(name.clone()).or_insert(found.clone());
            self.write_former(&former)?;
            self.set(name, value)?;
            lines.push(format!("{name}: {found} -> {value}"));
        }
        Ok(lines)
    }

    /// Puts every changed setting back. Returns a line a change.
    ///
    /// # Errors
    /// When nothing was changed, or a value cannot be set.
    pub fn restore(&self) -> Result<Vec<String>> {
        let Some(former) = self.read_former()? else {
            bail!(
                "there is nothing to put back: `bench doctor --fix` has changed nothing since the machine started"
            );
        };
        let mut lines = Vec::new();
        for (name, value) in &former {
            let found = self.sysctls.get(name).unwrap_or_default();
            self.set(name, value)?;
            lines.push(format!("{name}: {found} -> {value}"));
        }
        fs::remove_file(&self.former)
            .with_context(|| format!("cannot remove {}", self.former.display()))?;
        Ok(lines)
    }

    fn unaccepted<'a>(&self, settings: &'a Settings) -> impl Iterator<Item = &'a Setting> {
        settings.sysctls.iter().filter(|setting| {
            let found = self.sysctls.get(&setting.name);
            found.is_some_and(|found| !setting.accepts(&found))
        })
    }

    fn set(&self, name: &str, value: &str) -> Result<()> {
        let set = self.sysctls.set(name, value);
        set.with_context(|| {
            format!("cannot set {name} to {value}; run this as root, outside of a container")
        })
    }

    fn read_former(&self) -> Result<Option<BTreeMap<String, String>>> {
        let place = || format!("cannot read {}", self.former.display());
        match fs::read_to_string(&self.former) {
            Ok(text) => serde_json::from_str(&text).map(Some).with_context(place),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(place),
        }
    }

    fn write_former(&self, former: &BTreeMap<String, String>) -> Result<()> {
        let text = serde_json::to_string_pretty(former)?;
        let new = self.former.with_extension("new");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &self.former))
            .with_context(|| {
                let path: &Path = &self.former;
                format!(
                    "cannot save the former values in {}; run this as root",
                    path.display()
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(accept: Accept, value: &str) -> Setting {
        Setting {
            name: "a.b".to_owned(),
            value: value.to_owned(),
            accept,
            severity: Severity::Warn,
            reason: String::new(),
        }
    }

    #[test]
    fn the_studys_settings_are_read_and_accept_their_own_values() {
        let settings = Settings::of_the_study();
        assert!(settings.nofile_at_least > 2000 && settings.sysctls.len() > 3);
        for setting in settings.sysctls {
            assert!(setting.accepts(&setting.value), "{}", setting.name);
        }
    }

    #[test]
    fn values_are_judged_by_their_kind() {
        let exactly = setting(Accept::Exactly, "0");
        assert!(exactly.accepts("0") && !exactly.accepts("1") && !exactly.accepts(""));
        let at_least = setting(Accept::AtLeast, "10");
        assert!(at_least.accepts("11") && !at_least.accepts("9") && !at_least.accepts("x"));
        let covers = setting(Accept::Covers, "10 20");
        assert!(covers.accepts("9 20") && !covers.accepts("11 30") && !covers.accepts("10"));
    }

    #[test]
    fn settings_are_applied_once_and_put_back() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a/b");
        fs::create_dir(directory.path().join("a")).unwrap();
        fs::write(&file, "1\n").unwrap();
        let sysctls = Sysctls::at(directory.path());
        let changer = Changer::new(sysctls, directory.path().join("former"));
        assert!(changer.restore().is_err(), "nothing to put back");

        let mut settings = Settings::of_the_study();
        settings.sysctls = vec![setting(Accept::AtLeast, "5")];
        assert_eq!(changer.apply(&settings).unwrap(), ["a.b: 1 -> 5"]);
        assert!(changer.apply(&settings).unwrap().is_empty());
        settings.sysctls = vec![setting(Accept::AtLeast, "7")];
        assert_eq!(changer.apply(&settings).unwrap(), ["a.b: 5 -> 7"]);
        assert_eq!(changer.restore().unwrap(), ["a.b: 7 -> 1"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), "1");
        assert!(changer.restore().is_err());
    }
}
