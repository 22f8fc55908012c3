//! A network namespace that ends with whoever uses it.
//!
//! It has no name: the kernel removes it, and the devices in it, when the last process in it has ended
//! and nobody holds it open, `kill -9` of the harness included.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow};
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};

/// A network namespace, held open.
#[derive(Clone, Debug)]
pub struct Namespace(Arc<File>);

/// The namespace of the thread that looks.
const OWN: &str = "/proc/thread-self/ns/net";

impl Namespace {
    /// A new one, in which there is nothing but a loopback device that is down.
    ///
    /// # Errors
    /// When the kernel refuses; the message says what is needed.
    pub fn new() -> Result<Self> {
        // A thread of its own, which takes nothing else with it into the namespace.
        let made = thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            File::open(OWN)
        });
        let made = made.join().map_err(|_| anyhow!("a thread panicked"))?;
        made.map(|file| Self(Arc::new(file)))
            .map_err(|error| explain(&error))
    }

    /// Moves the calling thread, and what it starts from now on, into the namespace. Between fork and
    /// exec this is safe.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn enter(&self) -> nix::Result<()> {
        setns(&*self.0, CloneFlags::CLONE_NEWNET)
    }

    /// Does something inside, on a thread of its own.
    ///
    /// # Errors
    /// When that fails, or the kernel refuses.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                self.enter().context("cannot enter a network namespace")?;
                work()
            });
            inside.join().map_err(|_| anyhow!("a thread panicked"))?
        })
    }

    /// A path by which another process can open it while this one lives.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/fd/{}", process::id(), self.0.as_raw_fd()))
    }
}

fn explain(error: &io::Error) -> anyhow::Error {
    let denied = [Errno::EPERM, Errno::EACCES]
        .iter()
        .any(|errno| error.raw_os_error() == Some(*errno as i32));
    if denied {
        return anyhow!(
            "the kernel refuses to make a network namespace ({error}): --host netns needs root; in a container \
             also the capability SYS_ADMIN (`docker run --cap-add SYS_ADMIN --cap-add NET_ADMIN`); run as root, or \
             use --host local"
        );
    }
    anyhow!(
        "cannot make a network namespace ({error}); --host netns needs a kernel with CONFIG_NET_NS: use --host local"
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_refusal_says_what_is_needed() {
        let denied = explain(&Errno::EPERM.into()).to_string();
        assert!(denied.contains("needs root") && denied.contains("--host local"));
        let missing = explain(&Errno::EINVAL.into()).to_string();
        assert!(missing.contains("CONFIG_NET_NS"));
    }

    #[test]
    fn only_the_work_is_inside() {
        let own = fs::read_link(OWN).unwrap();
        let namespace = match Namespace::new() {
            Ok(namespace) => namespace,
            Err(error) => {
                eprintln!("skipped: {error:#}");
                return;
            }
        };
        let inside = namespace.inside(|| Ok(fs::read_link(OWN)?)).unwrap();
        assert_ne!(inside, own);
        assert_eq!(fs::read_link(OWN).unwrap(), own);
        assert!(File::open(namespace.path()).is_ok());
    }
}
