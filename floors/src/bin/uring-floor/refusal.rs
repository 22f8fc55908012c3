//! What the kernel refuses, with the likely cause and the remedy.

use std::{fs, io};

use anyhow::{Error, anyhow};
use nix::sys::utsname::uname;

/// The kernel is too old for a feature; `without` says how to do without it.
pub(crate) fn unsupported(feature: &str, needs: &str, without: &str) -> Error {
    let kernel = uname().map_or_else(
        |_| "an unknown kernel".to_owned(),
        |name| name.release().to_string_lossy().into_owned(),
    );
    anyhow!("{feature} needs Linux {needs}; this is {kernel}. Run a newer kernel, or {without}")
}

/// `io_uring_setup` is refused, for any flags.
pub(crate) fn refused(source: io::Error) -> Error {
    let cause = match source.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => match disabled_setting().as_deref() {
            Some("0") | None => {
                "a seccomp filter forbids it, as container runtimes do by default; run outside the \
                 container or with a profile that allows io_uring"
                    .to_owned()
            }
            Some(level) => format!(
                "kernel.io_uring_disabled={level}; `sysctl kernel.io_uring_disabled=0` allows it"
            ),
        },
        Some(libc::ENOSYS) => {
            "this kernel has no io_uring (Linux 5.1 brought it), or a seccomp filter hides it, as \
             container runtimes do by default"
                .to_owned()
        }
        Some(libc::ENOMEM) => {
            "the limit of locked memory is too low for a ring; raise it (`ulimit -l`)".to_owned()
        }
        Some(libc::EMFILE | libc::ENFILE) => {
            "too many files are open; raise the limit (`ulimit -n`)".to_owned()
        }
        _ => "the kernel gives no such error by its documentation".to_owned(),
    };
    Error::new(source).context(format!("io_uring is refused: {cause}"))
}

fn disabled_setting() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/io_uring_disabled").ok()?;
    Some(text.trim().to_owned())
}
