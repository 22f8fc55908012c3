//! The faults.

mod churn;
mod descriptors;
mod killed;
mod limits;
mod machine;
mod memory;
mod resets;
mod rings;
mod slow;
mod stopping;
mod unread;
mod vanished;

use anyhow::{Context, Result};

use crate::figures::Figures;
use crate::network;
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
    /// Whether it is done to all servers at once, as it takes long.
    pub at_once: bool,
    obstacle: fn() -> Option<String>,
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
        (self.obstacle)()
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

/// What holds of most faults.
const PLAIN: Fault = Fault {
    name: "",
    what: "",
    exact: true,
    at_once: false,
    obstacle: || None,
    applies: |_| true,
    inject: |_| {
        Ok(Figures {
            connections: 0,
            sent: 0,
            answered: 0,
            refused: 0,
            withdrawn: 0,
        })
    },
};

fn has_accept_calls(subject: &Subject) -> bool {
    subject.kind != Kind::Ring
}

/// Every fault, in the order of the table.
pub const FAULTS: &[Fault] = &[
    Fault {
        name: "process-out-of-files",
        what: "A process that may open 40 files gets 101 connections: the worker sleeps meanwhile, and all are served in the end",
        inject: descriptors::process,
        ..PLAIN
    },
    Fault {
        name: "system-out-of-files",
        what: "Every accept ends with ENFILE (by a seccomp filter, which sees no accept of io_uring's): the worker sleeps meanwhile and ends in order",
        applies: has_accept_calls,
        inject: descriptors::system,
        ..PLAIN
    },
    Fault {
        name: "two-buffers",
        what: "200 connections ask 4 times at once, and the worker has two receive buffers of 64 bytes, which multishot receives run out of; the epoll driver needs one at a time",
        applies: Subject::shares_buffers,
        inject: rings::buffers,
        ..PLAIN
    },
    Fault {
        name: "shortest-rings",
        what: "500 connections ask at once, and the submission queue has 1 entry, the completion queue 4",
        applies: rings::has_rings,
        inject: rings::queues,
        ..PLAIN
    },
    Fault {
        name: "resets",
        what: "20 resets each before the accept, before the request, in its head, in its body, before the answer is read and after it; a neighbour is served throughout",
        inject: resets::in_every_state,
        ..PLAIN
    },
    Fault {
        name: "vanished-peers",
        what: "The link goes down and 20 peers each are gone without a word: silent, after an answer, in a head, in a body, before an answer, in the midst of answers; time-outs end those that are waited for, the others end when the link is back. The Tokio server, which has no time-outs, gets the latter only",
        obstacle: network::obstacle,
        inject: vanished::in_every_state,
        ..PLAIN
    },
    Fault {
        name: "killed-clients",
        what: "A process with 100 connections in full flight is killed, ten times: its files are closed and a neighbour is served throughout. What it sent is known only as far as it was answered",
        exact: false,
        inject: killed::in_flight,
        ..PLAIN
    },
    Fault {
        name: "unread-answers",
        what: "20 peers ask until the server takes no more, and read nothing: its memory grows by 64 KiB a peer at most; then all is answered",
        exact: false,
        inject: unread::bounded,
        ..PLAIN
    },
    Fault {
        name: "slow-heads",
        what: "100 heads of which a byte comes now and then: ended by the time-out of heads",
        applies: Subject::is_kio,
        inject: slow::heads,
        ..PLAIN
    },
    Fault {
        name: "slow-bodies",
        what: "100 bodies of which a byte comes now and then: ended by the time-out of bodies",
        applies: Subject::is_kio,
        inject: slow::bodies,
        ..PLAIN
    },
    Fault {
        name: "stalled-bodies",
        what: "100 bodies that stop coming: ended by the time-out of idle connections",
        applies: Subject::is_kio,
        inject: slow::stalled,
        ..PLAIN
    },
    Fault {
        name: "idle-connections",
        what: "10 000 connections idle while one asks 1000 times; then each asks once",
        inject: limits::idle,
        ..PLAIN
    },
    Fault {
        name: "connection-cap",
        what: "A worker that takes 50 connections gets 400: never more than 50 at once, and all are served in the end",
        applies: Subject::is_kio,
        inject: limits::cap,
        ..PLAIN
    },
    Fault {
        name: "stop-under-load",
        what: "SIGTERM while 32 clients send 8 requests at a time: whole answers or none, and nothing afterwards",
        exact: false,
        inject: stopping::under_load,
        ..PLAIN
    },
    Fault {
        name: "memory-limit",
        what: "A control group of 12 MiB, and 5000 connections ask: the limit is met and the kernel may kill the server, which ends in no other way, but each client gets its answer or the end",
        exact: false,
        obstacle: memory::obstacle,
        inject: memory::limit,
        ..PLAIN
    },
    Fault {
        name: "churn",
        what: "Connections opened, asked once and closed or reset by turns: no file stays open, memory stays flat, and no shared buffer is lost",
        inject: churn::leaks,
        ..PLAIN
    },
    Fault {
        name: "soak",
        at_once: true,
        what: "Connections that come, ask and go, some with a reset, for a while (a minute, and ten with `./study soak`; all servers at once): memory stays flat",
        exact: false,
        inject: churn::soak,
        ..PLAIN
    },
];

/// Those that are done to the whole machine: for guests that are booted for it.
pub const GUEST_FAULTS: &[Fault] = &[
    Fault {
        name: "machine-out-of-files",
        what: "51 connections to an ordinary user's server on a machine that may open no file any more: the worker sleeps meanwhile, and all are served in the end",
        inject: machine::out_of_files,
        ..PLAIN
    },
    Fault {
        name: "clock-steps",
        what: "The clock is set a day ahead, two back and one ahead among requests: nobody is taken for idle, and time-outs come in time",
        inject: machine::clock_steps,
        ..PLAIN
    },
];
