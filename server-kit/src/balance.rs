//! Which listener of a `SO_REUSEPORT` group gets a new connection.
//!
//! The kernel's own choice is a hash of both ends' addresses and ports: each connection falls on a
//! listener at random, so that a few dozen connections over eight workers pile up on some of them,
//! and the worker with the most is full while others idle. A BPF program on the group can do
//! better. What it may go by:
//!
//! - *The processor* that handles the packet (`SKF_AD_CPU`) keeps a connection on the processor that
//!   the network card chose for it. It needs a worker a processor and a card with as many queues,
//!   balances no better than the card's own hash, and over loopback it is the client's processor.
//! - *A random number* (`SKF_AD_RANDOM`) piles up as the hash does.
//! - *The client's port.* Linux used to hand ports out in steps of two, so that the port told
//!   connections apart in order. Since 5.18 each step is a random one of eight, for privacy: the
//!   port modulo eight is as good as a hash. No other field of a client's first packet counts on.
//! - *A count of the connections so far*, modulo the listeners: each takes its turn, exactly, for
//!   whichever clients, ports and address family. Classic BPF has no memory; eBPF has maps. This is
//!   [`Balance::Turns`].
//!
//! The program is called for each first packet of a connection, never for data. Listeners count in
//! the order in which they began to listen, which is that of the workers. When one closes, the last
//! takes its place in the group; the number that is then too large makes the kernel choose by its
//! hash. Packets that belong to no connection (a late reset, the last packet of a handshake under SYN
//! cookies) take a turn as well, which does no harm while they are few.

use std::ffi::{c_int, c_long, c_uint};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use anyhow::{Error, Result};
use clap::ValueEnum;
use socket2::Socket;

use crate::refusal::kernel_release;

/// How new connections are shared out among the workers' listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Balance {
    /// By the kernel's hash of addresses and ports
    Hash,
    /// Each listener in turn, by a BPF program (Linux 5.12, 5.18 on 64-bit ARM; CAP_BPF)
    Turns,
    /// In turn where the kernel allows it; else by its hash, which is said on standard error
    Auto,
}

impl Balance {
    /// Its word on the start line.
    pub fn feature(self) -> &'static str {
        match self {
            Self::Hash => "balance-hash",
            Self::Turns => "balance-turns",
            Self::Auto => "balance-auto",
        }
    }
}

/// Has the kernel give new connections to the listeners in turn. They are the whole group, and
/// listen already.
pub(crate) fn take_turns(listeners: &[Socket]) -> Result<()> {
    let attach = || {
        let count = u32::try_from(listeners.len()).map_err(io::Error::other)?;
        let turns = make_map()?;
        let program = load(&program(&turns, count))?;
        // One attachment is for all of the group, which keeps the program, and that the map.
        listeners
            .first()
            .map_or(Ok(()), |listener| attach(listener, &program))
    };
    attach().map_err(|source| {
        let context = explanation(source.kind());
        Error::new(source).context(context)
    })
}

fn explanation(kind: io::ErrorKind) -> String {
    let cause = match kind {
        io::ErrorKind::PermissionDenied => "it takes the capability CAP_BPF (be root, or \
             `setcap cap_bpf+ep` the server; in a container, allow bpf(2) as well)"
            .to_owned(),
        _ => format!(
            "sharing connections out in turn needs Linux {NEEDS}; this is {}",
            kernel_release()
        ),
    };
    format!(
        "the kernel refuses to share connections out in turn: {cause}; --balance hash does without"
    )
}

/// The release that brought the program's atomic addition.
const NEEDS: &str = if cfg!(target_arch = "aarch64") {
    "5.18"
} else {
    "5.12"
};

/// One instruction of eBPF, as in `linux/bpf.h`; the numbers are those of that file.
#[repr(C)]
struct Instruction {
    operation: u8,
    /// The target in the lower half, the source in the upper.
    registers: u8,
    offset: i16,
    immediate: i32,
}

impl Instruction {
    const fn new(operation: u8, registers: u8, immediate: i32) -> Self {
        Self {
            operation,
            registers,
            offset: 0,
            immediate,
        }
    }
}

/// `return atomic_fetch_add(&map[0], 1) % listeners`
fn program(map: &OwnedFd, listeners: u32) -> [Instruction; 6] {
    const LOAD_64: u8 = 0x18;
    const MAP_VALUE: u8 = 2 << 4;
    const MOVE: u8 = 0xb7;
    const ATOMIC_32: u8 = 0xc3;
    const ADD_AND_FETCH: i32 = 0x01;
    const MODULO_32: u8 = 0x94;
    const EXIT: u8 = 0x95;
    [
        Instruction::new(LOAD_64, 1 | MAP_VALUE, map.as_raw_fd()),
        Instruction::new(0, 0, 0), // the second half of the address
        Instruction::new(MOVE, 0, 1),
        Instruction::new(ATOMIC_32, 1, ADD_AND_FETCH),
        Instruction::new(MODULO_32, 0, listeners.cast_signed()),
        Instruction::new(EXIT, 0, 0),
    ]
}

/// The array of one number that the program counts in.
fn make_map() -> io::Result<OwnedFd> {
    const MAP_CREATE: c_int = 0;
    const ARRAY: u32 = 2;
    #[repr(C)]
    struct MapCreate {
        kind: u32,
        key_bytes: u32,
        value_bytes: u32,
        entries: u32,
    }
    let mut create = MapCreate {
        kind: ARRAY,
        key_bytes: 4,
        value_bytes: 4,
        entries: 1,
    };
    // SAFETY: `create` is the start of this command's attributes and has no pointers.
    unsafe { bpf(MAP_CREATE, &mut create) }
}

fn load(instructions: &[Instruction]) -> io::Result<OwnedFd> {
    const PROG_LOAD: c_int = 5;
    const SOCKET_FILTER: u32 = 1;
    #[repr(C)]
    struct ProgLoad {
        kind: u32,
        count: u32,
        instructions: u64,
        license: u64,
    }
    let mut load = ProgLoad {
        kind: SOCKET_FILTER,
        count: u32::try_from(instructions.len()).map_err(io::Error::other)?,
        instructions: instructions.as_ptr().addr() as u64,
        license: c"Dual MIT/GPL".as_ptr().addr() as u64,
    };
    // SAFETY: `load` is the start of this command's attributes; its pointers are to `count`
    // instructions and to a string that ends, both alive during the call.
    unsafe { bpf(PROG_LOAD, &mut load) }
}

/// Calls bpf(2) for a command that makes a file.
///
/// # Safety
/// `attributes` must be the command's, with pointers that are valid during the call.
unsafe fn bpf<T>(command: c_int, attributes: &mut T) -> io::Result<OwnedFd> {
    let bytes = size_of::<T>() as c_uint;
    let attributes: *mut T = attributes;
    // SAFETY: the attributes are as many bytes, and otherwise as the caller promised.
    let made = unsafe { libc::syscall(libc::SYS_bpf, c_long::from(command), attributes, bytes) };
    let file = RawFd::try_from(made).map_err(io::Error::other)?;
    if file < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the file was just made, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(file) })
}

fn attach(listener: &Socket, program: &OwnedFd) -> io::Result<()> {
    let program = program.as_raw_fd();
    let value: *const RawFd = &raw const program;
    // SAFETY: `value` points to as many bytes as are said.
    let result = unsafe {
        libc::setsockopt(
            listener.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_REUSEPORT_EBPF,
            value.cast(),
            size_of::<RawFd>() as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
