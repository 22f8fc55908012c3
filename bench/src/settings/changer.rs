//! Gives settings their recommended values, and puts the former ones back.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::state::{Change, State};
use super::{Setting, Settings, read};

/// Where the former values are kept: like the settings, it lasts until the machine restarts, so that no
/// value of an earlier start is ever put back.
const FORMER_VALUES: &str = "/run/bench/former-settings.json";

/// Changes the settings of a machine.
#[derive(Clone, Debug)]
pub struct Changer {
    root: PathBuf,
    state: PathBuf,
    namespace: String,
}

/// What was done, a line a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What was changed.
    pub changed: Vec<String>,
    /// What was left as it is, and why.
    pub left: Vec<String>,
    /// What the kernel refused.
    pub refused: Vec<String>,
}

impl Changer {
    /// Changes this machine; of the settings of networks, those of this process's network namespace.
    ///
    /// # Errors
    /// When /proc is not there.
    pub fn of_this_machine() -> Result<Self> {
        let namespace = fs::read_link("/proc/self/ns/net").context("cannot read /proc/self/ns")?;
        let namespace = namespace.to_string_lossy().into_owned();
        Ok(Self::new("/", FORMER_VALUES, namespace))
    }

    /// Changes what is below `root` as `/` is elsewhere, and keeps the former values in the file `state`.
    pub fn new(
        root: impl Into<PathBuf>,
        state: impl Into<PathBuf>,
        namespace: impl Into<String>,
    ) -> Self {
        Self {
            root: root.into(),
            state: state.into(),
            namespace: namespace.into(),
        }
    }

    /// Gives every setting that is not accepted its recommended value. What one refuses does not keep
    /// the others from being set.
    ///
    /// # Errors
    /// When the former values cannot be kept; what was changed before can be put back.
    pub fn apply(&self, settings: &Settings) -> Result<Outcome> {
        let mut state = State::read(&self.state)?;
        let mut outcome = Outcome::default();
        for setting in settings.all() {
            for file in setting.files(&self.root) {
                self.apply_to(setting, file, &mut state, &mut outcome)?;
            }
        }
        Ok(outcome)
    }

    fn apply_to(
        &self,
        setting: &Setting,
        file: PathBuf,
        state: &mut State,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let found = read(&self.root.join(&file)).unwrap_or_default();
        if setting.accepts(&found) {
            return Ok(());
        }
        let of_the_network = file.starts_with("proc/sys/net");
        let change = Change {
            namespace: of_the_network.then(|| self.namespace.clone()),
            file,
            former: found,
            set: setting.value.clone(),
        };
        state.note(change.clone())?;
        let line = told(&change.file, &change.former, &change.set);
        match self.write(&change.file, &change.set) {
            Ok(()) => outcome.changed.push(line),
            Err(error) => {
                outcome.refused.push(format!("{line}: {error:#}"));
                // The note of an earlier change of the same file stays as it was.
                let found = change.former.clone();
                state.note(Change {
                    set: found.clone(),
                    ..change.clone()
                })?;
                if state.former(&change) == Some(found.as_str()) {
                    state.forget(&change)?;
                }
            }
        }
        Ok(())
    }

    /// Puts every changed setting back, except what something else has set since.
    ///
    /// # Errors
    /// When the former values cannot be read.
    pub fn restore(&self) -> Result<Outcome> {
        let mut state = State::read(&self.state)?;
        let mut outcome = Outcome::default();
        for change in state.changes.clone() {
            if let Some(namespace) = &change.namespace
                && *namespace != self.namespace
            {
                outcome.left.push(format!(
                    "{}: changed in another network namespace; run this there, or forget it by removing {}",
                    change.file.display(),
                    self.state.display()
                ));
                continue;
            }
            if self.restore_one(&change, &mut outcome) {
                state.forget(&change)?;
            }
        }
        Ok(outcome)
    }

    /// Whether nothing remains to be done about it.
    fn restore_one(&self, change: &Change, outcome: &mut Outcome) -> bool {
        let Change { file, former, .. } = change;
        match read(&self.root.join(file)) {
            // Killed before it was set.
            Some(found) if found == *former => {}
            Some(found) if found != change.set => {
                let line = told(file, &found, former);
                let why = format!("something else has set it since it was made {}", change.set);
                outcome.left.push(format!("{line}: {why}"));
            }
            Some(found) => {
                let line = told(file, &found, former);
                if let Err(error) = self.write(file, former) {
                    outcome.refused.push(format!("{line}: {error:#}"));
                    return false;
                }
                outcome.changed.push(line);
            }
            None => outcome.left.push(format!("{}: is gone", file.display())),
        }
        true
    }

    fn write(&self, file: &Path, value: &str) -> Result<()> {
        fs::write(self.root.join(file), value)
            .context("the kernel refuses; run this as root of the machine, outside of a container")
    }
}

fn told(file: &Path, found: &str, value: &str) -> String {
    format!("{}: {found} -> {value}", file.display())
}
