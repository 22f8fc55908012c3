//! What a worker asks of the kernel.

use std::num::NonZeroU32;
use std::time::Duration;

use server_kit::{Descriptors, RECEIVE_BYTES};

/// How the kernel runs the work that completes an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskRun {
    /// By interrupting the worker wherever it is: the behaviour without a flag.
    Interrupt,
    /// At the worker's next entry into the kernel (`IORING_SETUP_COOP_TASKRUN`, Linux 5.19).
    Cooperative,
    /// Only when the worker asks for completions (`IORING_SETUP_DEFER_TASKRUN`, Linux 6.1).
    #[default]
    Deferred,
}

/// How sockets are accepted and read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ops {
    /// One submission, one completion, into the connection's own buffer. With epoll every
    /// connection has a buffer of its own likewise.
    OneShot,
    /// One submission, many completions (accept: Linux 5.19, receive: Linux 6.0), into buffers of
    /// a ring that the worker's connections share (Linux 5.19).
    #[default]
    Multishot,
}

/// What carries the requests of sockets to the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriverKind {
    /// io_uring: requests are given to the kernel, which tells when they are complete.
    #[default]
    Uring,
    /// epoll: system calls are made when sockets are ready. Of the settings of rings [`Config::ops`] alone has a
    /// meaning then: whose buffers are received into.
    Epoll,
}

/// How long a worker that sleeps waits for more than one completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinWait {
    /// So many microseconds at least, unless
    pub us: NonZeroU32,
    /// so many completions come before.
    pub completions: NonZeroU32,
}

/// Configuration of every worker of a [`crate::Runtime`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What carries requests to the kernel.
    pub driver: DriverKind,
    /// Length of the submission queue; the completion queue is four times as long, but at
    /// most 65 536. Rounded up to a power of two, at most 32 768.
    pub queue_depth: u32,
    /// Operations there is room for from the start; more are made room for as they come.
    pub op_slots: usize,
    /// How the kernel runs completion work.
    pub task_run: TaskRun,
    /// Only the worker's thread submits (`IORING_SETUP_SINGLE_ISSUER`, Linux 6.0).
    pub single_issuer: bool,
    /// How sockets are accepted and read.
    pub ops: Ops,
    /// Whether accepted sockets are entries of the ring's own table (Linux 5.19; only with 6.13 are they
    /// closed while others are waited for), whose length follows from [`Config::max_connections`], or
    /// of the process's. With [`Descriptors::Auto`] [`Config::direct_descriptors`] tells.
    pub descriptors: Descriptors,
    /// The accepted connections that a worker has at most, its listeners all together. With so
    /// many, listeners stop accepting until one closes: further connections wait in the accept
    /// queue of the kernel, with an answer yet to come, rather than being reset.
    ///
    /// `None` is what the table of direct descriptors has room for: the soft limit of open files,
    /// at most 65 536, less a few. Without such a table it is no limit: when the process has no
    /// descriptor left, [`crate::TcpListener::accept`] says so and the connections wait likewise.
    ///
    /// Within 5120 of the limit connections are accepted one at a time even with
    /// [`Ops::Multishot`], since a multishot accept takes all that wait before it can be stopped.
    ///
    /// Workers that share one listening socket have a limit each; a connection that the kernel has
    /// told a full worker of waits for that worker, or for the next connection.
    pub max_connections: Option<u32>,
    /// The ring is entered by an index of the thread's rather than by a file descriptor
    /// (`IORING_REGISTER_RING_FDS`, Linux 5.18).
    pub registered_ring: bool,
    /// The submission queue has no array of indices between (`IORING_SETUP_NO_SQARRAY`, Linux 6.6).
    pub no_sqarray: bool,
    /// A thread of the kernel takes submissions, so that submitting is no system call, and sleeps
    /// after having had nothing to do for so long (`IORING_SETUP_SQPOLL`). It runs on the worker's
    /// processor when the worker is pinned. It runs the completion work too: [`TaskRun::Interrupt`].
    pub sqpoll_idle: Option<Duration>,
    /// Sleeps gather completions (`io_uring_submit_and_wait_min_timeout`, Linux 6.12).
    pub min_wait: Option<MinWait>,
    /// How long a worker may look for events before it sleeps, where [`server_kit::AdaptiveSpin`] finds
    /// it worth the processor's time; zero for never. With both drivers.
    pub spin: Duration,
    /// The kernel polls the network devices of the ring's sockets for so many microseconds before it
    /// puts the worker to sleep (`IORING_REGISTER_NAPI`, Linux 6.9). Loopback has no such device.
    pub napi_busy_poll_us: Option<NonZeroU32>,
    /// Buffers in the worker's buffer ring, a power of two, at most 32 768.
    pub buffers: u16,
    /// Length of each buffer, and of a connection's own one.
    pub buffer_bytes: u32,
    /// Processors to pin the workers to, gone round in turn; empty for no pinning.
    pub cpus: Vec<usize>,
}

impl Config {
    /// Whether accepted sockets are entries of the ring's own table, with this driver on this kernel.
    #[must_use]
    pub fn direct_descriptors(&self) -> bool {
        self.driver == DriverKind::Uring && self.descriptors.are_direct()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            driver: DriverKind::default(),
            queue_depth: 1024,
            op_slots: 1024,
            task_run: TaskRun::default(),
            single_issuer: true,
            ops: Ops::default(),
            descriptors: Descriptors::default(),
            max_connections: None,
            registered_ring: true,
            no_sqarray: false,
            sqpoll_idle: None,
            min_wait: None,
            spin: Duration::ZERO,
            napi_busy_poll_us: None,
            buffers: 256,
            buffer_bytes: RECEIVE_BYTES,
            cpus: Vec::new(),
        }
    }
}
