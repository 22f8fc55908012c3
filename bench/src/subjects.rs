//! The subjects' binaries: where they are, and their hashes.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use nix::sys::statvfs::{FsFlags, statvfs};
use records::SubjectFile;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::arms::Arm;
use crate::machine::compilers;

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
            None => self.find_binary(&arm.entry.subject),
        }
    }

    /// The binary of that name.
    ///
    /// # Errors
    /// When there is none; the message says where it was looked for and how to build it.
    pub fn find_binary(&self, name: &str) -> Result<PathBuf> {
        let mut candidates = self.0.iter().map(|directory| directory.join(name));
        let found = candidates.find(|path| is_executable(path));
        found.with_context(|| {
            let places: Vec<String> = self.0.iter().map(|d| d.display().to_string()).collect();
            format!(
                "`{name}` is not in {}; build what is measured with `cargo build --profile server -p kio-rs \
                 -p tokio-baseline -p flood` (other runtimes as bench/peers/arms.toml says), or name the directory \
                 with --subjects or KIO_SUBJECTS",
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
    /// Where it was found.
    pub source: PathBuf,
    /// What is executed: the source, or a copy of it.
    pub path: PathBuf,
    /// What the results record of it.
    pub file: SubjectFile,
    /// The state of the file at `path` when it was hashed.
    pub stamp: Stamp,
}

impl Binary {
    /// The file at `source`, executed in its place, or as a copy in the directory `copies`.
    ///
    /// # Errors
    /// When it cannot be read or copied.
    pub fn read(name: &str, source: PathBuf, copies: Option<&Path>) -> Result<Self> {
        let path = match copies {
            Some(directory) => copy(&source, &directory.join(name))
                .with_context(|| format!("cannot copy {}", source.display()))?,
            None => source.clone(),
        };
        let place = || format!("cannot read {}", path.display());
        // Before the hash, so that a change while it is taken is noticed too.
        let stamp = Stamp::of(&path).with_context(place)?;
        let file = hash(&path).with_context(place)?;
        Ok(Self {
            source,
            path,
            file,
            stamp,
        })
    }

    /// Whether it still is the file that was hashed, as far as its state tells: another hash before
    /// every cell would take too long.
    pub fn is_unchanged(&self) -> bool {
        Stamp::of(&self.path).is_ok_and(|now| now == self.stamp)
    }
}

/// What changes of a file when it is replaced or written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified_s: i64,
    modified_ns: i64,
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let data = fs::metadata(path)?;
        Ok(Self {
            device: data.dev(),
            inode: data.ino(),
            bytes: data.len(),
            modified_s: data.mtime(),
            modified_ns: data.mtime_nsec(),
        })
    }
}

/// A directory for the copies that a run executes.
///
/// # Errors
/// When it cannot be made, or nothing can be executed in it.
pub fn directory_for_copies() -> Result<TempDir> {
    let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
    let flags = statvfs(directory.path())
        .context("cannot examine the temporary directory")?
        .flags();
    ensure!(
        !flags.contains(FsFlags::ST_NOEXEC),
        "{} is mounted noexec, and the servers are executed from copies there; name another temporary directory in \
         TMPDIR",
        env::temp_dir().display()
    );
    Ok(directory)
}

/// The binaries of all arms, by the subject's name. With a directory for `copies`, those of the
/// study's subjects are copied there and the copies are what is hashed and executed, so that a build
/// during the run does not change what is measured. An arm's own `command` is executed in its place,
/// which it may need.
///
/// # Errors
/// When one is missing, or cannot be read or copied.
pub fn resolve<'a>(
    arms: impl IntoIterator<Item = &'a Arm>,
    directories: &Directories,
    copies: Option<&Path>,
) -> Result<BTreeMap<String, Binary>> {
    let mut binaries = BTreeMap::new();
    for arm in arms {
        let subject = &arm.entry.subject;
        if !binaries.contains_key(subject) {
            let copies = copies.filter(|_| arm.command.is_none());
            let binary = Binary::read(subject, directories.find(arm)?, copies)?;
            binaries.insert(subject.clone(), binary);
        }
    }
    Ok(binaries)
}

/// A copy and no link, since the source may be written to in place.
fn copy(source: &Path, target: &Path) -> io::Result<PathBuf> {
    fs::copy(source, target)?;
    fs::set_permissions(target, fs::Permissions::from_mode(0o755))?;
    Ok(target.to_owned())
}

fn hash(path: &Path) -> io::Result<SubjectFile> {
    let file = fs::read(path)?;
    let digest = Sha256::digest(&file);
    Ok(SubjectFile {
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        bytes: file.len() as u64,
        compilers: compilers(&file),
    })
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
        let message = format!("{:#}", resolve(arms.all(), &directories, None).unwrap_err());
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
        let file = &resolve([arm], &directories, None).unwrap()["kio-rs"].file;
        assert_eq!(file.bytes, 3);
        assert!(file.sha256.starts_with("ba7816bf8f01cfea"));
    }

    fn write_executable(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn a_subject_is_executed_from_a_copy_that_a_build_does_not_change() {
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("kio-rs");
        write_executable(&source, "abc");
        let directories = Directories::new(Some(directory.path())).unwrap();
        let arms = Arms::load(None, &[]).unwrap();
        let copies = directory_for_copies().unwrap();
        let arm = arms.get("kio-uring").unwrap();
        let binary = &resolve([arm], &directories, Some(copies.path())).unwrap()["kio-rs"];
        assert_eq!(binary.source, source);
        assert_eq!(binary.path, copies.path().join("kio-rs"));
        fs::write(&source, "built again").unwrap();
        assert_eq!(fs::read(&binary.path).unwrap(), b"abc");
        assert_eq!(hash(&binary.path).unwrap(), binary.file);
        let mode = fs::metadata(&binary.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        assert!(binary.is_unchanged());
    }

    #[test]
    fn a_command_is_executed_in_its_place_and_a_change_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mine");
        write_executable(&path, "abc");
        let option = format!("mine={}", path.display()).parse().unwrap();
        let arms = Arms::load(None, &[option]).unwrap();
        let directories = Directories::new(None).unwrap();
        let copies = directory_for_copies().unwrap();
        let resolved = || {
            let arm = arms.get("mine").unwrap();
            resolve([arm], &directories, Some(copies.path())).unwrap()["mine"].clone()
        };
        let binary = resolved();
        assert_eq!(binary.path, path);
        assert!(binary.is_unchanged());
        // Of the same size and time, so that only the file is another.
        let other = directory.path().join("other");
        write_executable(&other, "xyz");
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        let file = fs::File::options().write(true).open(&other).unwrap();
        file.set_modified(modified).unwrap();
        fs::rename(&other, &path).unwrap();
        assert!(!binary.is_unchanged(), "replaced");

        let binary = resolved();
        write_executable(&path, "longer");
        assert!(!binary.is_unchanged(), "written to");
        let binary = resolved();
        fs::remove_file(&path).unwrap();
        assert!(!binary.is_unchanged(), "removed");
    }

    #[test]
    fn a_command_is_a_path_or_a_name() {
        assert!(find_command(Path::new("sh")).is_some());
        assert!(find_command(Path::new("/bin/sh")).is_some());
        assert!(find_command(Path::new("./sh")).is_none());
        assert!(find_command(Path::new("no-such-command-anywhere")).is_none());
    }
}
