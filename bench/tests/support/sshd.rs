//! An sshd of the test's own, in a network namespace where the kernel allows one.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use procfs::process::all_processes;
use tempfile::TempDir;

use super::real::{bench, wait_for};

const SSHD: &str = "/usr/sbin/sshd";
const DEVICE: &str = "kio-there";

/// A running sshd with a key for this user, in a folder of its own. Dropping it ends it and all that it
/// has started.
pub struct Sshd {
    folder: TempDir,
    process: Child,
    address: String,
    port: u16,
    /// Whether it has a network namespace of its own.
    pub apart: bool,
}

impl Sshd {
    /// Nothing where there is no sshd, which is said aloud.
    pub fn start() -> Option<Self> {
        if !Path::new(SSHD).exists() {
            eprintln!(
                "skipped: {SSHD} is missing; install it with `apt-get install openssh-server`"
            );
            return None;
        }
        if has_one_user() {
            eprintln!(
                "skipped: sshd gives up root for another user, and there is none in this user namespace"
            );
            return None;
        }
        // Both are what a system's own start script makes.
        let _ = fs::create_dir("/run/sshd");
        let folder = tempfile::tempdir().unwrap();
        for key in ["host", "user"] {
            let path = folder.path().join(key);
            run(Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(path));
        }
        let port = free_port();
        configure(folder.path(), port);
        let apart = namespaces_are_allowed();
        if !apart {
            eprintln!(
                "not tested: a server in another network namespace, which the kernel refuses"
            );
        }
        let mut command = Command::new(if apart { "unshare" } else { SSHD });
        if apart {
            command.args(["-n", SSHD]);
        }
        let log = File::create(folder.path().join("log")).unwrap();
        command
            .args(["-D", "-e", "-f"])
            .arg(folder.path().join("sshd_config"));
        let process = command.stdin(Stdio::null()).stderr(log).spawn().unwrap();
        let mut sshd = Self {
            folder,
            process,
            address: "127.0.0.1".to_owned(),
            port,
            apart,
        };
        if apart {
            sshd.join();
        }
        sshd.trust();
        Some(sshd)
    }

    /// Joins its namespace with the test's. The devices end with it.
    fn join(&mut self) {
        let pid = self.process.id().to_string();
        let own = fs::read_link("/proc/self/ns/net").unwrap();
        let theirs = format!("/proc/{pid}/ns/net");
        wait_for("its namespace", || {
            fs::read_link(&theirs).is_ok_and(|link| link != own)
        });
        let id = self.process.id();
        let net = |host: u32| format!("198.19.{}.{}", (id >> 6) & 255, (id & 63) * 4 + host);
        let near = format!("kio{id}");
        let ip = |words: &[&str]| run(Command::new("ip").args(words));
        let there = |words: &[&str]| {
            run(Command::new("nsenter")
                .args(["-t", &pid, "-n", "ip"])
                .args(words));
        };
        ip(&[
            "link", "add", &near, "type", "veth", "peer", "name", DEVICE, "netns", &pid,
        ]);
        ip(&["address", "add", &format!("{}/30", net(1)), "dev", &near]);
        ip(&["link", "set", &near, "up"]);
        there(&["address", "add", &format!("{}/30", net(2)), "dev", DEVICE]);
        there(&["link", "set", DEVICE, "up"]);
        there(&["link", "set", "lo", "up"]);
        self.address = net(2);
    }

    /// Notes its key, so that nobody is asked.
    fn trust(&self) {
        let path = self.folder.path();
        let key = fs::read_to_string(path.join("host.pub")).unwrap();
        let known = format!("[{}]:{} {key}", self.address, self.port);
        fs::write(path.join("known_hosts"), known).unwrap();
        let wait = || {
            let mut ssh = Command::new("ssh");
            ssh.arg("-F").arg(path.join("ssh_config"));
            ssh.args(["-o", "ConnectTimeout=10"]);
            let port = self.port.to_string();
            ssh.args(["-p", &port, &self.address, "true"]);
            ssh.stdin(Stdio::null()).stderr(Stdio::null());
            ssh.status().unwrap().success()
        };
        wait_for(
            &format!("an answer of sshd (its log is {}/log)", path.display()),
            wait,
        );
    }

    /// `bench` that reaches it, in `directory`; the host is added to the arguments.
    pub fn bench(&self, directory: &Path, arguments: &[&str]) -> Command {
        let host = format!("ssh://{}:{}", self.address, self.port);
        let mut command = bench(directory, &[arguments, &["--host", &host]].concat());
        let config = self.folder.path().join("ssh_config");
        command.env("KIO_SSH_OPTIONS", format!("-F {}", config.display()));
        command
    }

    /// Where the binaries are kept there.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("cache/kio-bench")
    }

    /// The processes that run one of those binaries.
    pub fn running(&self) -> Vec<i32> {
        let store = self.store();
        let runs_it = |process: &procfs::process::Process| {
            process.exe().is_ok_and(|exe| exe.starts_with(&store))
        };
        let all = all_processes().unwrap().flatten().filter(runs_it);
        all.map(|process| process.pid).collect()
    }

    /// The processes of its sessions.
    pub fn sessions(&self) -> Vec<i32> {
        super::real::children(self.process.id())
    }

    /// Ends it, and its sessions.
    pub fn end(&mut self) {
        let sessions = self.sessions();
        let _ = self.process.kill();
        let _ = self.process.wait();
        for pid in sessions {
            kill(pid);
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether this is a user namespace of a single user, as a private Nix store builds in.
fn has_one_user() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap();
    let lengths = map
        .lines()
        .filter_map(|line| line.split_whitespace().last());
    lengths
        .map(|length| length.parse::<u64>().unwrap())
        .sum::<u64>()
        < 2
}

/// Whether the kernel lets a test make network namespaces and join them.
fn namespaces_are_allowed() -> bool {
    let pair = [
        "link", "add", "kio0", "type", "veth", "peer", "name", "kio1",
    ];
    let made = Command::new("unshare")
        .args(["-n", "ip"])
        .args(pair)
        .output();
    made.is_ok_and(|output| output.status.success())
}

/// Whether it does not, which is said: the test then shows nothing.
pub fn namespaces_are_refused() -> bool {
    let refused = !namespaces_are_allowed();
    if refused {
        eprintln!(
            "skipped: the kernel refuses network namespaces, or `ip` is missing (needs root, iproute2)"
        );
    }
    refused
}

/// Kills a process of the test's own.
pub fn kill(pid: i32) {
    let pid = nix::unistd::Pid::from_raw(pid);
    let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
}

/// A port that nobody listens on once this has returned.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn configure(folder: &Path, port: u16) {
    fs::copy(folder.join("user.pub"), folder.join("authorized_keys")).unwrap();
    let place = folder.display();
    let server = format!(
        "ListenAddress 0.0.0.0:{port}\nHostKey {place}/host\nAuthorizedKeysFile {place}/authorized_keys\n\
         PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n\
         SetEnv XDG_CACHE_HOME={place}/cache\n"
    );
    fs::write(folder.join("sshd_config"), server).unwrap();
    let client = format!(
        "IdentityFile {place}/user\nIdentitiesOnly yes\nUserKnownHostsFile {place}/known_hosts\n\
         StrictHostKeyChecking yes\n"
    );
    fs::write(folder.join("ssh_config"), client).unwrap();
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {message}");
}
