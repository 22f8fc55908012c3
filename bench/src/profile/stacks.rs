//! What `perf script` prints, as stacks with their numbers: no address, no file, no more than is needed.

use std::collections::BTreeMap;

use records::{KERNEL_FRAME, ProfileStack};

/// Frames kept of a stack, the innermost: enough to tell what a function works for, and few enough
/// for equal stacks to fall together.
const DEPTH: usize = 12;
/// Characters kept of a name: generic functions have names of any length.
const LONGEST: usize = 96;
/// What perf calls a function without a name, an address of which is never kept.
const UNKNOWN: &str = "[unknown]";

/// Equal stacks together, those with the most samples first.
pub(super) fn fold(script: &str) -> Vec<ProfileStack> {
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    // A sample is a line with the thread's name, a line a frame, and an empty line.
    for sample in script.split("\n\n") {
        let mut lines = sample.lines().filter(|line| !line.trim().is_empty());
        let Some(thread) = lines.next() else {
            continue;
        };
        let frames: Vec<String> = lines.take(DEPTH).map(frame).collect();
        *counts
            .entry((thread.trim().to_owned(), frames.join(";")))
            .or_default() += 1;
    }
    let mut stacks: Vec<ProfileStack> = counts
        .into_iter()
        .map(|((thread, frames), samples)| ProfileStack {
            thread,
            frames,
            samples,
        })
        .collect();
    stacks.sort_by(|a, b| {
        b.samples
            .cmp(&a.samples)
            .then_with(|| a.frames.cmp(&b.frames))
    });
    stacks
}

/// The function of a line `ADDRESS FUNCTION (FILE)`.
fn frame(line: &str) -> String {
    let (_, rest) = line.trim().split_once(' ').unwrap_or(("", ""));
    // From the first slash on it is a file's path, whatever words are in that.
    let file = rest.find(" (/").or_else(|| rest.rfind(" ("));
    let (name, file) = file.map_or((rest, ""), |at| (&rest[..at], &rest[at + 2..]));
    let name = match name.trim() {
        "" => UNKNOWN,
        name => name,
    };
    // What parts frames cannot be in a name; `[u8; 32]` is one that has it.
    let name: String = name.replace(';', ",").chars().take(LONGEST).collect();
    // Modules stand in brackets, as the kernel itself does.
    if file.starts_with('[') && !file.starts_with("[vdso") && !file.starts_with(UNKNOWN) {
        return name + KERNEL_FRAME;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "\
kio-0 
\tffffffff8200ec5b tcp_sendmsg ([kernel.kallsyms])
\tffffffff81b60e22 io_send ([kernel.kallsyms])
\t          101829 syscall (/usr/lib/x86_64-linux-gnu/libc.so.6)

kio-0 
\tffffffff8200ec5b tcp_sendmsg ([kernel.kallsyms])
\tffffffff81b60e22 io_send ([kernel.kallsyms])
\t          101829 syscall (/usr/lib/x86_64-linux-gnu/libc.so.6)

tokio-rt worker 
\t    55d0aaaa1234 <tokio::Park<[u8; 2]> as core::Drop (x)>::drop (/tmp/a (deleted))

tokio-rt worker 
\t    55d0aaaa1299 [unknown] (/tmp/a)
\t    7fff00000000 __vdso_clock_gettime ([vdso])

";

    #[test]
    fn equal_stacks_fall_together_without_address_or_file() {
        let stacks = fold(SCRIPT);
        assert_eq!(stacks.len(), 3);
        assert_eq!(stacks[0].samples, 2);
        assert_eq!(stacks[0].thread, "kio-0");
        assert_eq!(stacks[0].frames, "tcp_sendmsg_[k];io_send_[k];syscall");
        let text = serde_json::to_string(&stacks).unwrap();
        for secret in ["/usr", "/tmp", "ffffffff", "55d0", "101829"] {
            assert!(!text.contains(secret), "{text}");
        }
        let names: Vec<&str> = stacks[1..]
            .iter()
            .map(|stack| stack.frames.as_str())
            .collect();
        assert!(
            names.contains(&"[unknown];__vdso_clock_gettime"),
            "{names:?}"
        );
        let generic = "<tokio::Park<[u8, 2]> as core::Drop (x)>::drop";
        assert!(names.contains(&generic), "{names:?}");
    }

    #[test]
    fn deep_stacks_and_long_names_are_cut() {
        let mut script = "kio-0 \n".to_owned();
        for place in 0..40 {
            script += &format!(
                "\tff{place:02} f{place}{} ([kernel.kallsyms])\n",
                "x".repeat(200)
            );
        }
        let stacks = fold(&script);
        let frames: Vec<&str> = stacks[0].frames.split(';').collect();
        assert_eq!(frames.len(), DEPTH);
        assert!(frames[0].starts_with("f0x"), "the innermost is kept");
        assert_eq!(frames[0].len(), LONGEST + KERNEL_FRAME.len());
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(fold("").is_empty());
    }
}
