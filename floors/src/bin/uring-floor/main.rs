//! `uring-floor`: the least that an io_uring server can do for an answer, and what each feature of
//! the kernel is worth where no runtime is in the way.
//!
//! A turn of a worker is one `io_uring_enter`, which submits what the last turn decided and waits;
//! then every completion is taken out, goes to its connection, and that decides what comes next.
//!
//! It does not look for ends of connections that Linux fails to tell a multishot receive of, as
//! `kio-rs` does: such a connection stays until the server ends.
//!
//! | module | what it is |
//! |---|---|
//! | `args` | the flags, and which of them go together |
//! | `setup` | the ring: its flags, what of it the kernel refuses and why |
//! | `queues` | entries in, completions out, the one call between |
//! | `buffers` | the ring of receive buffers |
//! | `entries` | the submission queue entries, as the flags want them |
//! | `connection` | a connection's state, and the next step it asks for |
//! | `worker` | the loop |
//! | `unconfirmed` | sends whose success makes no completion |

mod args;
mod buffers;
mod connection;
mod entries;
mod queues;
mod refusal;
mod setup;
mod unconfirmed;
mod worker;

use std::mem::ManuallyDrop;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use clap::Parser;
use floors::{Description, Seat};

use crate::args::Args;
use crate::queues::Queues;
use crate::worker::Worker;

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("uring-floor: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<()> {
    args.check()?;
    let pinned = args.common.cpu_of(0).is_some();
    let description = Description {
        server: "uring-floor",
        driver: "uring",
        ring_flags: setup::flag_names(&args, pinned),
        features: args.features(),
    };
    floors::serve(&args.common.clone(), description, move |seat| {
        work(&args, seat)
    })
}

fn work(args: &Args, seat: &Seat) -> Result<()> {
    let mut uring = setup::build(args, seat.cpu)?;
    let buffers = setup::prepare(&uring, args)?;
    let queues = Queues::new(&mut uring, args, Arc::clone(&seat.counters))?;
    // Never dropped: the kernel may write to its buffers for as long as the process lives, however
    // this function is left.
    let mut worker = ManuallyDrop::new(Worker::new(seat, args, queues, buffers)?);
    seat.ready();
    worker.run()
}
