//! Which results folders are meant.

use std::fs;
use std::path::{Path, PathBuf};

/// Where runs are kept, seen from the repository's root.
const RESULTS: &str = "results";
/// The card's figures, which are no run.
const PUBLISHED: &str = "published";

/// Why no folder could be chosen.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is no run.
    #[error(
        "{}: holds no run. Measure one with `bench run`, or give the path of a results folder",
        root.display()
    )]
    NoRun {
        /// Where runs were looked for.
        root: PathBuf,
    },
    /// A profile alone.
    #[error(
        "only profiles are given. Give the results folder of a run too, whose report they stand in"
    )]
    OnlyProfiles,
    /// Two folders of the same name.
    #[error("the run {name:?} is given twice. Give each results folder once")]
    Twice {
        /// The folder's name.
        name: String,
    },
}

/// The given folders, or the newest run under `results/` where none is given.
///
/// Folders are named by date, so the newest is the last by name.
pub fn chosen(given: Vec<PathBuf>) -> Result<Vec<PathBuf>, FolderError> {
    if given.is_empty() {
        return newest(Path::new(RESULTS)).map(|folder| vec![folder]);
    }
    let mut names: Vec<_> = given.iter().filter_map(|path| path.file_name()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(FolderError::Twice {
            name: pair[0].to_string_lossy().into_owned(),
        }),
        None => Ok(given),
    }
}

/// Whether a folder holds a profile, which is no run.
pub fn is_profile(folder: &Path) -> bool {
    folder.join(records::PROFILE_FILE).is_file()
}

fn newest(root: &Path) -> Result<PathBuf, FolderError> {
    let runs = fs::read_dir(root).ok().into_iter().flatten().flatten();
    runs.map(|entry| entry.path())
        .filter(|path| path.join(records::EXPERIMENT_FILE).is_file() && !is_profile(path))
        .filter(|path| path.file_name().is_some_and(|name| name != PUBLISHED))
        .max()
        .ok_or_else(|| FolderError::NoRun {
            root: root.to_path_buf(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_run_is_the_last_by_name() {
        let root = tempfile::tempdir().unwrap();
        for name in [
            "2026-01-02-x-quick",
            "2026-01-10-x-quick",
            "published",
            "zz-no-run",
        ] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        for name in ["2026-01-02-x-quick", "2026-01-10-x-quick"] {
            fs::write(root.path().join(name).join(records::EXPERIMENT_FILE), "").unwrap();
        }
        let profile = root.path().join("2026-01-11-x-profile");
        fs::create_dir(&profile).unwrap();
        for name in [records::EXPERIMENT_FILE, records::PROFILE_FILE] {
            fs::write(profile.join(name), "").unwrap();
        }
        let found = newest(root.path()).unwrap();
        assert!(found.ends_with("2026-01-10-x-quick"));
    }

    #[test]
    fn without_a_run_the_error_says_what_to_do() {
        let root = tempfile::tempdir().unwrap();
        let error = newest(root.path()).unwrap_err().to_string();
        assert!(error.contains("bench run"), "{error}");
    }

    #[test]
    fn a_folder_given_twice_is_refused() {
        let twice = vec![PathBuf::from("a/run"), PathBuf::from("b/run")];
        assert!(chosen(twice).is_err());
    }
}
