//! What a process may not do, for those that a test starts: system calls that a seccomp filter
//! refuses, as container runtimes have them.

use std::env::consts::ARCH;
use std::thread;

use anyhow::{Context, Result, anyhow};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

/// Acts on a thread to which the kernel refuses `calls` with the error number `error`. The processes
/// that it starts have the same filter; this process's other threads do not.
///
/// # Errors
/// When the filter cannot be made or is not allowed, or `act` panics.
pub fn without_calls<T: Send>(
    calls: &[i64],
    error: u32,
    act: impl FnOnce() -> T + Send,
) -> Result<T> {
    let filter = SeccompFilter::new(
        calls.iter().map(|&call| (call, Vec::new())).collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(error),
        ARCH.try_into()?,
    )?;
    let program = BpfProgram::try_from(filter)?;
    thread::scope(|scope| {
        let confined = scope.spawn(move || {
            apply_filter(&program).context("the kernel refuses a seccomp filter")?;
            Ok(act())
        });
        confined
            .join()
            .map_err(|_| anyhow!("what was tried under a seccomp filter panicked"))?
    })
}
