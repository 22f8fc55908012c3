//! Why a runtime cannot start, with the likely cause and the remedy.

use std::{fs, io};

/// A runtime could not start or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `io_uring_setup` is not allowed.
    #[error("io_uring is refused: {cause}")]
    Refused {
        /// The likely cause and the remedy.
        cause: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// The kernel is too old for a feature that was asked for.
    #[error(
        "{feature} needs Linux {needs}; this is {kernel}. Run a newer kernel, or turn the feature off"
    )]
    Unsupported {
        /// The feature, by the kernel's name.
        feature: &'static str,
        /// The first release that has it.
        needs: &'static str,
        /// The running kernel's release.
        kernel: String,
    },
    /// The configuration contradicts itself or a limit of the kernel.
    #[error("{0}")]
    Config(String),
    /// There is no such processor, or this process may not use it.
    #[error("cannot pin a worker to processor {cpu}: this process may use {available}")]
    NoSuchCpu {
        /// The processor that was asked for.
        cpu: usize,
        /// The processors this process may use.
        available: String,
    },
    /// Another call to the kernel failed.
    #[error("{what} failed")]
    Io {
        /// The call.
        what: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// A worker ended by a panic, which the panic hook has printed.
    #[error("worker {worker} panicked")]
    Panicked {
        /// The worker, from 0.
        worker: usize,
    },
}

impl Error {
    /// Whether the kernel, or whoever configured it, refuses io_uring or a feature of it: the epoll
    /// driver would do.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Unsupported { .. })
    }

    pub(crate) fn io(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, source }
    }

    /// `io_uring_setup` refused outright, for any flags.
    pub(crate) fn refused(source: io::Error) -> Self {
        if matches!(source.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) {
            return Self::Io {
                what: "making a ring (raise the limit of open files: `ulimit -n`)",
                source,
            };
        }
        let cause = match source.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => match disabled_setting().as_deref() {
                Some("0") | None => {
                    "a seccomp filter forbids it, as container runtimes do by default; \
                     run outside the container or with a profile that allows io_uring"
                        .to_owned()
                }
                Some(level) => format!(
                    "kernel.io_uring_disabled={level}; `sysctl kernel.io_uring_disabled=0` allows it"
                ),
            },
            Some(libc::ENOSYS) => {
                "this kernel has no io_uring (Linux 5.1 brought it), or a seccomp filter \
                 hides it, as container runtimes do by default"
                    .to_owned()
            }
            Some(libc::ENOMEM) => {
                "the limit of locked memory is too low for a ring; raise it (`ulimit -l`)"
                    .to_owned()
            }
            _ => "the kernel gives no such error by its documentation".to_owned(),
        };
        Self::Refused { cause, source }
    }

    pub(crate) fn unsupported(feature: &'static str, needs: &'static str) -> Self {
        Self::Unsupported {
            feature,
            needs,
            kernel: kernel_release(),
        }
    }
}

fn disabled_setting() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/io_uring_disabled").ok()?;
    Some(text.trim().to_owned())
}

fn kernel_release() -> String {
    nix::sys::utsname::uname().map_or_else(
        |_| "an unknown kernel".to_owned(),
        |name| name.release().to_string_lossy().into_owned(),
    )
}
