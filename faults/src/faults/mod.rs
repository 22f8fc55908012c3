//! The faults.

mod churn;
mod descriptors;
mod limits;
mod memory;
mod resets;
mod rings;
mod slow;
mod stopping;

use anyhow::{Context, Result};

use crate::figures::Figures;
use crate::subject::{Kind, Stand, Subject};

/// Something that is done to a server.
#[derive(Debug)]
pub struct Fault {
    /// Its name.
    pub name: &'static str,
    /// What is done, and what must come of it.
    pub what: &'static str,
    /// Whether every run counts the same.
    pub exact: bool,
    /// Whether it can be done on every host, hence stands in the document.
    pub everywhere: bool,
    applies: fn(&Subject) -> bool,
    inject: fn(&Stand) -> Result<Figures>,
}

impl Fault {
    /// Whether it can be done to the server.
    pub fn applies(&self, subject: &Subject) -> bool {
        (self.applies)(subject)
    }

    /// Why it cannot be done on this host.
    pub fn obstacle(&self) -> Option<String> {
        if self.everywhere {
            return None;
        }
        memory::obstacle()
    }

    /// Does it.
    ///
    /// # Errors
    /// When the server did not stand it, or a request was lost.
    pub fn inject(&self, stand: &Stand) -> Result<Figures> {
        let context = || format!("{}, {}", self.name, stand.subject.name);
        let figures = (self.inject)(stand).with_context(context)?;
        figures.check().with_context(context)?;
        Ok(figures)
    }
}

const fn any(_: &Subject) -> bool {
    true
}

fn has_accept_calls(subject: &Subject) -> bool {
    subject.kind != Kind::Ring
}

/// Every fault, in the order of the table.
pub const FAULTS: &[Fault] = &[
    Fault {
        name: "process-out-of-files",
        what: "A process that may open 40 files gets 101 connections: the worker sleeps meanwhile, and all are served in the end",
        exact: true,
        everywhere: true,
        applies: any,
        inject: descriptors::process,
    },
    Fault {
        name: "system-out-of-files",
        what: "Every accept ends with ENFILE (by a seccomp filter, which sees no accept of io_uring's): the worker sleeps meanwhile and ends in order",
        exact: true,
        everywhere: true,
        applies: has_accept_calls,
        inject: descriptors::system,
    },
    Fault {
        name: "two-buffers",
        what: "200 connections ask 4 times at once, and the worker has two receive buffers of 64 bytes",
        exact: true,
        everywhere: true,
        applies: Subject::is_kio,
        inject: rings::buffers,
    },
    Fault {
        name: "shortest-rings",
        what: "500 connections ask at once, and the submission queue has 1 entry, the completion queue 4",
        exact: true,
        everywhere: true,
        applies: rings::has_rings,
        inject: rings::queues,
    },
    Fault {
        name: "resets",
        what: "20 resets each before the accept, before the request, in its head, in its body, before the answer is read and after it; a neighbour is served throughout",
        exact: true,
        everywhere: true,
        applies: any,
        inject: resets::in_every_state,
    },
    Fault {
        name: "slow-heads",
        what: "100 heads of which a byte comes now and then: ended by the time-out of heads",
        exact: true,
        everywhere: true,
        applies: Subject::is_kio,
        inject: slow::heads,
    },
    Fault {
        name: "stalled-bodies",
        what: "100 bodies that stop coming: ended by the time-out of idle connections",
        exact: true,
        everywhere: true,
        applies: Subject::is_kio,
        inject: slow::bodies,
    },
    Fault {
        name: "idle-connections",
        what: "10 000 connections idle while one asks 1000 times; then each asks once",
        exact: true,
        everywhere: true,
        applies: any,
        inject: limits::idle,
    },
    Fault {
        name: "connection-cap",
        what: "A worker that takes 50 connections gets 400: never more than 50 at once, and all are served in the end",
        exact: true,
        everywhere: true,
        applies: Subject::is_kio,
        inject: limits::cap,
    },
    Fault {
        name: "stop-under-load",
        what: "SIGTERM while 32 clients send 8 requests at a time: whole answers or none, and nothing afterwards",
        exact: false,
        everywhere: true,
        applies: any,
        inject: stopping::under_load,
    },
    Fault {
        name: "memory-limit",
        what: "A control group of 12 MiB, and 5000 connections ask: the kernel may kill the server, but each client gets its answer or the end",
        exact: false,
        everywhere: false,
        applies: any,
        inject: memory::limit,
    },
    Fault {
        name: "churn",
        what: "Connections opened, asked once and closed or reset by turns: no file stays open and memory stays flat",
        exact: true,
        everywhere: true,
        applies: any,
        inject: churn::leaks,
    },
    Fault {
        name: "soak",
        what: "Connections that come, ask and go, some with a reset, for a while (`./study soak`: 10 minutes): memory stays flat",
        exact: false,
        everywhere: true,
        applies: any,
        inject: churn::soak,
    },
];
