//! The part of a document that tells what was verified.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use conformance::Outcome;

use super::Verified;
use super::generated::Compared;

const BEGIN: &str = "<!-- protocol:begin -->\n";
const END: &str = "<!-- protocol:end -->\n";

/// Replaces what is between the marks, or only compares it.
pub(super) fn write(file: &Path, text: &str, check: bool) -> Result<()> {
    let name = file.display();
    let whole = fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let parts = whole.split_once(BEGIN).and_then(|(before, rest)| {
        let (between, after) = rest.split_once(END)?;
        Some((before, between, after))
    });
    let (before, between, after) = parts.with_context(|| {
        format!(
            "{name} lacks the lines `{}` and `{}`",
            BEGIN.trim(),
            END.trim()
        )
    })?;
    if check {
        ensure!(
            between == text,
            "{name} says something else than this run; write it anew by the same command without --check"
        );
        return Ok(());
    }
    let whole = [before, BEGIN, text, END, after].concat();
    fs::write(file, whole).with_context(|| format!("cannot write {name}"))
}

/// The tables. Only for a run without failures.
pub(super) fn text(verified: &[Verified], compared: &Compared, seed: u64) -> String {
    let mut text = cases(verified);
    if compared.inputs > 0 {
        text += &generated(compared, seed);
    }
    text
}

fn cases(verified: &[Verified]) -> String {
    let names: Vec<String> = verified
        .iter()
        .map(|arm| format!("`{}`", arm.arm))
        .collect();
    let mut text = format!(
        "{} servers were asked: {}.\n\n| Case | The server | Asked | Passed |\n| --- | --- | ---: | ---: |\n",
        names.len(),
        names.join(", ")
    );
    for case in conformance::cases() {
        let outcomes = verified.iter().flat_map(|arm| &arm.cases);
        let outcomes = outcomes.filter(|(known, _)| known.name == case.name);
        let (mut asked, mut passed) = (0, 0);
        for (_, outcome) in outcomes {
            asked += usize::from(!matches!(outcome, Outcome::NotApplicable));
            passed += usize::from(matches!(outcome, Outcome::Passed));
        }
        text += &format!(
            "| `{}` | {} | {asked} | {passed} |\n",
            case.name, case.description
        );
    }
    text
}

fn generated(compared: &Compared, seed: u64) -> String {
    let mut text = format!(
        "\n{} generated inputs (seed {seed}), valid requests with a change each, were answered with the same \
         bytes by the {} of these servers that are the study's own and read requests.\n",
        compared.inputs,
        compared.own_arms.len()
    );
    let Some(other) = &compared.other else {
        return text + "They were not compared with nginx, which was not there.\n";
    };
    let explained: usize = compared.explained.iter().map(|one| one.inputs).sum();
    text += &format!(
        "To {} of them {other} gave the same statuses, to {explained} others, each for a reason of this \
         table:\n\n| Inputs | Changed | Statuses here | There | Why |\n| ---: | --- | --- | --- | --- |\n",
        compared.same
    );
    for one in &compared.explained {
        let mut pairs: Vec<_> = one.statuses.iter().collect();
        pairs.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let list = |side: &dyn Fn(&(String, String)) -> String| {
            let mut list: Vec<String> = Vec::new();
            for (pair, _) in &pairs {
                let statuses = side(pair);
                if !list.contains(&statuses) {
                    list.push(statuses);
                }
            }
            list.join("; ")
        };
        let mut places = one.places.clone();
        places.sort_unstable();
        text += &format!(
            "| {} | {} | {} | {} | {} |\n",
            one.inputs,
            places.join(", "),
            list(&|pair| pair.0.clone()),
            list(&|pair| pair.1.clone()),
            one.because
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_written_and_compared() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("document.md");
        fs::write(&file, format!("before\n{BEGIN}old\n{END}after\n")).unwrap();
        let stale = write(&file, "new\n", true).unwrap_err();
        assert!(stale.to_string().contains("without --check"), "{stale}");
        write(&file, "new\n", false).unwrap();
        write(&file, "new\n", true).unwrap();
        let whole = fs::read_to_string(&file).unwrap();
        assert_eq!(whole, format!("before\n{BEGIN}new\n{END}after\n"));
        fs::write(&file, "no marks\n").unwrap();
        let refusal = write(&file, "new\n", false).unwrap_err();
        assert!(refusal.to_string().contains("protocol:begin"), "{refusal}");
    }
}
