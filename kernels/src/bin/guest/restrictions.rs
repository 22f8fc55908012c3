//! What is tried: users, sysctls, seccomp filters, limits.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use conformance::confine::without_calls;
use kernels::{Outcome, judge_refusal};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::attempt::{Tried, attempt};

const DISABLED: &str = "/proc/sys/kernel/io_uring_disabled";

/// A check: a server under a restriction, and what it must do.
pub struct Check {
    pub name: String,
    command_line: String,
    ordinary: bool,
    restriction: Restriction,
    must: Must,
}

/// What the server may not do.
#[derive(Clone, Copy)]
enum Restriction {
    None,
    /// `kernel.io_uring_disabled`.
    Disabled(u8),
    /// A seccomp filter refuses these calls with this error.
    Seccomp(&'static [i64], i32),
    /// No byte of memory may be locked.
    Memlock,
}

/// What the server must do.
#[derive(Clone, Copy)]
enum Must {
    /// Serve, by the first driver that the kernel has all for.
    Serve,
    /// Serve by epoll, and say so: on the start line, and with this reason.
    FallBack(&'static str),
    /// Not serve, for this reason.
    Refuse(&'static str),
    /// Serve, or refuse as an arm does on an old kernel.
    ServeOrName,
    /// Serve, or refuse for this reason.
    ServeOr(&'static str),
    /// Serve on a loopback address.
    ServeOnLoopback,
    /// Serve with this word on the start line.
    ServeWith(&'static str),
}

/// The least of io_uring that kio-rs can be asked for, which the oldest kernel has too.
const LEAST: &str =
    "--ops one-shot --task-run interrupt --issuer shared --descriptors process --ring-fd plain";

/// The remedy where memory may not be locked, which counts before Linux 5.12.
const LOCKED: &str = "ulimit -l";

/// Every check, in the order of the table.
pub fn all() -> Vec<Check> {
    let mut all = Checks(Vec::new());
    all.plain();
    all.balance();
    all.disabled();
    all.filtered();
    all.locked();
    all.0
}

struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, name: &str, command_line: &str, restriction: Restriction, must: Must) {
        let line = if matches!(must, Must::ServeOnLoopback) {
            command_line.to_owned()
        } else {
            format!("{command_line} --listen 127.0.0.1:0 --workers 2")
        };
        self.0.push(Check {
            ordinary: name.contains("ordinary user"),
            name: name.to_owned(),
            command_line: line,
            restriction,
            must,
        });
    }

    fn plain(&mut self) {
        let none = Restriction::None;
        self.add("`--driver auto`", "kio-rs --driver auto", none, Must::Serve);
        for server in ["kio-rs --driver auto", "tokio-baseline", "epoll-floor"] {
            let name = format!("`{server}` as an ordinary user");
            self.add(&name, server, none, Must::Serve);
        }
        for server in ["kio-rs", "uring-floor"] {
            let name = format!("`{server}` as an ordinary user");
            self.add(&name, server, none, Must::ServeOrName);
        }
        for server in ["kio-rs", "uring-floor"] {
            let command = format!("{server} --descriptors direct");
            let name = format!("`{command}`");
            self.add(&name, &command, none, Must::ServeOrName);
        }
        for server in ["kio-rs --driver auto", "tokio-baseline", "epoll-floor"] {
            let name = format!("`{server}` without `--listen` is on loopback");
            self.add(&name, server, none, Must::ServeOnLoopback);
        }
    }

    fn balance(&mut self) {
        let none = Restriction::None;
        let turns = "kio-rs --driver epoll --balance turns";
        self.add("`--balance turns`", turns, none, Must::ServeOrName);
        self.add(
            "`--balance turns` as an ordinary user",
            turns,
            none,
            Must::Refuse("CAP_BPF"),
        );
        self.add(
            "`--balance auto` as an ordinary user",
            "kio-rs --driver epoll --balance auto",
            none,
            Must::ServeWith("balance-hash"),
        );
    }

    fn disabled(&mut self) {
        for (level, who, reason) in [
            (1, " as an ordinary user", "kernel.io_uring_disabled=1"),
            (2, " as root", "kernel.io_uring_disabled=2"),
        ] {
            let restriction = Restriction::Disabled(level);
            let what = format!("{who} with `{reason}`");
            for server in ["kio-rs", "uring-floor"] {
                let name = format!("`{server}`{what}");
                self.add(&name, server, restriction, Must::Refuse(reason));
            }
            let name = format!("`--driver auto`{what}");
            self.add(
                &name,
                "kio-rs --driver auto",
                restriction,
                Must::FallBack(reason),
            );
        }
        self.add(
            "`kio-rs` as root with `kernel.io_uring_disabled=1`",
            "kio-rs",
            Restriction::Disabled(1),
            Must::ServeOrName,
        );
    }

    fn filtered(&mut self) {
        const SETUP: &[i64] = &[libc::SYS_io_uring_setup];
        const ALL: &[i64] = &[
            libc::SYS_io_uring_setup,
            libc::SYS_io_uring_register,
            libc::SYS_io_uring_enter,
        ];
        const ENTER: &[i64] = &[libc::SYS_io_uring_enter];
        const REGISTER: &[i64] = &[libc::SYS_io_uring_register];
        let cases = [
            ("all of io_uring with EPERM", ALL, libc::EPERM),
            ("`io_uring_setup` with EPERM", SETUP, libc::EPERM),
            ("`io_uring_setup` with ENOSYS", SETUP, libc::ENOSYS),
        ];
        for (calls, list, error) in cases {
            let restriction = Restriction::Seccomp(list, error);
            for server in ["kio-rs", "uring-floor"] {
                let name = format!("`{server}`, seccomp refuses {calls}");
                self.add(&name, server, restriction, Must::Refuse("a seccomp filter"));
            }
            let name = format!("`--driver auto`, seccomp refuses {calls}");
            let must = Must::FallBack("a seccomp filter");
            self.add(&name, "kio-rs --driver auto", restriction, must);
        }
        for (call, list) in [("io_uring_register", REGISTER), ("io_uring_enter", ENTER)] {
            let name = format!("`--driver auto`, seccomp refuses `{call}` with EPERM");
            let restriction = Restriction::Seccomp(list, libc::EPERM);
            self.add(
                &name,
                "kio-rs --driver auto",
                restriction,
                Must::FallBack(""),
            );
        }
    }

    fn locked(&mut self) {
        const WHO: &str = "as an ordinary user who may lock no memory";
        let least = format!("kio-rs {LEAST}");
        for (name, server, must) in [
            ("`kio-rs`", "kio-rs", Must::ServeOrName),
            (
                "`kio-rs` with the least of io_uring",
                &*least,
                Must::ServeOr(LOCKED),
            ),
            ("`--driver auto`", "kio-rs --driver auto", Must::Serve),
        ] {
            self.add(&format!("{name} {WHO}"), server, Restriction::Memlock, must);
        }
        // A stand-in for the kernels that count a ring as locked memory.
        let restriction = Restriction::Seccomp(&[libc::SYS_io_uring_setup], libc::ENOMEM);
        for (name, server, must) in [
            ("`kio-rs`", "kio-rs", Must::Refuse(LOCKED)),
            (
                "`--driver auto`",
                "kio-rs --driver auto",
                Must::FallBack(LOCKED),
            ),
        ] {
            let name = format!("{name}, `io_uring_setup` ends with ENOMEM");
            self.add(&name, server, restriction, must);
        }
    }
}

impl Check {
    /// Runs it on the kernel of that release.
    pub fn run(&self, release: &str) -> Outcome {
        match self.restricted() {
            Ok(Some(tried)) => self.judge(tried, release),
            Ok(None) => Outcome::Absent {
                why: "no such setting".to_owned(),
            },
            Err(error) => Outcome::failed(format!("{error:#}")),
        }
    }

    /// What came of the server under the restriction; nothing when the kernel has no such.
    fn restricted(&self) -> Result<Option<Tried>> {
        let act = || attempt(&self.command_line, self.ordinary);
        match self.restriction {
            Restriction::None => act().map(Some),
            Restriction::Disabled(_) if !Path::new(DISABLED).exists() => Ok(None),
            Restriction::Disabled(level) => {
                fs::write(DISABLED, level.to_string()).context("cannot disable io_uring")?;
                let tried = act();
                // 2 is not for good, whatever other settings of the kernel are like.
                fs::write(DISABLED, "0").context("cannot enable io_uring again")?;
                tried.map(Some)
            }
            Restriction::Seccomp(calls, error) => {
                without_calls(calls, error.unsigned_abs(), act)?.map(Some)
            }
            Restriction::Memlock => {
                let (soft, hard) = getrlimit(Resource::RLIMIT_MEMLOCK)?;
                setrlimit(Resource::RLIMIT_MEMLOCK, 0, 0)?;
                let tried = act();
                setrlimit(Resource::RLIMIT_MEMLOCK, soft, hard)?;
                tried.map(Some)
            }
        }
    }

    fn judge(&self, tried: Tried, release: &str) -> Outcome {
        match tried {
            Tried::Served { start, said } => {
                let good = match self.must {
                    Must::Serve | Must::ServeOrName | Must::ServeOr(_) => true,
                    Must::FallBack(reason) => {
                        start.driver == "epoll"
                            && said.contains("falling back to epoll")
                            && said.contains(reason)
                    }
                    Must::Refuse(_) => false,
                    Must::ServeOnLoopback => start.address.ip().is_loopback(),
                    Must::ServeWith(word) => start.features.iter().any(|known| known == word),
                };
                if good {
                    let driver = start.driver;
                    Outcome::Served { driver }
                } else {
                    Outcome::failed(format!(
                        "it serves: {}, and says: {said}",
                        start.configuration()
                    ))
                }
            }
            Tried::Refused { said } => match self.must {
                Must::Refuse(reason) | Must::ServeOr(reason) if said.contains(reason) => {
                    Outcome::Refused {
                        cause: reason.to_owned(),
                        needs: String::new(),
                    }
                }
                Must::ServeOrName | Must::ServeOr(_) => judge_refusal(&said, release),
                _ => Outcome::failed(said),
            },
        }
    }
}
