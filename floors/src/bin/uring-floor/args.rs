//! The flags: each one thing that the kernel can do differently.

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};
use server_kit::{CommonArgs, Descriptors, RECEIVE_BYTES};

/// An HTTP server that answers "Hello, World!": an io_uring state machine a core, written by hand.
#[derive(Parser, Clone, Debug)]
#[command(name = "uring-floor", version)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: CommonArgs,

    /// How the kernel runs completion work [default: deferred, or interrupt with --sqpoll]
    #[arg(long, value_enum)]
    task_run: Option<TaskRun>,

    /// Have a kernel thread submit, on the worker's processor when workers are pinned
    #[arg(long)]
    pub(crate) sqpoll: bool,

    /// Leave out the submission queue's array of indices (Linux 6.6)
    #[arg(long)]
    pub(crate) no_sqarray: bool,

    /// How connections are received from
    #[arg(long, value_enum, default_value_t = Receive::Multishot)]
    pub(crate) recv: Receive,

    /// Let the kernel use a receive buffer piece by piece (Linux 6.12)
    #[arg(long)]
    pub(crate) incremental: bool,

    /// How answers are sent
    #[arg(long, value_enum, default_value_t = SendBy::Plain)]
    pub(crate) send: SendBy,

    /// Leave out the completions of what succeeds: of closing and cancelling (`ends`), or of sending
    /// too (`sends`, which the flag alone means)
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = SkipSuccess::None,
          num_args = 0..=1, default_missing_value = "sends")]
    pub(crate) skip_success: SkipSuccess,

    /// Keep accepted sockets in the ring's own table, or in the process's; `auto` is the ring's where
    /// the kernel closes its entries at once (Linux 6.13)
    #[arg(long, value_enum, default_value_t = Descriptors::Auto)]
    pub(crate) descriptors: Descriptors,

    /// Enter the ring by an index of the thread's, or by its file descriptor
    #[arg(long, value_enum, default_value_t = RingFd::Registered)]
    pub(crate) ring_fd: RingFd,

    /// Wait for so many completions at once (Linux 6.12)
    #[arg(long, value_name = "N", requires = "min_wait_us",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) wait_for: Option<u32>,

    /// After so many microseconds be content with one (Linux 6.12)
    #[arg(long, value_name = "N", requires = "wait_for",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) min_wait_us: Option<u32>,

    /// Look for completions for so many microseconds before sleeping
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) spin_us: u64,

    /// Length of each ring's submission queue
    #[arg(long, value_name = "N", default_value_t = 1024,
          value_parser = clap::value_parser!(u32).range(1..=32_768))]
    pub(crate) queue_depth: u32,

    /// Receive buffers that a worker's connections share, a power of two
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub(crate) buffers: u16,

    /// Length of a receive buffer in bytes
    #[arg(long, value_name = "BYTES", default_value_t = RECEIVE_BYTES,
          value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub(crate) buffer_bytes: u32,
}

/// How the kernel runs completion work.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskRun {
    /// By interrupting the worker wherever it is.
    Interrupt,
    /// At the worker's next entry into the kernel (5.19).
    Cooperative,
    /// When the worker asks for completions (6.1).
    Deferred,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receive {
    /// An entry a receive, into a buffer of the connection's own.
    OneShot,
    /// An entry a connection, into buffers that all share (6.0).
    Multishot,
    /// As multishot, and one completion for several buffers (6.10).
    Bundle,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendBy {
    #[value(name = "send")]
    Plain,
    /// As to a file.
    Write,
    /// The kernel goes on after a partial send (MSG_WAITALL).
    Waitall,
    /// From this process's memory, without a copy to the kernel's (6.0).
    ZeroCopy,
}

/// Of what no completion comes when it succeeds (5.17).
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SkipSuccess {
    None,
    /// Closing and cancelling.
    Ends,
    /// Sending too.
    Sends,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RingFd {
    Registered,
    Plain,
}

impl Args {
    /// As asked, or what goes with the other flags.
    pub(crate) fn task_run(&self) -> TaskRun {
        self.task_run.unwrap_or(if self.sqpoll {
            TaskRun::Interrupt
        } else {
            TaskRun::Deferred
        })
    }

    /// Whether the kernel is to mark the queue when completion work is held back: only who spins
    /// looks.
    pub(crate) fn marks_task_run(&self) -> bool {
        self.spin_us > 0 && self.task_run() != TaskRun::Interrupt
    }

    /// Refuses flags that contradict each other.
    pub(crate) fn check(&self) -> Result<()> {
        if self.sqpoll && self.task_run() != TaskRun::Interrupt {
            bail!(
                "with --sqpoll completion work is not the worker's to hold back: leave --task-run out, \
                 or give `interrupt`"
            );
        }
        if self.incremental && self.recv != Receive::Multishot {
            bail!("--incremental goes with --recv multishot only: leave one of the two out");
        }
        if self.skip_success == SkipSuccess::Sends {
            if self.sqpoll {
                bail!(
                    "with --sqpoll there is no call after which a send without a completion is known \
                     to have succeeded: give --skip-success ends"
                );
            }
            if !matches!(self.send, SendBy::Plain | SendBy::Waitall) {
                bail!(
                    "only --send send and --send waitall are known to have sent everything when no \
                     completion comes: give --skip-success ends"
                );
            }
        }
        if self.recv != Receive::OneShot
            && (!self.buffers.is_power_of_two() || self.buffers > 1 << 15)
        {
            bail!(
                "a buffer ring has a power of two buffers, at most 32768, not {}: change --buffers",
                self.buffers
            );
        }
        Ok(())
    }

    /// What the start line names as features.
    pub(crate) fn features(&self) -> Vec<String> {
        let mut features = vec!["accept-per-worker", "tcp-nodelay", "multishot-accept"];
        features.extend(match self.recv {
            Receive::OneShot => &["oneshot-recv", "own-buffers"][..],
            Receive::Multishot => &["multishot-recv", "buffer-ring"],
            Receive::Bundle => &["multishot-recv", "buffer-ring", "recv-bundle"],
        });
        let flags = [
            ("incremental-buffers", self.incremental),
            ("send-write", self.send == SendBy::Write),
            ("send-waitall", self.send == SendBy::Waitall),
            ("send-zero-copy", self.send == SendBy::ZeroCopy),
            ("direct-descriptors", self.descriptors.are_direct()),
            ("registered-ring", self.ring_fd == RingFd::Registered),
            ("skip-success-ends", self.skip_success >= SkipSuccess::Ends),
            (
                "skip-success-sends",
                self.skip_success >= SkipSuccess::Sends,
            ),
            ("min-wait", self.wait_for.is_some()),
            ("spin", self.spin_us > 0),
            ("no-parse", self.common.no_parse),
        ];
        features.extend(
            flags
                .into_iter()
                .filter_map(|(name, on)| on.then_some(name)),
        );
        let length = (self.buffer_bytes != RECEIVE_BYTES)
            .then(|| format!("buffer-bytes={}", self.buffer_bytes));
        let features = features.into_iter().map(str::to_owned);
        features.chain(length).collect()
    }
}
