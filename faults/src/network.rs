//! A network of its own, whose only link can be cut.

use std::fs;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use nix::sched::{CloneFlags, unshare};

/// So little room for what is to be sent that a few answers fill it.
const ROOM: (&str, &str) = ("/proc/sys/net/ipv4/tcp_wmem", "4096 4096 4096");

/// The loopback device of a network namespace that ends with what is done in it.
pub(crate) struct Link(());

impl Link {
    fn set(&self, state: &str) -> Result<()> {
        let mut ip = Command::new("ip");
        let status = ip.args(["link", "set", "lo", state]).status();
        let status = status.context("cannot run ip: is the package iproute2 installed?")?;
        ensure!(status.success(), "ip cannot set the link {state}");
        Ok(())
    }

    /// From now on nothing arrives.
    pub(crate) fn cut(&self) -> Result<()> {
        self.set("down")
    }

    /// All arrives again.
    pub(crate) fn mend(&self) -> Result<()> {
        self.set("up")
    }
}

/// Does something in a network namespace, on a thread of its own.
pub(crate) fn inside<T: Send>(act: impl FnOnce(&Link) -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).context("cannot make a network namespace")?;
            let link = Link(());
            link.mend()?;
            let (file, room) = ROOM;
            fs::write(file, room).with_context(|| format!("cannot set {file}"))?;
            act(&link)
        });
        let panicked = |_| anyhow!("a thread panicked");
        inside.join().map_err(panicked)?
    })
}

/// What is missing here. Whatever else goes wrong is a fault of what is tried.
pub(crate) fn obstacle() -> Option<String> {
    let unshared = thread::spawn(|| unshare(CloneFlags::CLONE_NEWNET)).join();
    if let Ok(Err(errno)) = unshared {
        return Some(format!(
            "no network namespace can be made: {errno} (needs root)"
        ));
    }
    let found = Command::new("ip").arg("-V").output();
    found
        .err()
        .map(|error| format!("cannot run ip: {error} (the package iproute2)"))
}
