//! What came of a check, and when a refusal is a good one.

use serde::{Deserialize, Serialize};

/// What came of a check in a guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It served, and passed the conformance cases.
    Served {
        /// The driver, where it is worth a word.
        driver: String,
    },
    /// It stood a fault, and every request is accounted for.
    Stood {
        /// Requests sent.
        sent: u64,
        /// Requests answered.
        answered: u64,
        /// Requests refused aloud.
        refused: u64,
    },
    /// It did not serve, and said why as it must.
    Refused {
        /// The missing feature, or what forbids it.
        cause: String,
        /// The release that brought the feature; empty when that is not the reason.
        needs: String,
    },
    /// There is nothing to check on this kernel.
    Absent {
        /// Why not.
        why: String,
    },
    /// It did something else.
    Failed {
        /// What.
        message: String,
    },
}

impl Outcome {
    /// It served, by whatever driver.
    pub fn served() -> Self {
        Self::Served {
            driver: String::new(),
        }
    }

    /// A failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed {
            message: message.into(),
        }
    }
}

/// Judges a message of a server that did not start on a kernel: it must name a feature and the release
/// that brought it, later than this one, and this one by its name.
pub fn judge_refusal(message: &str, release: &str) -> Outcome {
    let failed = |why: &str| Outcome::failed(format!("{why}: {}", one_line(message)));
    // The last is the reason; those before it are told of what could be done without.
    let Some((before, after)) = message.rsplit_once(" needs Linux ") else {
        return failed("the message names no feature that the kernel lacks");
    };
    let feature = before.rsplit([':', '\n']).next().unwrap_or(before).trim();
    let needs = leading_number(after);
    if feature.is_empty() || needs.is_empty() {
        return failed("the message does not name the feature and its release");
    }
    if !after.contains(&format!("this is {release}")) {
        return failed("the message does not name this kernel");
    }
    match (version(needs), version(release)) {
        (Some(needed), Some(running)) if needed > running => Outcome::Refused {
            cause: feature.to_owned(),
            needs: needs.to_owned(),
        },
        _ => failed("the message names a release that is not later than this kernel's"),
    }
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn leading_number(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    text[..end.unwrap_or(text.len())].trim_end_matches('.')
}

/// The first two numbers of a release.
pub(crate) fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = leading_number(release).split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "5.10.0-32-cloud-amd64";

    fn message(release: &str) -> String {
        format!(
            "falling back to --balance hash: turns needs Linux 5.12; this is {release}\nkio-rs: the kernel refuses what was asked for: \
             SINGLE_ISSUER needs Linux 6.0; this is {release}. Run a newer kernel"
        )
    }

    #[test]
    fn a_good_refusal_names_the_feature_and_its_release() {
        let refused = Outcome::Refused {
            cause: "SINGLE_ISSUER".to_owned(),
            needs: "6.0".to_owned(),
        };
        assert_eq!(judge_refusal(&message(OLD), OLD), refused);
    }

    #[test]
    fn a_refusal_is_not_believed_when_the_kernel_is_new_enough_or_another() {
        let is_failure = |outcome| matches!(outcome, Outcome::Failed { .. });
        for release in ["6.0.1", "6.1.0-50-cloud-arm64", "6.12.117+deb13", "7.3-x"] {
            assert!(is_failure(judge_refusal(&message(release), release)));
        }
        assert!(is_failure(judge_refusal(&message("5.11.0"), OLD)));
        assert!(is_failure(judge_refusal("Invalid argument", OLD)));
        assert!(is_failure(judge_refusal(" needs Linux ", OLD)));
    }

    #[test]
    fn releases_are_compared_by_number() {
        assert!(version("5.10.0-32") > version("5.9"));
        assert_eq!(version("7.3-cloud-amd64"), Some((7, 3)));
        assert_eq!(version("7.3~rc7"), Some((7, 3)));
        assert_eq!(version("next"), None);
    }
}
