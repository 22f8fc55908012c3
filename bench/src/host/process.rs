//! Child processes that never outlive the harness.
//!
//! Each child is killed by the kernel when the thread that started it ends, `kill -9` included, so
//! children are started from the main thread only. Each leads a process group, so that Ctrl-C in a
//! terminal reaches the harness alone and that ending a child ends what it started. After `kill -9`
//! of the harness, what a child itself has started is the child's to end: the study's servers start
//! nothing.
#![allow(
    unsafe_code,
    reason = "std offers no other way to run code in the child before exec"
)]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::{Pid, getpid, getppid};
use records::Scheduling;

use super::namespace::Namespace;
use crate::processors::confine;

/// Where and how a child runs.
#[derive(Clone, Debug, Default)]
pub struct Confinement {
    /// Its processors; none leave it free.
    pub cpus: Vec<u32>,
    /// Its scheduling policy.
    pub scheduling: Scheduling,
    /// Its network namespace, when that is not the starting thread's.
    pub namespace: Option<Namespace>,
}

/// A running child. Dropping it kills it and all of its process group.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `command` with a scheduling policy, confined to `cpus`; no processors leave it free.
    pub fn start(command: &mut Command, cpus: &[u32], scheduling: Scheduling) -> io::Result<Self> {
        let confinement = Confinement {
            cpus: cpus.to_vec(),
            scheduling,
            namespace: None,
        };
        Self::start_confined(command, confinement)
    }

    /// Starts `command` as `confinement` says.
    pub fn start_confined(command: &mut Command, confinement: Confinement) -> io::Result<Self> {
        let parent = getpid();
        let prepare = move || {
            set_pdeathsig(Signal::SIGKILL)?;
            if getppid() != parent {
                // The harness ended before the line above: nobody is left to be killed with.
                return Err(Errno::ESRCH.into());
            }
            if let Some(namespace) = &confinement.namespace {
                namespace.enter()?;
            }
            confine(&confinement.cpus)?;
            schedule(confinement.scheduling)?;
            keep_files();
            Ok(())
        };
        command.process_group(0);
        // SAFETY: between fork and exec the closure makes a few system calls on values it owns. It
        // neither allocates nor takes a lock, so it is sound whatever other threads were doing.
        unsafe { command.pre_exec(prepare) };
        Ok(Self {
            child: command.spawn()?,
        })
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Its standard input, once, when it is a pipe.
    pub fn take_input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Its standard output, once, when it is a pipe.
    pub fn take_output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Sends it a signal. One that has ended already is no error.
    pub fn signal(&self, signal: Signal) -> nix::Result<()> {
        match kill(self.pid(), signal) {
            Err(Errno::ESRCH) => Ok(()),
            result => result,
        }
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// How it ended, or nothing when it still runs at `deadline`.
    pub fn wait_until(&mut self, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || Instant::now() >= deadline {
                return Ok(status);
            }
            sleep(Duration::from_millis(1));
        }
    }
}

/// Has the files that this process itself inherited end with it: a load generator that may have 1024 has
/// them for its connections, whatever shell started the harness. Before Linux 5.11 they stay.
fn keep_files() {
    // SAFETY: it changes a flag of descriptors and touches no memory.
    unsafe {
        libc::close_range(
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC.cast_signed(),
        )
    };
}

/// Gives this process the policy, which what it starts inherits. `Other` is what every process has.
fn schedule(scheduling: Scheduling) -> nix::Result<()> {
    let policy = match scheduling {
        Scheduling::Other => return Ok(()),
        Scheduling::Batch => libc::SCHED_BATCH,
    };
    let no_priority = libc::sched_param { sched_priority: 0 };
    // SAFETY: the parameter is valid during the call, and 0 is the calling process.
    Errno::result(unsafe { libc::sched_setscheduler(0, policy, &raw const no_priority) }).map(drop)
}

impl Drop for Process {
    fn drop(&mut self) {
        // Errors say that nothing is left to end. The group is killed even when its leader has
        // ended, since what the leader started may still run.
        let _ = killpg(self.pid(), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use procfs::process::Process as Proc;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        command
    }

    #[test]
    fn a_child_is_confined_and_ends_with_its_group() {
        let cpu = crate::processors::available().unwrap()[0];
        let mut process = Process::start(
            shell("sleep 60 & echo $!; wait").stdout(Stdio::piped()),
            &[cpu],
            Scheduling::Other,
        )
        .unwrap();
        let mut line = String::new();
        let output = process.take_output().unwrap();
        io::BufRead::read_line(&mut io::BufReader::new(output), &mut line).unwrap();
        let grandchild: i32 = line.trim().parse().unwrap();
        let status = Proc::new(grandchild).unwrap().status().unwrap();
        assert_eq!(status.cpus_allowed_list.unwrap(), [(cpu, cpu)]);
        drop(process);
        let gone = || {
            Proc::new(grandchild)
                .and_then(|p| p.stat())
                .is_ok_and(|s| s.state != 'Z')
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while gone() && Instant::now() < deadline {
            sleep(Duration::from_millis(1));
        }
        assert!(!gone(), "the grandchild still runs");
    }

    #[test]
    fn a_child_and_what_it_starts_have_the_policy() {
        for (scheduling, policy) in [(Scheduling::Other, 0), (Scheduling::Batch, 3)] {
            let mut command = shell("sh -c 'echo $$; sleep 60' & wait");
            let command = command.stdout(Stdio::piped());
            let mut process = Process::start(command, &[], scheduling).unwrap();
            let mut line = String::new();
            let output = process.take_output().unwrap();
            io::BufRead::read_line(&mut io::BufReader::new(output), &mut line).unwrap();
            for pid in [process.pid().as_raw(), line.trim().parse().unwrap()] {
                let stat = Proc::new(pid).unwrap().stat().unwrap();
                assert_eq!(stat.policy, Some(policy));
            }
        }
    }

    #[test]
    fn a_child_that_cannot_start_is_an_error() {
        assert!(
            Process::start(
                &mut Command::new("/no/such/program"),
                &[],
                Scheduling::Other
            )
            .is_err()
        );
        assert!(Process::start(&mut shell("true"), &[1023], Scheduling::Other).is_err());
    }

    #[test]
    fn the_end_is_seen_and_waiting_is_bounded() {
        let mut process = Process::start(&mut shell("exit 3"), &[], Scheduling::Other).unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        let status = process.wait_until(deadline).unwrap().unwrap();
        assert_eq!(status.code(), Some(3));
        process.signal(Signal::SIGTERM).unwrap();
        let mut sleeper = Process::start(&mut shell("sleep 60"), &[], Scheduling::Other).unwrap();
        assert!(sleeper.wait_until(Instant::now()).unwrap().is_none());
    }
}
