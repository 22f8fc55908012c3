//! Why the kernel refuses io_uring or a feature of it, as far as this process can find out.

use std::fs;
use std::io::{self, ErrorKind};

/// The running kernel's release.
pub fn kernel_release() -> String {
    read("/proc/sys/kernel/osrelease").unwrap_or_else(|| "an unknown kernel".to_owned())
}

/// The likely cause and the remedy when one of io_uring's system calls is refused to this thread,
/// whatever it asks for; nothing for errors that say something about the request.
pub fn io_uring_refusal(error: &io::Error) -> Option<String> {
    Surroundings::read().cause(error.kind())
}

/// What decides over io_uring besides the kernel's version.
#[derive(Clone, Debug, Default)]
struct Surroundings {
    /// `kernel.io_uring_disabled` (Linux 6.6).
    disabled: Option<String>,
    /// Whether a seccomp filter is in force on this thread.
    filtered: Option<bool>,
}

impl Surroundings {
    fn read() -> Self {
        let status = read("/proc/thread-self/status").unwrap_or_default();
        let mode = status
            .lines()
            .find_map(|line| line.strip_prefix("Seccomp:"));
        Self {
            disabled: read("/proc/sys/kernel/io_uring_disabled"),
            filtered: mode.map(|mode| mode.trim() == "2"),
        }
    }

    fn cause(&self, kind: ErrorKind) -> Option<String> {
        const OUTSIDE: &str = "as container runtimes do by default; run outside the container or \
                               with a profile that allows io_uring";
        let cause = match kind {
            ErrorKind::PermissionDenied => match (self.disabled.as_deref(), self.filtered) {
                (Some(level @ ("1" | "2")), filtered) => {
                    let whom = if level == "1" {
                        " (to all but CAP_SYS_ADMIN and the group kernel.io_uring_group)"
                    } else {
                        ""
                    };
                    let too = if filtered == Some(true) {
                        "; a seccomp filter is in force too, and may forbid it as well"
                    } else {
                        ""
                    };
                    format!(
                        "kernel.io_uring_disabled={level} forbids it{whom}; \
                         `sysctl kernel.io_uring_disabled=0` allows it{too}"
                    )
                }
                (_, Some(false)) => {
                    "a security module of the kernel forbids it (SELinux, AppArmor; \
                                     see the kernel's log); allow io_uring in its policy"
                        .to_owned()
                }
                _ => format!("a seccomp filter forbids it, {OUTSIDE}"),
            },
            ErrorKind::Unsupported => match (self.disabled.as_deref(), self.filtered) {
                // Where the setting is, io_uring is.
                (Some(_), _) => format!("a seccomp filter hides it, {OUTSIDE}"),
                (None, Some(false)) => {
                    "this kernel has none: Linux 5.1 brought it, and a kernel may be built without \
                     (CONFIG_IO_URING)"
                        .to_owned()
                }
                _ => format!(
                    "a seccomp filter hides it, {OUTSIDE}; or this kernel has none (Linux 5.1 \
                     brought it)"
                ),
            },
            ErrorKind::OutOfMemory => "the limit of locked memory is too low for a ring, which \
                                       counts before Linux 5.12; raise it (`ulimit -l`). Or memory \
                                       is short"
                .to_owned(),
            _ => return None,
        };
        Some(cause)
    }
}

fn read(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(kind: ErrorKind, disabled: Option<&str>, filtered: Option<bool>) -> String {
        let disabled = disabled.map(str::to_owned);
        let surroundings = Surroundings { disabled, filtered };
        surroundings.cause(kind).unwrap()
    }

    #[test]
    fn who_forbids_it_is_told_apart() {
        use ErrorKind::PermissionDenied as Denied;
        let cases = [
            (Some("1"), Some(false), "sysctl kernel.io_uring_disabled=0"),
            (Some("1"), Some(false), "kernel.io_uring_group"),
            (Some("2"), Some(false), "kernel.io_uring_disabled=2"),
            (Some("2"), Some(true), "a seccomp filter is in force too"),
            (Some("0"), Some(true), "a seccomp filter forbids it"),
            (None, Some(true), "a seccomp filter forbids it"),
            (None, None, "a seccomp filter forbids it"),
            (Some("0"), Some(false), "a security module"),
        ];
        for (disabled, filtered, part) in cases {
            let said = cause(Denied, disabled, filtered);
            assert!(said.contains(part), "{disabled:?} {filtered:?}: {said}");
        }
    }

    #[test]
    fn a_filter_that_hides_it_is_told_from_a_kernel_without_it() {
        let said = |disabled, filtered| cause(ErrorKind::Unsupported, disabled, filtered);
        assert!(said(Some("0"), Some(true)).starts_with("a seccomp filter hides it"));
        assert!(!said(Some("0"), Some(true)).contains("5.1"));
        assert!(said(None, Some(true)).contains("Linux 5.1 brought it"));
        assert!(said(None, Some(false)).starts_with("this kernel has none"));
    }

    #[test]
    fn a_low_limit_is_named_and_other_errors_are_left_alone() {
        let locked = cause(ErrorKind::OutOfMemory, None, Some(false));
        assert!(locked.contains("ulimit -l"), "{locked}");
        let surroundings = Surroundings::default();
        assert_eq!(surroundings.cause(ErrorKind::InvalidInput), None);
    }

    #[test]
    fn this_kernel_has_a_release() {
        let release = kernel_release();
        assert!(
            release.starts_with(|c: char| c.is_ascii_digit()),
            "{release}"
        );
    }
}
