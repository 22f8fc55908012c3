//! Why a runtime cannot start, with the likely cause and the remedy.

use std::io;

use server_kit::{io_uring_refusal, kernel_release};

/// A runtime could not start or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// io_uring is not allowed, or not there at all.
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
    /// The kernel was built without a feature that was asked for.
    #[error(
        "{feature} needs a kernel built with {option}; this is {kernel}. Run one that is, or turn the \
         feature off"
    )]
    LeftOut {
        /// The feature.
        feature: &'static str,
        /// The option of the kernel's build that brings it.
        option: &'static str,
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
        matches!(
            self,
            Self::Refused { .. } | Self::Unsupported { .. } | Self::LeftOut { .. }
        )
    }

    pub(crate) fn io(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, source }
    }

    /// One of io_uring's own system calls failed, and not for want of a feature.
    pub(crate) fn ring(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| match io_uring_refusal(&source) {
            Some(cause) => Self::Refused { cause, source },
            None => Self::Io { what, source },
        }
    }

    pub(crate) fn unsupported(feature: &'static str, needs: &'static str) -> Self {
        Self::Unsupported {
            feature,
            needs,
            kernel: kernel_release(),
        }
    }

    pub(crate) fn left_out(feature: &'static str, option: &'static str) -> Self {
        Self::LeftOut {
            feature,
            option,
            kernel: kernel_release(),
        }
    }
}
