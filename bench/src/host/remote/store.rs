//! Binaries that came from elsewhere, each under its SHA-256.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, DirBuilder, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use nix::unistd::Uid;
use tempfile::NamedTempFile;

use crate::subjects::Binary;

/// The folder below the user's cache; `install` has the same for `bench` itself.
pub const FOLDER: &str = "kio-bench";

/// A folder of binaries that nobody else can write to.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    checked: BTreeMap<String, Binary>,
    incoming: Option<NamedTempFile>,
}

impl Store {
    /// The one in the user's cache.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn of_the_user() -> Result<Self> {
        let cache = env::var_os("XDG_CACHE_HOME")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
            .or_else(|| env::home_dir().map(|home| home.join(".cache")));
        let cache = cache.context("there is no home directory; set XDG_CACHE_HOME")?;
        Self::at(cache.join(FOLDER))
    }

    fn at(folder: PathBuf) -> Result<Self> {
        let place = || {
            format!(
                "cannot keep binaries in {}; set XDG_CACHE_HOME for this user to a folder that can be written to",
                folder.display()
            )
        };
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&folder).with_context(place)?;
        let data = fs::metadata(&folder).with_context(place)?;
        let private = data.uid() == Uid::effective().as_raw() && data.mode() & 0o022 == 0;
        ensure!(
            private,
            "{} can be written to by others, and binaries in it are executed: `chmod 700` it, or remove it",
            folder.display()
        );
        Ok(Self {
            folder,
            checked: BTreeMap::new(),
            incoming: None,
        })
    }

    /// Where a binary is, whose hash has been checked; nothing when there is none such.
    ///
    /// # Errors
    /// When `sha256` is no hash.
    pub fn find(&mut self, sha256: &str) -> Result<Option<&Path>> {
        let digits = sha256.chars().all(|c| c.is_ascii_hexdigit());
        ensure!(digits && sha256.len() == 64, "`{sha256}` is no SHA-256");
        let known = self.checked.get(sha256);
        if !known.is_some_and(Binary::is_unchanged) {
            self.checked.remove(sha256);
            let path = self.folder.join(sha256);
            let read = Binary::read(sha256, path, None);
            if let Ok(binary) = read.as_ref()
                && binary.file.sha256 == sha256
            {
                self.checked.insert(sha256.to_owned(), binary.clone());
            }
        }
        Ok(self.checked.get(sha256).map(|binary| binary.path.as_path()))
    }

    /// Takes a part of a binary, in order; with the last one it is there, if it is what it should be.
    ///
    /// # Errors
    /// When it cannot be written, or is another.
    pub fn receive(&mut self, sha256: &str, part: &[u8], last: bool) -> Result<()> {
        let place = format!("cannot write to {}", self.folder.display());
        let mut file = match self.incoming.take() {
            Some(file) => file,
            None => NamedTempFile::new_in(&self.folder).with_context(|| place.clone())?,
        };
        file.write_all(part).with_context(|| place.clone())?;
        if !last {
            self.incoming = Some(file);
            return Ok(());
        }
        let executable = Permissions::from_mode(0o700);
        fs::set_permissions(file.path(), executable).with_context(|| place.clone())?;
        let path = file.into_temp_path();
        let arrived = Binary::read(sha256, path.to_path_buf(), None)?;
        ensure!(
            arrived.file.sha256 == sha256,
            "a binary of SHA-256 {sha256} was sent, and one of {} arrived",
            arrived.file.sha256
        );
        path.persist(self.folder.join(sha256)).context(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `abc`.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn store() -> (tempfile::TempDir, Store) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::at(directory.path().join("a/b")).unwrap();
        (directory, store)
    }

    #[test]
    fn a_binary_comes_in_parts_and_is_executable() {
        let (_directory, mut store) = store();
        assert_eq!(store.find(ABC).unwrap(), None);
        store.receive(ABC, b"ab", false).unwrap();
        store.receive(ABC, b"c", true).unwrap();
        let path = store.find(ABC).unwrap().unwrap();
        assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn another_binary_is_refused_and_leaves_nothing() {
        let (_directory, mut store) = store();
        let error = store.receive(ABC, b"abd", true).unwrap_err();
        assert!(error.to_string().contains(ABC), "{error:#}");
        assert_eq!(store.find(ABC).unwrap(), None);
        assert_eq!(fs::read_dir(&store.folder).unwrap().count(), 0);
        assert!(store.find("../../bin/sh").is_err());
    }

    #[test]
    fn a_copy_that_was_changed_is_not_found_any_more() {
        let (_directory, mut store) = store();
        store.receive(ABC, b"abc", true).unwrap();
        let path = store.find(ABC).unwrap().unwrap().to_owned();
        fs::write(path, "longer").unwrap();
        assert_eq!(store.find(ABC).unwrap(), None);
    }

    #[test]
    fn a_folder_that_others_write_to_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
        let error = Store::at(directory.path().to_owned()).unwrap_err();
        assert!(error.to_string().contains("chmod 700"), "{error:#}");
    }
}
