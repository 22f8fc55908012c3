//! What a program may do with `io_uring` here: asked of the kernel by making rings.

use std::io;

use io_uring::{Builder, IoUring as Ring};
use records::IoUring;

use super::read_trimmed;

/// Entries of the rings that are made to ask.
const ENTRIES: u32 = 8;

/// A set-up flag by name, and a ring's builder that asks for it.
type SetupFlag = (&'static str, fn(&mut Builder) -> &mut Builder);

/// The set-up flags that the study's servers use, each with what it needs beside it.
const SETUP_FLAGS: [SetupFlag; 6] = [
    ("COOP_TASKRUN", |ring| ring.setup_coop_taskrun()),
    ("SINGLE_ISSUER", |ring| ring.setup_single_issuer()),
    ("DEFER_TASKRUN", |ring| {
        ring.setup_single_issuer().setup_defer_taskrun()
    }),
    ("SQPOLL", |ring| ring.setup_sqpoll(1)),
    ("SUBMIT_ALL", |ring| ring.setup_submit_all()),
    ("NO_SQARRAY", |ring| ring.setup_no_sqarray()),
];

/// Asks the kernel.
pub(super) fn io_uring() -> IoUring {
    let (refused_because, features) = match Ring::new(ENTRIES) {
        Ok(ring) => (String::new(), features(&ring)),
        Err(error) => (refusal(&error), Vec::new()),
    };
    let accepted = SETUP_FLAGS.iter().filter(|(_, with)| {
        let mut builder = Ring::builder();
        with(&mut builder);
        builder.build(ENTRIES).is_ok()
    });
    IoUring {
        refused_because,
        features,
        setup_flags: accepted.map(|(name, _)| (*name).to_owned()).collect(),
        seccomp: seccomp(),
    }
}

/// The kernel's word, without the number that another language's library would not give.
fn refusal(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::Unsupported => "not in this kernel".to_owned(),
        io::ErrorKind::OutOfMemory => "not enough locked memory".to_owned(),
        _ => error.to_string(),
    }
}

fn features(ring: &Ring) -> Vec<String> {
    let has = ring.params();
    let all = [
        ("SINGLE_MMAP", has.is_feature_single_mmap()),
        ("NODROP", has.is_feature_nodrop()),
        ("SUBMIT_STABLE", has.is_feature_submit_stable()),
        ("RW_CUR_POS", has.is_feature_rw_cur_pos()),
        ("CUR_PERSONALITY", has.is_feature_cur_personality()),
        ("FAST_POLL", has.is_feature_fast_poll()),
        ("POLL_32BITS", has.is_feature_poll_32bits()),
        ("SQPOLL_NONFIXED", has.is_feature_sqpoll_nonfixed()),
        ("EXT_ARG", has.is_feature_ext_arg()),
        ("NATIVE_WORKERS", has.is_feature_native_workers()),
        ("RSRC_TAGS", has.is_feature_resource_tagging()),
        ("CQE_SKIP", has.is_feature_skip_cqe_on_success()),
        ("LINKED_FILE", has.is_feature_linked_file()),
        ("RECVSEND_BUNDLE", has.is_feature_recvsend_bundle()),
        ("MIN_TIMEOUT", has.is_feature_min_timeout()),
    ];
    let present = all.iter().filter(|(_, has)| *has);
    present.map(|(name, _)| (*name).to_owned()).collect()
}

/// How this process's system calls are restricted.
fn seccomp() -> String {
    let status = read_trimmed("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    let mode = lines.find(|(name, _)| *name == "Seccomp");
    match mode.map_or("", |(_, mode)| mode.trim()) {
        "0" => "disabled",
        "1" => "strict",
        "2" => "filter",
        _ => "",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_words() {
        assert_eq!(
            refusal(&io::Error::from_raw_os_error(1)),
            "permission denied"
        );
        assert_eq!(
            refusal(&io::Error::from_raw_os_error(12)),
            "not enough locked memory"
        );
        assert_eq!(
            refusal(&io::Error::from_raw_os_error(38)),
            "not in this kernel"
        );
    }

    #[test]
    fn what_the_kernel_gives_is_consistent() {
        let found = io_uring();
        // A kernel that makes no plain ring makes none with a flag either.
        assert!(
            found.refused_because.is_empty() || found.setup_flags.is_empty(),
            "{found:?}"
        );
        assert_eq!(
            found.refused_because.is_empty(),
            !found.features.is_empty(),
            "{found:?}"
        );
        let has = |flag: &str| found.setup_flags.iter().any(|name| name == flag);
        assert!(!has("DEFER_TASKRUN") || has("SINGLE_ISSUER"), "{found:?}");
        assert!(!found.seccomp.is_empty());
    }
}
