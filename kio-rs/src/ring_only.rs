//! Flags that only a ring has. Without a ring they would have no effect, and who reads the numbers of such
//! a server would take it for another: so whoever gives one gets a ring or an error.

use anyhow::{Result, anyhow, ensure};
use clap::ArgMatches;
use clap::parser::ValueSource;
use kio_rs::Descriptors;

use crate::args::DriverArg;

/// By clap's names. `--wait-for` goes with `--min-wait-us`.
const FLAGS: [&str; 8] = [
    "task_run",
    "ring_fd",
    "issuer",
    "no_sqarray",
    "sqpoll_idle_ms",
    "min_wait_us",
    "napi_busy_poll_us",
    "queue_depth",
];

/// Those on the command line.
#[derive(Debug)]
pub struct RingOnly(Vec<String>);

impl RingOnly {
    pub fn of(matches: &ArgMatches) -> Self {
        let is_given = |id: &&str| matches.value_source(id) == Some(ValueSource::CommandLine);
        let given = FLAGS.into_iter().filter(is_given);
        let given = given.map(|id| format!("--{}", id.replace('_', "-")));
        // Without a ring sockets are the process's: only this value is not met.
        let direct = matches.get_one("descriptors") == Some(&Descriptors::Direct);
        let direct = direct.then(|| "--descriptors direct".to_owned());
        Self(given.chain(direct).collect())
    }

    /// Refuses what contradicts itself.
    pub fn check(&self, driver: DriverArg) -> Result<()> {
        ensure!(
            driver != DriverArg::Epoll || self.0.is_empty(),
            "--driver epoll has no ring, so that {} would do nothing; leave it out, or give --driver uring",
            self.list()
        );
        Ok(())
    }

    /// Whether a server without a ring is what was asked for where the kernel refuses a ring.
    pub fn allow_epoll(&self, driver: DriverArg) -> bool {
        driver == DriverArg::Auto && self.0.is_empty()
    }

    /// Adds the remedy to the kernel's refusal.
    pub fn explain(&self, refusal: kio_rs::Error) -> anyhow::Error {
        let remedy = if self.0.is_empty() {
            "--driver epoll or auto does without".to_owned()
        } else {
            format!(
                "leave {} out, and --driver epoll or auto does without",
                self.list()
            )
        };
        anyhow!(refusal).context(format!("the kernel refuses what was asked for; {remedy}"))
    }

    fn list(&self) -> String {
        self.0.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Args;

    fn given(words: &str) -> RingOnly {
        let words = ["kio-rs"].into_iter().chain(words.split_whitespace());
        RingOnly::of(&Args::command().try_get_matches_from(words).unwrap())
    }

    #[test]
    fn what_only_a_ring_has_is_named_when_it_was_given() {
        for (words, named) in [
            ("", ""),
            ("--spin-us 9 --buffers 8 --op-slots 9 --ops one-shot", ""),
            ("--descriptors process", ""),
            ("--descriptors auto", ""),
            ("--descriptors direct", "--descriptors direct"),
            ("--no-sqarray", "--no-sqarray"),
            ("--min-wait-us 9 --wait-for 2", "--min-wait-us"),
            ("--napi-busy-poll-us 9", "--napi-busy-poll-us"),
            ("--queue-depth 9", "--queue-depth"),
            (
                "--sqpoll-idle-ms 9 --task-run interrupt",
                "--task-run, --sqpoll-idle-ms",
            ),
            // The default values too: whoever gives one wants it.
            ("--task-run deferred", "--task-run"),
            ("--ring-fd registered", "--ring-fd"),
            ("--issuer single", "--issuer"),
        ] {
            let given = given(words);
            assert_eq!(given.list(), named, "{words}");
            assert_eq!(given.check(DriverArg::Epoll).is_ok(), named.is_empty());
            assert_eq!(given.allow_epoll(DriverArg::Auto), named.is_empty());
            assert!(!given.allow_epoll(DriverArg::Uring));
            for driver in [DriverArg::Uring, DriverArg::Auto] {
                assert!(given.check(driver).is_ok(), "{words}");
            }
        }
    }
}
