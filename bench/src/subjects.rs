//! The subjects' binaries: where they are, and their hashes.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use records::SubjectFile;
use sha2::{Digest, Sha256};

use crate::arms::Arm;

/// Where the subjects of the study are looked up.
#[derive(Clone, Debug)]
pub struct Directories(Vec<PathBuf>);

impl Directories {
    /// Only `chosen` when it is given; else `server` beside this executable's directory, where cargo
    /// puts the profile of that name, then that directory itself. In this order, so that what is
    /// measured is not what was built for debugging.
    ///
    /// # Errors
    /// When this executable cannot be found.
    pub fn new(chosen: Option<&Path>) -> Result<Self> {
        if let Some(chosen) = chosen {
            return Ok(Self(vec![chosen.to_owned()]));
        }
        let executable = env::current_exe().context("cannot find this executable")?;
        let own = executable.parent().unwrap_or(Path::new("/"));
        Ok(Self(vec![own.with_file_name("server"), own.to_owned()]))
    }

    /// The binary of an arm.
    ///
    /// # Errors
    /// When there is none; the message says where it was looked for and how to build it.
    pub fn find(&self, arm: &Arm) -> Result<PathBuf> {
        match &arm.command {
            Some(command) => find_command(command).with_context(|| {
                format!(
                    "arm `{}`: there is no executable `{}`; give its path",
                    arm.entry.name,
                    command.display()
                )
            }),
            None => self.find_subject(&arm.entry.subject),
        }
    }

    fn find_subject(&self, subject: &str) -> Result<PathBuf> {
        let mut candidates = self.0.iter().map(|directory| directory.join(subject));
        let found = candidates.find(|path| is_executable(path));
        found.with_context(|| {
            let places: Vec<String> = self.0.iter().map(|d| d.display().to_string()).collect();
            format!(
                "subject `{subject}` is not in {}; build the servers with `cargo build --profile server -p kio-rs \
                 -p tokio-baseline`, or name their directory with --subjects or KIO_SUBJECTS",
                places.join(" or ")
            )
        })
    }
}

/// A path is taken as it is, a bare name is looked up in `PATH`.
pub fn find_command(command: &Path) -> Option<PathBuf> {
    if command.components().count() > 1 {
        let path = fs::canonicalize(command).ok()?;
        return is_executable(&path).then_some(path);
    }
    let path = env::var_os("PATH")?;
    let found = env::split_paths(&path)
        .map(|directory| directory.join(command))
        .find(|path| is_executable(path))?;
    std::path::absolute(found).ok()
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// A subject's binary on this machine.
#[derive(Clone, Debug)]
pub struct Binary {
    /// Where it is.
    pub path: PathBuf,
    /// What the results record of it.
    pub file: SubjectFile,
}

/// The binaries of all arms, by the subject's name.
///
/// # Errors
/// When one is missing or cannot be read.
pub fn resolve<'a>(
    arms: impl IntoIterator<Item = &'a Arm>,
    directories: &Directories,
) -> Result<BTreeMap<String, Binary>> {
    let mut binaries = BTreeMap::new();
    for arm in arms {
        let subject = &arm.entry.subject;
        if !binaries.contains_key(subject) {
            let path = directories.find(arm)?;
            let file = hash(&path).with_context(|| format!("cannot read {}", path.display()))?;
            binaries.insert(subject.clone(), Binary { path, file });
        }
    }
    Ok(binaries)
}

fn hash(path: &Path) -> io::Result<SubjectFile> {
    let mut hasher = Sha256::new();
    let bytes = io::copy(&mut File::open(path)?, &mut hasher)?;
    let digest = hasher.finalize();
    let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(SubjectFile { sha256, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arms::Arms;

    #[test]
    fn a_missing_subject_says_how_to_build_it() {
        let directory = tempfile::tempdir().unwrap();
        let directories = Directories::new(Some(directory.path())).unwrap();
        let arms = Arms::load(None, &[]).unwrap();
        let message = format!("{:#}", resolve(arms.all(), &directories).unwrap_err());
        assert!(
            message.contains("cargo build --profile server"),
            "{message}"
        );
    }

    #[test]
    fn a_binary_is_found_and_hashed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kio-rs");
        fs::write(&path, "abc").unwrap();
        let directories = Directories::new(Some(directory.path())).unwrap();
        let arms = Arms::load(None, &[]).unwrap();
        let arm = arms.get("kio-uring").unwrap();
        assert!(directories.find(arm).is_err(), "not executable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let file = &resolve([arm], &directories).unwrap()["kio-rs"].file;
        assert_eq!(file.bytes, 3);
        assert!(file.sha256.starts_with("ba7816bf8f01cfea"));
    }

    #[test]
    fn a_command_is_a_path_or_a_name() {
        assert!(find_command(Path::new("sh")).is_some());
        assert!(find_command(Path::new("/bin/sh")).is_some());
        assert!(find_command(Path::new("./sh")).is_none());
        assert!(find_command(Path::new("no-such-command-anywhere")).is_none());
    }
}
