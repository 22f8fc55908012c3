//! What the kernel refuses, with the likely cause and the remedy.

use std::io;

use anyhow::{Error, anyhow};
use server_kit::{io_uring_refusal, kernel_release};

/// The kernel is too old for a feature; `without` says how to do without it.
pub(crate) fn unsupported(feature: &str, needs: &str, without: &str) -> Error {
    let kernel = kernel_release();
    anyhow!("{feature} needs Linux {needs}; this is {kernel}. Run a newer kernel, or {without}")
}

/// One of io_uring's own system calls failed, and not for want of a feature.
pub(crate) fn refused(what: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| {
        let cause = io_uring_refusal(&source);
        let context = cause.map_or_else(
            || format!("{what} failed"),
            |cause| format!("io_uring is refused: {cause}"),
        );
        Error::new(source).context(context)
    }
}
