//! What a sceptic would say, each answered from the runs and by a named part of the report.

mod answers;
mod wire;

use super::{Block, heading};
use crate::assess::Assessment;
use crate::text::Prose;
use answers::Runs;

/// An objection and its answer.
type Answered = (&'static str, Prose);

/// All objections, in the order in which they are usually made.
pub(super) fn chapter(assessments: &[Assessment]) -> Vec<Block> {
    let Some(first) = assessments.first() else {
        return Vec::new();
    };
    let runs = Runs {
        assessments,
        first: &first.study,
    };
    let answered: [Answered; 16] = [
        (
            "The results are those of the load generator.",
            runs.client_bound(),
        ),
        (
            "Coordinated omission hides the slow answers.",
            runs.coordinated_omission(),
        ),
        ("The Tokio server is a straw man.", runs.straw_man()),
        ("Tokio is of a version with a known fault.", runs.version()),
        ("Several mechanisms change at once.", runs.confounded()),
        ("Nothing is parsed.", runs.parsing()),
        ("It is one favourable run.", runs.one_run()),
        ("It cannot be reproduced.", runs.reproduction()),
        (
            "Few connections over many listeners are unbalanced.",
            runs.balance(),
        ),
        ("Only saturation is measured.", runs.below_saturation()),
        ("A machine of many cores may differ.", runs.many_cores()),
        ("Hello world is not an application.", runs.hello_world()),
        ("io_uring is blocked in containers.", runs.containers()),
        ("The rates are impossible for the link.", runs.wire()),
        ("The charts have different axes.", runs.axes()),
        ("Kernel and flags matter.", runs.kernel()),
    ];
    let items = (answered.into_iter())
        .map(|(objection, answer)| Prose::new().strong(objection).text(" ").then(answer))
        .collect();
    vec![heading("objections", "Objections"), Block::List(items)]
}
