//! What a worker does: accepts, and gives each connection a task.

use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::time::Duration;

use hello_http::Mode;
use kio_rs::{Counters, Deadlines, TcpListener, is_stopping, sleep, spawn_local};

use crate::args::Args;
use crate::connection::{self, Answering, Patience};

/// How connections are served.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    answering: Answering,
    idle_timeout_s: u32,
    head_timeout_s: u32,
    body_timeout_s: u32,
}

impl Service {
    pub fn of(args: &Args) -> Self {
        Self {
            answering: Answering {
                mode: Mode::new(args.common.no_parse, args.common.body_bytes),
                heap: args.heap,
            },
            idle_timeout_s: args.idle_timeout_s,
            head_timeout_s: args.head_timeout_s,
            body_timeout_s: args.body_timeout_s,
        }
    }

    /// Without a time-out there are no deadlines, and no worker is woken to count.
    fn deadlines(&self) -> io::Result<Option<Deadlines>> {
        let all = [
            self.idle_timeout_s,
            self.head_timeout_s,
            self.body_timeout_s,
        ];
        let any = all.iter().any(|seconds| *seconds > 0);
        any.then(|| Deadlines::start(Duration::from_secs(1)))
            .transpose()
    }

    fn patience(&self, deadlines: &Deadlines) -> Patience {
        Patience {
            deadline: deadlines.deadline(),
            idle: self.idle_timeout_s,
            head: self.head_timeout_s,
            body: self.body_timeout_s,
        }
    }
}

/// Wait after a failed accept: the first, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// Accepts until the runtime is asked to stop.
pub async fn run(
    socket: io::Result<StdListener>,
    service: Service,
    counters: Arc<Counters>,
) -> io::Result<()> {
    let mut listener = TcpListener::from_std(socket?)?;
    let deadlines = service.deadlines()?;
    let mut wait = BACK_OFF.0;
    loop {
        match listener.accept().await {
            Ok(stream) => {
                wait = BACK_OFF.0;
                let counters = Arc::clone(&counters);
                let patience = deadlines.as_ref().map(|all| service.patience(all));
                let answering = service.answering;
                spawn_local(connection::serve(stream, answering, patience, counters));
            }
            Err(_) if is_stopping() => return Ok(()),
            // The peer left before it was accepted.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {
                counters.errors.add(1);
            }
            Err(error) => {
                // Most likely no file descriptor is left: the connection stays in the queue, and
                // accepting at once again would spin.
                counters.errors.add(1);
                if wait == BACK_OFF.0 {
                    tracing::warn!(%error, "accepting failed; trying again");
                }
                sleep(wait).await;
                wait = (wait * 2).min(BACK_OFF.1);
            }
        }
    }
}
