//! The server's flags: every difference between two arms is one of them.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use kio_rs::{Config, DriverKind, MinWait, Ops, TaskRun};
use server_kit::{Balance, CommonArgs, Descriptors};

/// An HTTP server that answers "Hello, World!", a thread a core, on io_uring.
///
/// It logs warnings and errors to standard error; KIO_LOG=info, or kio_rs=debug and the like, asks for
/// more.
#[derive(Parser, Debug)]
#[command(version)]
pub struct Args {
    #[command(flatten)]
    pub common: CommonArgs,

    /// What carries requests to the kernel; `auto` is io_uring, or epoll where the kernel refuses it and
    /// no flag was given that only a ring has
    #[arg(long, value_enum, default_value_t = DriverArg::Uring)]
    pub driver: DriverArg,

    /// One SO_REUSEPORT listener a worker, or a single one that all workers accept on
    #[arg(long, value_enum, default_value_t = Accept::PerWorker)]
    pub accept: Accept,

    /// How sockets are accepted and read: one-shot is into a buffer of the connection's own, with epoll too
    #[arg(long, value_enum, default_value_t = OpsArg::Multishot)]
    pub ops: OpsArg,

    /// How the kernel runs completion work
    #[arg(long, value_enum, default_value_t = TaskRunArg::Deferred)]
    pub task_run: TaskRunArg,

    /// Keep accepted sockets in the ring's own table, or in the process's; `auto` is the ring's where
    /// the kernel closes its entries at once (Linux 6.13)
    #[arg(long, value_enum, default_value_t = Descriptors::Auto)]
    pub descriptors: Descriptors,

    /// Enter the ring by an index of the thread's, or by its file descriptor
    #[arg(long, value_enum, default_value_t = RingFd::Registered)]
    pub ring_fd: RingFd,

    /// Tell the kernel that only the worker's thread submits, or not
    #[arg(long, value_enum, default_value_t = Issuer::Single)]
    pub issuer: Issuer,

    /// Do without the submission queue's array of indices (Linux 6.6)
    #[arg(long)]
    pub no_sqarray: bool,

    /// Let a thread of the kernel take submissions, and sleep when it had none for so long; needs
    /// --task-run interrupt
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub sqpoll_idle_ms: Option<u32>,

    /// Let a worker that sleeps gather completions for so long (Linux 6.12)
    #[arg(long, value_name = "US", requires = "wait_for")]
    pub min_wait_us: Option<NonZeroU32>,

    /// Completions that end the gathering early
    #[arg(long, value_name = "N", requires = "min_wait_us")]
    pub wait_for: Option<NonZeroU32>,

    /// Look for events for so long before sleeping, while the load is such that it pays; 0 never does
    #[arg(long, value_name = "US", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub spin_us: u32,

    /// Let the kernel poll network devices for so long before a worker sleeps (Linux 6.9)
    #[arg(long, value_name = "US")]
    pub napi_busy_poll_us: Option<NonZeroU32>,

    /// Allocate every answer on the heap, as the published C++ server does
    #[arg(long)]
    pub heap: bool,

    /// Length of each ring's submission queue
    #[arg(long, value_name = "N", default_value_t = Config::default().queue_depth,
          value_parser = clap::value_parser!(u32).range(1..=32_768))]
    pub queue_depth: u32,

    /// Operations each worker has room for from the start
    #[arg(long, value_name = "N", default_value_t = Config::default().op_slots)]
    pub op_slots: usize,

    /// Receive buffers that a worker's connections share, a power of two
    #[arg(long, value_name = "N", default_value_t = Config::default().buffers)]
    pub buffers: u16,

    /// Connections a worker has at most, beyond which they wait in the accept queue [default: as
    /// many as there is room for in the ring's table, or in the process's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: Option<u32>,

    /// Seconds after which a connection without a request is closed; 0 for never, as the Tokio
    /// server has no such time-out (nginx has 75)
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub idle_timeout_s: u32,

    /// Seconds in which a request's head must come, from its first byte; 0 for any time, as the
    /// Tokio server has no such time-out (nginx has 60, hyper 30)
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub head_timeout_s: u32,

    /// Seconds in which a request's body must come, from the end of its head; 0 for any time as long
    /// as the connection is not idle (nginx and the Tokio server have no such time-out)
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub body_timeout_s: u32,

    /// Length of a receive buffer in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Config::default().buffer_bytes,
          value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub buffer_bytes: u32,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriverArg {
    Uring,
    Epoll,
    Auto,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    Single,
    PerWorker,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingFd {
    Registered,
    Plain,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpsArg {
    OneShot,
    Multishot,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    Single,
    Shared,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskRunArg {
    Interrupt,
    Cooperative,
    Deferred,
}

impl Args {
    /// The runtime's configuration, on the given driver.
    pub fn config(&self, driver: DriverKind) -> Config {
        Config {
            driver,
            queue_depth: self.queue_depth,
            op_slots: self.op_slots,
            task_run: match self.task_run {
                TaskRunArg::Interrupt => TaskRun::Interrupt,
                TaskRunArg::Cooperative => TaskRun::Cooperative,
                TaskRunArg::Deferred => TaskRun::Deferred,
            },
            ops: match self.ops {
                OpsArg::OneShot => Ops::OneShot,
                OpsArg::Multishot => Ops::Multishot,
            },
            descriptors: self.descriptors,
            max_connections: self.max_connections,
            registered_ring: self.ring_fd == RingFd::Registered,
            single_issuer: self.issuer == Issuer::Single,
            no_sqarray: self.no_sqarray,
            sqpoll_idle: self
                .sqpoll_idle_ms
                .map(|ms| Duration::from_millis(ms.into())),
            min_wait: self
                .min_wait_us
                .zip(self.wait_for)
                .map(|(us, completions)| MinWait { us, completions }),
            spin: Duration::from_micros(self.spin_us.into()),
            napi_busy_poll_us: self.napi_busy_poll_us,
            buffers: self.buffers,
            buffer_bytes: self.buffer_bytes,
            cpus: self.common.cpus.0.clone(),
        }
    }

    /// What the start line names as features: those in effect with the runtime's configuration and
    /// the listeners'.
    pub fn features(&self, config: &Config, balance: Option<Balance>) -> Vec<String> {
        let accept = match self.accept {
            Accept::Single => "accept-single",
            Accept::PerWorker => "accept-per-worker",
        };
        let mut features = vec![accept];
        features.extend(balance.map(Balance::feature));
        features.push("tcp-nodelay");
        match (config.driver, config.ops) {
            (DriverKind::Epoll, Ops::OneShot) => {
                features.extend(["edge-triggered", "own-buffers"]);
            }
            (DriverKind::Epoll, Ops::Multishot) => {
                features.extend(["edge-triggered", "shared-buffers"]);
            }
            (DriverKind::Uring, Ops::OneShot) => {
                features.extend(["oneshot-accept", "oneshot-recv", "own-buffers"]);
            }
            (DriverKind::Uring, Ops::Multishot) => {
                // A worker that is running has a limit that could be read.
                let multishot = config.multishot_accept().unwrap_or_default();
                let accepting = if multishot {
                    "multishot-accept"
                } else {
                    "oneshot-accept"
                };
                features.extend([accepting, "multishot-recv", "buffer-ring"]);
            }
        }
        let uring = config.driver == DriverKind::Uring;
        let flags = [
            ("direct-descriptors", config.direct_descriptors()),
            ("registered-ring", uring && config.registered_ring),
            ("no-parse", self.common.no_parse),
            ("heap", self.heap),
        ];
        features.extend(
            flags
                .into_iter()
                .filter_map(|(name, on)| on.then_some(name)),
        );
        let features = features.into_iter().map(str::to_owned);
        let body = self.common.body_feature();
        features.chain(self.sizes(config)).chain(body).collect()
    }

    /// Sizes and limits that are not the default ones.
    fn sizes(&self, config: &Config) -> impl Iterator<Item = String> {
        let default = Config::default();
        let uring = config.driver == DriverKind::Uring;
        let op_slots = u32::try_from(config.op_slots).unwrap_or(u32::MAX);
        let sizes = [
            (
                "queue-depth",
                config.queue_depth,
                uring && config.queue_depth != default.queue_depth,
            ),
            ("op-slots", op_slots, config.op_slots != default.op_slots),
            (
                "buffers",
                config.buffers.into(),
                config.buffers != default.buffers,
            ),
            (
                "buffer-bytes",
                config.buffer_bytes,
                config.buffer_bytes != default.buffer_bytes,
            ),
            (
                "sqpoll-idle-ms",
                self.sqpoll_idle_ms.unwrap_or_default(),
                uring && self.sqpoll_idle_ms.is_some(),
            ),
            (
                "min-wait-us",
                self.min_wait_us.map_or(0, NonZeroU32::get),
                uring && config.min_wait.is_some(),
            ),
            (
                "wait-for",
                self.wait_for.map_or(0, NonZeroU32::get),
                uring && config.min_wait.is_some(),
            ),
            (
                "napi-busy-poll-us",
                self.napi_busy_poll_us.map_or(0, NonZeroU32::get),
                uring && self.napi_busy_poll_us.is_some(),
            ),
            ("spin-us", self.spin_us, self.spin_us > 0),
            (
                "max-connections",
                self.max_connections.unwrap_or_default(),
                self.max_connections.is_some(),
            ),
            (
                "idle-timeout-s",
                self.idle_timeout_s,
                self.idle_timeout_s > 0,
            ),
            (
                "head-timeout-s",
                self.head_timeout_s,
                self.head_timeout_s > 0,
            ),
            (
                "body-timeout-s",
                self.body_timeout_s,
                self.body_timeout_s > 0,
            ),
        ];
        sizes
            .into_iter()
            .filter(|(.., told)| *told)
            .map(|(name, value, _)| format!("{name}={value}"))
    }
}
