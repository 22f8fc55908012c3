//! The card's failed connections: a count, which the load generator's limit of open files sets and no
//! processor does.

use super::Verdict;
use super::counts::{invalid, too_few_blocks};
use crate::gates::opened_by;
use crate::model::{Cell, Study};
use crate::published::DEFAULT_NOFILE;
use crate::stats::MIN_BLOCKS;
use crate::text::{Prose, joined, load_name};

/// Connections of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Those that failed to open.
    pub failed: u64,
    /// Those that were open.
    pub open: u64,
}

/// Judges it by the load without a limit of open files, and by the same with the default one where the run
/// has that.
pub(super) fn judge(
    study: &Study,
    free: [&Cell; 2],
    limited: Option<[&Cell; 2]>,
    published: Connections,
) -> (Verdict, Prose) {
    let mut parts = Vec::new();
    let mut counts = Vec::new();
    for cells in [Some(free), limited].into_iter().flatten() {
        let Some(found) = counted(study, cells) else {
            return (Verdict::Invalid, invalid(cells));
        };
        parts.push(part(cells, &found));
        counts.push(found);
    }
    let few = (free.iter().chain(limited.iter().flatten())).any(|cell| cell.measured < MIN_BLOCKS);
    let (verdict, why) = if few {
        (Verdict::Inconclusive, too_few_blocks())
    } else {
        let load = &free[0].load;
        let asked = opened_by(load.generator, study.plan.client_threads, load.connections);
        decide(
            &counts[0],
            counts.get(1).map(Vec::as_slice),
            asked,
            published,
        )
    };
    let arms = joined(free.map(|cell| Prose::new().code(&cell.arm_name)).to_vec());
    let mut sentence = Prose::from(format!("In each of {} measurements of ", counts[0].len()))
        .then(arms)
        .text(format!(", {}", parts[0]));
    for (part, counts) in parts.iter().zip(&counts).skip(1) {
        sentence = sentence.text(format!("; in each of {} others, {part}", counts.len()));
    }
    let sentence = (sentence.text(": "))
        .strong(verdict.word())
        .text(format!(", {why}."));
    (verdict, sentence)
}

/// What follows from what each measurement counted, of `asked` connections where files were not limited.
fn decide(
    free: &[Connections],
    limited: Option<&[Connections]>,
    asked: u64,
    published: Connections,
) -> (Verdict, String) {
    let none_failed = |counts: &[Connections]| counts.iter().all(|count| count.failed == 0);
    if free.iter().all(|count| count.failed > 0) {
        let why = "connections fail here too, whatever files the load generator has";
        return (Verdict::Supported, why.to_owned());
    }
    if !none_failed(free) || free.iter().any(|count| count.open != asked) {
        let why = "it does not happen every time";
        return (Verdict::Inconclusive, why.to_owned());
    }
    match limited {
        None => (
            Verdict::Inconclusive,
            format!(
                "absent where the load generator has files enough; a client of {DEFAULT_NOFILE} files is \
                 not measured here"
            ),
        ),
        Some(counts) if counts.iter().all(|count| *count == published) => (
            Verdict::Supported,
            format!("reproduced by a client of {DEFAULT_NOFILE} files; absent without"),
        ),
        Some(counts) if none_failed(counts) => (
            Verdict::Refuted,
            format!("absent with a client of {DEFAULT_NOFILE} files too"),
        ),
        Some(_) => (
            Verdict::Inconclusive,
            format!("a client of {DEFAULT_NOFILE} files does not have just the published counts"),
        ),
    }
}

/// The counts of every measurement of the cells; none where one of them failed.
fn counted(study: &Study, cells: [&Cell; 2]) -> Option<Vec<Connections>> {
    let of_cells = |key: (usize, usize)| cells.iter().any(|cell| (cell.arm, cell.point) == key);
    // A count is no estimate: what else ran on the machine changes nothing about it.
    (study.rows.iter())
        .filter(|row| of_cells((row.key.arm, row.key.point)))
        .map(|row| {
            let count = Connections {
                failed: row.socket_errors_connect?,
                open: row.connections_open?,
            };
            row.error.is_empty().then_some(count)
        })
        .collect()
}

/// "0 connections failed to open and 1992 were open at 2000 connections".
fn part(cells: [&Cell; 2], counts: &[Connections]) -> String {
    let range = |of: fn(&Connections) -> u64| {
        let least = counts.iter().map(of).min().unwrap_or(0);
        let most = counts.iter().map(of).max().unwrap_or(0);
        if least == most {
            least.to_string()
        } else {
            format!("{least} to {most}")
        }
    };
    format!(
        "{} connections failed to open and {} were open at {}",
        range(|count| count.failed),
        range(|count| count.open),
        load_name(&cells[0].load)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts without a limit, counts with one, the verdict, and a part of why.
    type Case<'a> = (
        &'a [Connections],
        Option<&'a [Connections]>,
        Verdict,
        &'a str,
    );

    const PUBLISHED: Connections = Connections {
        failed: 983,
        open: 1009,
    };
    const ALL: Connections = Connections {
        failed: 0,
        open: 1992,
    };

    #[test]
    fn both_loads_decide() {
        use Verdict::{Inconclusive, Refuted, Supported};
        let other = Connections {
            failed: 900,
            open: 1092,
        };
        let cases: [Case<'_>; 8] = [
            (
                &[ALL, ALL],
                Some(&[PUBLISHED, PUBLISHED]),
                Supported,
                "absent without",
            ),
            (
                &[ALL, ALL],
                Some(&[PUBLISHED, other]),
                Inconclusive,
                "published counts",
            ),
            (&[ALL, ALL], Some(&[ALL, ALL]), Refuted, "too"),
            (&[ALL, ALL], None, Inconclusive, "not measured here"),
            (
                &[PUBLISHED, other],
                Some(&[PUBLISHED]),
                Supported,
                "here too",
            ),
            (&[PUBLISHED, other], None, Supported, "here too"),
            (
                &[ALL, other],
                Some(&[PUBLISHED]),
                Inconclusive,
                "every time",
            ),
            (
                &[Connections { open: 1991, ..ALL }],
                Some(&[PUBLISHED]),
                Inconclusive,
                "every time",
            ),
        ];
        for (free, limited, wanted, part) in cases {
            let (verdict, why) = decide(free, limited, 1992, PUBLISHED);
            assert_eq!(verdict, wanted, "{free:?} {limited:?}: {why}");
            assert!(why.contains(part), "{why}");
        }
    }
}
