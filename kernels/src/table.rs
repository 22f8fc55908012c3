//! The tables: what came of every check on every kernel.

use std::fmt::Write;

use crate::judge::Boot;
use crate::outcome::Outcome;

/// As text for a terminal, with what came of every check on every kernel and architecture.
pub fn plain(boots: &[Boot]) -> String {
    let mut text = String::new();
    for boot in boots {
        let Boot {
            kernel,
            architecture,
            release,
            ..
        } = boot;
        _ = writeln!(text, "\n{kernel} on {architecture} ({release})");
        for (name, _, outcome) in &boot.checks {
            _ = writeln!(text, "  {name:<58} {}", cell(outcome));
        }
    }
    text
}

/// As Markdown for a document, without what differs from day to day: the exact releases.
pub fn document(boots: &[Boot]) -> String {
    let mut text = String::new();
    let kernels = kernels(boots);
    let architectures = architectures(boots).join(" and ");
    let arms = count(boots, true);
    let other = count(boots, false);
    _ = writeln!(
        text,
        "## Kernels, architectures and privileges\n\n\
         Booted under QEMU on {architectures}: {} kernels, {arms} arms and {other} other checks on \
         each. An arm either serves and passes the conformance cases in the guest, or refuses with a \
         message that names what the kernel lacks and the release that brought it. Where a kernel closes \
         direct descriptors late, before 6.13, the arms of `kio-rs` and `uring-floor` that do not ask for them \
         have descriptors of the process, as their start lines say. *newest* is the \
         newest kernel that Debian has, release candidates included; Debian's 5.10 has the io_uring of 5.15, \
         which its maintainers brought back. Emulated processors say nothing about speed, and an x86 host \
         hides faults of memory order that an ARM processor may show. Under `machine-out-of-files` the \
         machine may open no file and the server is an ordinary user's, so that each accept ends with \
         ENFILE: the worker sleeps meanwhile and then serves all who wait. Under `clock-steps` the clock is \
         set days ahead and back among requests: nobody is taken for idle, and where there are time-outs \
         (`kio-rs`) they come within a minute of their time. None of these kernels counts rings as locked \
         memory, as those before 5.12 did: a filter that makes `io_uring_setup` end with ENOMEM stands in \
         for them. `./study kernels` boots them and compares this section with what they showed.",
        kernels.len(),
    );
    for (title, of_arms) in [("arm", true), ("what was tried", false)] {
        let heads: Vec<String> = kernels
            .iter()
            .map(|kernel| format!(" {kernel} |"))
            .collect();
        _ = writeln!(text, "\n| {title} |{}", heads.concat());
        _ = writeln!(text, "|---|{}", "---|".repeat(kernels.len()));
        for name in names(boots, of_arms) {
            let cells = kernels.iter().map(|kernel| merged(boots, kernel, name));
            let cells: Vec<String> = cells.map(|cell| format!(" {cell} |")).collect();
            _ = writeln!(text, "| {} |{}", code(name, of_arms), cells.concat());
        }
    }
    text
}

fn code(name: &str, of_arms: bool) -> String {
    if of_arms {
        format!("`{name}`")
    } else {
        name.to_owned()
    }
}

fn kernels(boots: &[Boot]) -> Vec<&str> {
    distinct(boots.iter().map(|boot| boot.kernel.as_str()))
}

fn architectures(boots: &[Boot]) -> Vec<&str> {
    distinct(boots.iter().map(|boot| boot.architecture.as_str()))
}

fn names(boots: &[Boot], of_arms: bool) -> Vec<&str> {
    let checks = boots.iter().flat_map(|boot| &boot.checks);
    let wanted = checks.filter(|(_, arm, _)| *arm == of_arms);
    distinct(wanted.map(|(name, ..)| name.as_str()))
}

fn count(boots: &[Boot], of_arms: bool) -> usize {
    names(boots, of_arms).len()
}

fn distinct<'a>(all: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}

/// A kernel's cell: one text where the architectures agree, else one each.
fn merged(boots: &[Boot], kernel: &str, name: &str) -> String {
    let mut cells: Vec<(&str, String)> = Vec::new();
    for boot in boots.iter().filter(|boot| boot.kernel == kernel) {
        let found = boot.checks.iter().find(|(known, ..)| known == name);
        let text = found.map_or_else(|| "-".to_owned(), |(.., outcome)| cell(outcome));
        cells.push((&boot.architecture, text));
    }
    match cells.first() {
        None => "-".to_owned(),
        Some((_, first)) if cells.iter().all(|(_, text)| text == first) => first.clone(),
        Some(_) => {
            let each = cells.iter().map(|(on, text)| format!("{on}: {text}"));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

fn cell(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Served { driver } if driver.is_empty() => "serves".to_owned(),
        Outcome::Served { driver } => format!("serves by {driver}"),
        Outcome::Stood {
            sent,
            answered,
            refused: 0,
        } => format!("{sent} sent, {answered} answered"),
        Outcome::Stood {
            sent,
            answered,
            refused,
        } => format!("{sent} sent, {answered} answered, {refused} refused"),
        Outcome::Refused { cause, needs } if needs.is_empty() => format!("refuses: {cause}"),
        Outcome::Refused { cause, needs } => format!("refuses: {cause} ({needs})"),
        Outcome::Absent { why } => format!("({why})"),
        Outcome::Failed { .. } => "**fails**".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boot(kernel: &str, architecture: &str, outcome: Outcome) -> Boot {
        Boot {
            kernel: kernel.to_owned(),
            architecture: architecture.to_owned(),
            release: format!("{kernel}.7-cloud"),
            checks: vec![
                ("kio-uring".to_owned(), true, outcome),
                ("seccomp".to_owned(), false, Outcome::served()),
            ],
            broken: String::new(),
        }
    }

    #[test]
    fn architectures_share_a_cell_where_they_agree() {
        let refused = |needs: &str| Outcome::Refused {
            cause: "X".to_owned(),
            needs: needs.to_owned(),
        };
        let boots = [
            boot("5.10", "x86_64", refused("6.0")),
            boot("5.10", "aarch64", refused("6.0")),
            boot("6.1", "x86_64", Outcome::served()),
            boot("6.1", "aarch64", refused("6.2")),
        ];
        let text = document(&boots);
        let row =
            "| `kio-uring` | refuses: X (6.0) | x86_64: serves; aarch64: refuses: X (6.2) |\n";
        assert!(text.contains(row), "{text}");
        assert!(
            text.contains("| what was tried | 5.10 | 6.1 |\n|---|---|---|\n| seccomp | serves |")
        );
        assert!(!text.contains("cloud"), "a document has no exact releases");
        assert!(plain(&boots).contains("6.1 on aarch64 (6.1.7-cloud)\n  kio-uring "));
    }
}
