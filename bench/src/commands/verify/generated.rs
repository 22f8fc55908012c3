//! The replies of several arms to the same generated inputs.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use conformance::differential::{Differences, Input, Reply};
use records::Role;

use super::Verified;
use crate::arms::{Answers, Arm};

/// The other server that the study's are compared with.
const OTHER: &str = "nginx";

/// Faults that are shown; the rest is counted.
const SHOWN: usize = 40;

/// Whether an arm is sent the inputs: the study's own that read requests, and the other server.
pub(super) fn applies(arm: &Arm) -> bool {
    let own = arm.answers == Answers::SameBytes && arm.entry.role != Role::Peer;
    (own && arm.entry.parses) || arm.entry.name == OTHER
}

/// The replies to all inputs.
pub(super) fn replies(server: SocketAddr, inputs: &[Input]) -> Result<Vec<Reply>> {
    let reply = |input: &Input| Reply::of(server, &input.bytes).map_err(Into::into);
    inputs.iter().map(reply).collect()
}

/// What comparing the replies came to.
pub(super) struct Compared {
    pub(super) inputs: usize,
    /// The study's arms that gave the same bytes.
    pub(super) own_arms: Vec<String>,
    /// The other server with its version, when it was asked.
    pub(super) other: Option<String>,
    /// Inputs to which it gave the same statuses.
    pub(super) same: usize,
    /// Differences by their explanation.
    pub(super) explained: Vec<Explained>,
    /// What is wrong: differences between the study's arms, and those that are not explained.
    faults: Vec<String>,
}

/// The inputs that one explanation is for.
pub(super) struct Explained {
    pub(super) because: String,
    pub(super) inputs: usize,
    pub(super) places: Vec<&'static str>,
    /// The statuses of ours and of the other, and how many inputs had them.
    pub(super) statuses: BTreeMap<(String, String), usize>,
}

impl Explained {
    fn new(because: &str) -> Self {
        Self {
            because: because.to_owned(),
            inputs: 0,
            places: Vec::new(),
            statuses: BTreeMap::new(),
        }
    }
}

/// Compares the arms that were asked.
pub(super) fn compare(inputs: &[Input], verified: &[Verified]) -> Result<Compared> {
    let asked = verified.iter().filter(|arm| !arm.replies.is_empty());
    let (own, others): (Vec<&Verified>, Vec<&Verified>) =
        asked.partition(|arm| arm.answers == Answers::SameBytes);
    let mut compared = Compared {
        inputs: inputs.len(),
        own_arms: own.iter().map(|arm| arm.arm.clone()).collect(),
        other: others
            .first()
            .map(|arm| format!("{} {}", arm.arm, arm.version)),
        same: 0,
        explained: Vec::new(),
        faults: Vec::new(),
    };
    let Some((first, rest)) = own.split_first() else {
        return Ok(compared);
    };
    for arm in rest {
        compared.compare_bytes(inputs, first, arm);
    }
    if let Some(other) = others.first() {
        compared.compare_statuses(inputs, first, other)?;
    }
    Ok(compared)
}

impl Compared {
    fn compare_bytes(&mut self, inputs: &[Input], first: &Verified, second: &Verified) {
        for (input, (one, other)) in inputs.iter().zip(first.replies.iter().zip(&second.replies)) {
            if one != other {
                self.faults.push(format!(
                    "{}, {}: {} and {} answer differently: \"{}\" and \"{}\"",
                    input.place,
                    input.change,
                    first.arm,
                    second.arm,
                    one.bytes().escape_ascii(),
                    other.bytes().escape_ascii()
                ));
            }
        }
    }

    fn compare_statuses(
        &mut self,
        inputs: &[Input],
        own: &Verified,
        other: &Verified,
    ) -> Result<()> {
        let differences = Differences::from_nginx()
            .context("conformance/differences.toml is not as it must be")?;
        let mut unexplained: BTreeMap<String, (usize, &Input)> = BTreeMap::new();
        // By reason: one may be given for several places.
        let mut found: Vec<Explained> = Vec::new();
        for (input, (ours, theirs)) in inputs.iter().zip(own.replies.iter().zip(&other.replies)) {
            let (ours, theirs) = (ours.statuses(), theirs.statuses());
            if ours == theirs {
                self.same += 1;
                continue;
            }
            let Some(place) = differences.explain(input, &ours, &theirs) else {
                let what = format!(
                    "{}, {}: {} answers {ours}, {} answers {theirs}",
                    input.place, input.change, own.arm, other.arm
                );
                unexplained.entry(what).or_insert((0, input)).0 += 1;
                continue;
            };
            let because = &differences.all()[place].because;
            let known = found.iter().position(|one| one.because == *because);
            let known = known.unwrap_or_else(|| {
                found.push(Explained::new(because));
                found.len() - 1
            });
            let explained = &mut found[known];
            explained.inputs += 1;
            if !explained.places.contains(&input.place) {
                explained.places.push(input.place);
            }
            *explained.statuses.entry((ours, theirs)).or_default() += 1;
        }
        found.sort_by(|one, other| {
            other
                .inputs
                .cmp(&one.inputs)
                .then(one.because.cmp(&other.because))
        });
        self.explained = found;
        for (what, (count, input)) in unexplained {
            let bytes = input.bytes.escape_ascii();
            self.faults
                .push(format!("{what}; {count} times, such as to \"{bytes}\""));
        }
        Ok(())
    }

    pub(super) fn failed(&self) -> bool {
        !self.faults.is_empty()
    }

    /// For the reader at the terminal.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{} generated inputs, answered with the same bytes by {} arms\n",
            self.inputs,
            self.own_arms.len()
        );
        match &self.other {
            None => text += &format!("not compared with {OTHER}, which is not among the arms\n"),
            Some(other) => {
                let explained: usize = self.explained.iter().map(|one| one.inputs).sum();
                text += &format!(
                    "{other}: the same statuses to {}, others for a known reason to {explained}\n",
                    self.same
                );
                for one in &self.explained {
                    text += &format!("{:>7}  {}\n", one.inputs, one.because);
                }
            }
        }
        for fault in self.faults.iter().take(SHOWN) {
            text += &format!("\n{fault}\n");
        }
        if self.faults.len() > SHOWN {
            text += &format!("\nand {} more\n", self.faults.len() - SHOWN);
        }
        if !self.faults.is_empty() {
            text += "\nA difference is a fault to mend, or gets its reason in \
                     conformance/differences.toml\n";
        }
        text
    }
}
