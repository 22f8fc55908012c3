//! What a sample's function works for, by the table `classes.toml`.

use records::KERNEL_FRAME;
use serde::Deserialize;

const TABLE: &str = include_str!("classes.toml");

/// A part of a server's work.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub note: String,
    /// How the names of the kernel's functions begin that work for it.
    #[serde(default)]
    kernel: Vec<String>,
    /// Names of other functions that do.
    #[serde(default)]
    user: Vec<String>,
}

/// All parts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classes {
    user: Part,
    other: Part,
    #[serde(rename = "part")]
    parts: Vec<Part>,
}

impl Classes {
    /// Those of the study.
    pub fn of_the_study() -> Self {
        toml::from_str(TABLE).expect("classes.toml is part of this program, and a test reads it")
    }

    /// The parts in the order of a table: user code first, what is left last.
    pub fn parts(&self) -> Vec<&Part> {
        let named = self.parts.iter();
        [&self.user]
            .into_iter()
            .chain(named)
            .chain([&self.other])
            .collect()
    }

    /// The place in [`Self::parts`] of a stack's part; its frames have `;` between them, the innermost
    /// first.
    pub fn part(&self, frames: &str) -> usize {
        let mut frames = frames.split(';').peekable();
        let innermost = frames.peek().copied().unwrap_or_default();
        if !innermost.ends_with(KERNEL_FRAME) {
            let named =
                (self.parts.iter()).position(|part| part.user.iter().any(|name| name == innermost));
            return named.map_or(0, |place| place + 1);
        }
        let kernels = frames.map_while(|frame| frame.strip_suffix(KERNEL_FRAME));
        let mut found = kernels.filter_map(|frame| self.of_kernel(frame));
        found.next().map_or(self.parts.len() + 1, |place| place + 1)
    }

    fn of_kernel(&self, function: &str) -> Option<usize> {
        let fitting = self.parts.iter().enumerate().flat_map(|(place, part)| {
            let fits = |word: &&String| function.starts_with(word.as_str());
            part.kernel
                .iter()
                .filter(fits)
                .map(move |word| (word.len(), place))
        });
        fitting.max().map(|(_, place)| place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(frames: &str) -> String {
        let classes = Classes::of_the_study();
        classes.parts()[classes.part(frames)].name.clone()
    }

    #[test]
    fn the_innermost_frame_that_is_known_decides() {
        assert_eq!(
            part("_copy_to_iter_[k];tcp_recvmsg_[k];io_recv_[k]"),
            "TCP and IP"
        );
        assert_eq!(part("_raw_spin_lock_[k];io_recv_[k];syscall"), "io_uring");
        assert_eq!(part("io_schedule_[k];x_[k]"), "Scheduler");
        assert_eq!(part("inet_sendmsg_[k]"), "Sockets and files");
        assert_eq!(part("__x64_sys_epoll_wait_[k]"), "epoll");
        assert_eq!(part("__x64_sys_getpid_[k]"), "System call entry");
    }

    #[test]
    fn user_code_is_what_no_frame_of_the_kernel_is_in() {
        assert_eq!(part("serve;tcp_sendmsg_[k]"), "User code");
        assert_eq!(part("[unknown]"), "User code");
        assert_eq!(part("syscall;serve"), "System call entry");
        assert_eq!(part(""), "User code");
    }

    #[test]
    fn what_nothing_fits_is_other_work() {
        assert_eq!(part("clear_page_erms_[k];serve"), "Other kernel work");
        assert_eq!(
            part("clear_page_erms_[k];serve;tcp_sendmsg_[k]"),
            "Other kernel work"
        );
    }

    #[test]
    fn no_word_stands_for_two_parts() {
        let classes = Classes::of_the_study();
        let mut words: Vec<&String> = classes.parts.iter().flat_map(|part| &part.kernel).collect();
        let count = words.len();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), count);
    }
}
